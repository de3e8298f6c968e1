"""What a group that was built anew has otherwise than the one that serves: told before the switch (DESIGN 5)."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

from services.kit.documents import LaneState
from services.kit.memory import MemoryContext
from services.kit.ports import Documents, Reader
from services.kit.projection import Projection
from services.kit.rebuild import Folded

_PAGE = 500
_EXAMPLES = 5
_NONE = object()


@dataclass
class Compared:
    """Two builds of a group. Only lanes that stand at the same events can be compared: under load others moved on."""

    of: int
    """Lanes that there are."""
    lanes: int = 0
    """Lanes that were compared."""
    rows: int = 0
    """Documents and sums that were compared; sums only if all lanes are."""
    different: int = 0
    """Those that differ, are lacking, or are too many in what serves."""
    examples: list[str] = field(default_factory=list)
    """The first of them: collection and id, or counter and key."""

    def note(self, what: str, *, same: bool) -> None:
        """Count one row."""
        self.rows += 1
        if not same:
            self.different += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(what)


async def compared(projection: Projection, folded: Folded, documents: Documents, group: str | None) -> Compared:
    """Compare what was folded with the versioned group `group`. One of another version, or none, has no lane that could
    be compared: its documents are others."""
    found = Compared(len(folded.lanes))
    if group is None or not projection.made(group):
        return found
    await documents.define(group, projection.collections, projection.counters)
    async with documents.snapshot() as reader:
        states = {state.lane: state for state in await reader.lanes(group)}
        for context in folded.lanes:
            if folded.stands_at(context.lane, states.get(context.lane, _never(context.lane)).positions):
                found.lanes += 1
                await _documents(projection, context, reader, group, found)
        if found.lanes == found.of:
            await _counters(projection, folded, reader, group, found)
    return found


def _never(lane: int) -> LaneState:
    return LaneState(lane, 0, "", {})


async def _documents(
    projection: Projection, context: MemoryContext, reader: Reader, group: str, found: Compared
) -> None:
    for collection in projection.collections:
        wanted = dict(context.documents[collection.name])
        cursor = None
        while True:
            page = await reader.find(group, collection.name, cursor=cursor, limit=_PAGE, lane=context.lane)
            for row in page.rows:
                found.note(f"{collection.name} {row.id}", same=wanted.pop(row.id, _NONE) == row.document)
            if (cursor := page.next) is None:
                break
        for id in wanted:
            found.note(f"{collection.name} {id}", same=False)


async def _counters(projection: Projection, folded: Folded, reader: Reader, group: str, found: Compared) -> None:
    for counter in projection.counters:
        wanted: dict[tuple[Any, ...], tuple[int, ...]] = {}
        for context in folded.lanes:
            for key, values in context.counters[counter.name].items():
                known = wanted.get(key)
                wanted[key] = values if known is None else tuple(map(operator.add, known, values))
        wanted = {key: values for key, values in wanted.items() if any(values)}
        for row in await reader.counters(group, counter.name, by=tuple(counter.keys)):
            key = tuple(row[name] for name in counter.keys)
            values = tuple(row[name] for name in counter.values)
            found.note(f"{counter.name} {key}", same=wanted.pop(key, None) == values)
        for key in wanted:
            found.note(f"{counter.name} {key}", same=False)
