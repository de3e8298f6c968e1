"""The end of the log as a process sees it that shares the log with others: what came last in each lane (DESIGN 10)."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection

import structlog

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from contracts.registry import REFERENCE_TYPES
from services.kit.documents import Positions
from services.kit.lanes import lane_of
from services.kit.ports import EventStore

log = structlog.get_logger(__name__)
_KEPT = 2_000
_AGAIN = 1.0
"""Seconds until the log is followed again after the store was away."""
Listener = Callable[[list[RecordedEvent]], Awaitable[None]]


class Tail:
    """Follows the log; remembers where the newest events of each topic and lane are, and when they were recorded."""

    def __init__(self, store: EventStore, lanes: int) -> None:
        self.seen = 0
        """Everything up to this position was seen."""
        self.seen_at = 0
        """When the last event seen was recorded, UTC ms."""
        self.listeners: list[Listener] = []
        """Told of each batch of events, in the order of the log."""
        self._store = store
        self._lanes = lanes
        self._places: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        """(topic, lane) → (position, recorded at), ascending."""
        self._forgotten: dict[tuple[str, int], int] = {}
        """(topic, lane) → the highest position that was there and is no more remembered."""

    async def run(self, after: int) -> None:
        """Follow the log from behind this position for ever; cancel to stop. Waits for a store that is away."""
        self.seen, self.seen_at = after, 0
        while True:
            try:
                if not self.seen_at and after:
                    self.seen_at = (await self._store.read_all(after - 1, 1))[0].recorded_at
                async for events in self._store.follow(self.seen):
                    await self._take(events)
            except Unavailable as error:
                log.warning("the event store is away, trying again", why=error.detail)
            await asyncio.sleep(_AGAIN)

    async def _take(self, events: list[RecordedEvent]) -> None:
        for listener in self.listeners:
            await listener(events)
        self.remember(events)
        self.seen, self.seen_at = events[-1].position, events[-1].recorded_at

    def remember(self, events: list[RecordedEvent]) -> None:
        """Remember where these are: events of the log in its order, all behind what is remembered already."""
        for event in events:
            reference = event.type in REFERENCE_TYPES
            for lane in range(self._lanes) if reference else (lane_of(event.key, self._lanes),):
                place = event.topic, lane
                known = self._places[place]
                known.append((event.position, event.recorded_at))
                if len(known) > 2 * _KEPT:
                    self._forgotten[place] = known[-_KEPT - 1][0]
                    del known[:-_KEPT]

    def unfolded(self, lane: int, topics: Collection[str], positions: Positions) -> tuple[int, int | None]:
        """Return how many events of these topics and this lane lie behind the positions (at least), and when the first
        of them was recorded: UTC ms, 0 if that is not remembered, None if there are none."""
        count, first = 0, None
        for topic in topics:
            at = positions.get(topic, (0, ""))[0]
            known = self._places.get((topic, lane), [])
            begin = bisect_right(known, at, key=lambda entry: entry[0])
            if begin == len(known):
                continue
            count += len(known) - begin
            when = 0 if self._forgotten.get((topic, lane), 0) > at else known[begin][1]
            first = when if first is None else min(first, when)
        return count, first
