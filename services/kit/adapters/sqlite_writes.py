"""Writes of a commit as SQL: one statement per shape of row."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.kit.adapters.pending_writes import Pending, stretches
from services.kit.adapters.sqlite_schema import Shape
from services.kit.documents import Write

Step = tuple[str, list[tuple[Any, ...]], bool]
"""Statement, its rows, and whether each row must meet exactly one stored row."""


def steps(shape: Shape, lane: int, writes: Sequence[Write]) -> list[Step]:
    """Return the statements to run in this order. Encodes all bodies: may run outside of the transaction."""
    made: list[Step] = []
    for stretch in stretches(writes):
        for name, rows in stretch.documents.items():
            _documents(shape, lane, name, rows, made)
        for name, of in stretch.sums.items():
            values = [(*key, lane, *deltas) for key, deltas in sorted(of.items()) if any(deltas)]
            if values:
                made.append((shape.counters[name].add, values, False))
        if (purge := stretch.purge) is not None:
            table = shape.collections.get(purge.name) or shape.counters[purge.name]
            made.append((table.purge(purge.column), [(lane, purge.value, purge.most)], False))
    return made


def apply(db: sqlite3.Connection, todo: Sequence[Step]) -> None:
    """Run the statements. Raises RuntimeError if a row said to be stored is not there."""
    for statement, rows, exact in todo:
        met = db.executemany(statement, rows).rowcount
        if exact and met != len(rows):
            raise RuntimeError(f"{len(rows) - met} of {len(rows)} rows to be changed are not stored: {statement}")


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
