"""Writes of a commit, made few: the last word on each document, one sum per counter key, one statement per shape."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from operator import add
from typing import Any

from services.kit.adapters.sqlite_schema import Shape
from services.kit.documents import Add, Delete, Purge, Put, Write

Pending = tuple[Any, frozenset[str] | None] | None
"""A document and its changed columns (None: all of them), or None: to be deleted."""
Step = tuple[str, list[tuple[Any, ...]], bool]
"""Statement, its rows, and whether each row must meet exactly one stored row."""


def steps(shape: Shape, lane: int, writes: Sequence[Write]) -> list[Step]:
    """Return the statements to run in this order. Encodes all bodies: may run outside of the transaction."""
    made: list[Step] = []
    documents: defaultdict[str, dict[str, Pending]] = defaultdict(dict)
    sums: defaultdict[str, dict[tuple[Any, ...], tuple[int, ...]]] = defaultdict(dict)
    for write in writes:
        if type(write) is Add:
            of = sums[write.counter]
            known = of.get(write.key)
            of[write.key] = write.deltas if known is None else tuple(map(add, known, write.deltas))
        elif type(write) is Put:
            rows = documents[write.collection]
            if write.id in rows:
                rows[write.id] = (write.document, _changed(rows[write.id], write))
            else:
                rows[write.id] = (write.document, write.changed)
        elif type(write) is Delete:
            documents[write.collection][write.id] = None
        elif type(write) is Purge:
            _flush(shape, lane, documents, sums, made)
            table = shape.collections.get(write.name) or shape.counters[write.name]
            made.append((table.purge(write.column), [(lane, write.value, write.most)], False))
    _flush(shape, lane, documents, sums, made)
    return made


def apply(db: sqlite3.Connection, todo: Sequence[Step]) -> None:
    """Run the statements. Raises RuntimeError if a row said to be stored is not there."""
    for statement, rows, exact in todo:
        met = db.executemany(statement, rows).rowcount
        if exact and met != len(rows):
            raise RuntimeError(f"{len(rows) - met} of {len(rows)} rows to be changed are not stored: {statement}")


def _changed(before: Pending, write: Put) -> frozenset[str] | None:
    if before is None:
        if write.changed is not None:
            raise RuntimeError(f"{write.collection} {write.id}: changed after it was deleted")
        return None
    if before[1] is None or write.changed is None:
        return None
    return before[1] | write.changed


def _flush(
    shape: Shape,
    lane: int,
    documents: defaultdict[str, dict[str, Pending]],
    sums: defaultdict[str, dict[tuple[Any, ...], tuple[int, ...]]],
    made: list[Step],
) -> None:
    for name, rows in documents.items():
        _documents(shape, lane, name, rows, made)
    for name, of in sums.items():
        values = [(*key, lane, *deltas) for key, deltas in sorted(of.items()) if any(deltas)]
        if values:
            made.append((shape.counters[name].add, values, False))
    documents.clear()
    sums.clear()


def _documents(shape: Shape, lane: int, name: str, rows: dict[str, Pending], made: list[Step]) -> None:
    table = shape.collections[name]
    grouped: defaultdict[frozenset[str] | None, list[tuple[Any, ...]]] = defaultdict(list)
    deleted: list[tuple[Any, ...]] = []
    for key in sorted(rows):  # neighbours share pages
        pending = rows[key]
        if pending is None:
            deleted.append((key, lane))
            continue
        document, changed = pending
        if changed is None:
            grouped[None].append(table.row(key, lane, document))
        else:
            grouped[changed].append(table.change(table.update(changed)[1], key, lane, document))
    if deleted:
        made.append((table.delete, deleted, False))
    for shape_of, of in grouped.items():
        made.append((table.upsert, of, False) if shape_of is None else (table.update(shape_of)[0], of, True))
