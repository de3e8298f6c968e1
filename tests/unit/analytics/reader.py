"""The port Reader over folds in memory: enough for queries."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from services.analytics.queries.numbers import Numbers
from services.kit.context import matches, ordered
from services.kit.documents import Filter, LaneState, Page, Stored
from tests.support.memory import MemoryContext


class MemoryReader:
    """Lanes folded in memory, read as a store would be."""

    def __init__(self, *lanes: MemoryContext) -> None:
        self._lanes = lanes

    async def get(self, group: str, collection: str, id: str) -> list[Stored]:
        found = [(n, lane.documents[collection].get(id)) for n, lane in enumerate(self._lanes)]
        return [Stored(id, n, document) for n, document in found if document is not None]

    async def find(
        self, group: str, collection: str, where: Sequence[Filter] = (), sort: Sequence[tuple[str, bool]] = (), *,
        cursor: str | None = None, limit: int = 50, lane: int | None = None, columns: Sequence[str] = (),
    ) -> Page:  # fmt: skip
        rows = [
            (id, document)
            for of in self._lanes
            for id, document in of.documents[collection].items()
            if all(matches(f, document) for f in where)
        ]
        start = int(cursor or 0)
        page = ordered(rows, sort)[start : start + limit]
        more = str(start + limit) if start + limit < len(rows) else None
        return Page([Stored(id, 0, document) for id, document in page], more)

    async def counters(
        self, group: str, counter: str, where: Sequence[Filter] = (), by: Sequence[str] = (), *,
        sort: Sequence[str] = (), limit: int | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        shape = next(c for c in self._lanes[0].projection.counters if c.name == counter)
        found: dict[tuple[Any, ...], list[int]] = {}
        for lane in self._lanes:
            for key, values in lane.counters[counter].items():
                known = SimpleNamespace(**dict(zip(shape.keys, key, strict=True)))
                if all(matches(f, known) for f in where):
                    sums = found.setdefault(tuple(getattr(known, name) for name in by), [0] * len(values))
                    sums[:] = map(sum, zip(sums, values, strict=True))
        rows = [dict(zip((*by, *shape.values), (*key, *sums), strict=True)) for key, sums in found.items() if any(sums)]
        return sorted(rows, key=lambda row: tuple(row[name] for name in sort))[:limit]

    async def lanes(self, group: str) -> list[LaneState]:
        return [LaneState(n, 1, "log", {}) for n in range(len(self._lanes))]


async def numbers(*lanes: MemoryContext, now: int = 0, owners: tuple[str, ...] | None = None) -> Numbers:
    reader: Any = MemoryReader(*lanes)
    return await Numbers.open(reader, "analytics.1", now, owners=owners)
