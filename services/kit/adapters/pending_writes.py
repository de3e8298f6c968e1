"""Writes of a commit, made few: the last word on each document, one sum per counter key, between two purges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any

from services.kit.documents import Add, Delete, Purge, Put, Write

Pending = tuple[Any, frozenset[str] | None] | None
"""A document and its changed columns (None: all of them), or None: to be deleted."""


@dataclass(slots=True)
class Stretch:
    """What is to be stored before the purge, if there is one."""

    documents: defaultdict[str, dict[str, Pending]] = field(default_factory=lambda: defaultdict(dict))
    sums: defaultdict[str, dict[tuple[Any, ...], tuple[int, ...]]] = field(default_factory=lambda: defaultdict(dict))
    purge: Purge | None = None


def stretches(writes: Sequence[Write]) -> Iterator[Stretch]:
    """Yield the writes, merged, in an order that means the same. RuntimeError: a change of what is deleted."""
    now = Stretch()
    for write in writes:
        if type(write) is Add:
            of = now.sums[write.counter]
            known = of.get(write.key)
            of[write.key] = write.deltas if known is None else tuple(map(add, known, write.deltas))
        elif type(write) is Put:
            rows = now.documents[write.collection]
            if write.id in rows:
                rows[write.id] = (write.document, _changed(rows[write.id], write))
            else:
                rows[write.id] = (write.document, write.changed)
        elif type(write) is Delete:
            now.documents[write.collection][write.id] = None
        elif type(write) is Purge:
            now.purge = write
            yield now
            now = Stretch()
    yield now


def _changed(before: Pending, write: Put) -> frozenset[str] | None:
    if before is None:
        if write.changed is not None:
            raise RuntimeError(f"{write.collection} {write.id}: changed after it was deleted")
        return None
    if before[1] is None or write.changed is None:
        return None
    return before[1] | write.changed
