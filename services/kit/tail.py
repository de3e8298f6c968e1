"""The end of the log as a process sees it that shares the log with others: what came last in each lane (DESIGN 10)."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

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
Types = Mapping[str, frozenset[str]]
"""Topic → the types of its events that a group folds: the others change nothing in it."""


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
        self._places: defaultdict[tuple[str, int], list[tuple[int, int, str]]] = defaultdict(list)
        """(topic, lane) → (position, recorded at, type), ascending."""
        self._forgotten: dict[tuple[str, int], int] = {}
        """(topic, lane) → the highest position that was there and is no more remembered."""
        self._grown = asyncio.Event()

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
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def reach(self, position: int, seconds: float) -> None:
        """Wait until everything up to this position was seen, so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.seen < position:
                    await self._grown.wait()

    def remember(self, events: list[RecordedEvent]) -> None:
        """Remember where these are: events of the log in its order, all behind what is remembered already."""
        for event in events:
            reference = event.type in REFERENCE_TYPES
            for lane in range(self._lanes) if reference else (lane_of(event.key, self._lanes),):
                place = event.topic, lane
                known = self._places[place]
                known.append((event.position, event.recorded_at, event.type))
                if len(known) > 2 * _KEPT:
                    self._forgotten[place] = known[-_KEPT - 1][0]
                    del known[:-_KEPT]

    def first(self, lane: int, types: Types, positions: Positions) -> int | None:
        """Return when the first event of these types and this lane behind the positions was recorded: UTC ms, 0 if that
        is not remembered, None if there is none."""
        found: list[int] = []
        for topic, folded in types.items():
            at = positions.get(topic, (0, ""))[0]
            if self._forgotten.get((topic, lane), 0) > at:
                return 0
            behind = self._behind(topic, lane, at)
            first = next((recorded_at for _, recorded_at, type in behind if type in folded), None)
            if first is not None:
                found.append(first)
        return min(found, default=None)

    def count(self, lane: int, types: Types, positions: Positions) -> int:
        """Return how many events of these types and this lane lie behind the positions, as far as is remembered."""
        return sum(
            type in folded
            for topic, folded in types.items()
            for _, _, type in self._behind(topic, lane, positions.get(topic, (0, ""))[0])
        )

    def nothing(self, topic: str, lane: int, types: Types, after: int, upto: int) -> bool:
        """Tell whether it is known that no event of these types lies behind `after` and up to `upto` in this lane."""
        if self.seen < upto or self._forgotten.get((topic, lane), 0) > after:
            return False
        return not any(at <= upto and type in types[topic] for at, _, type in self._behind(topic, lane, after))

    def _behind(self, topic: str, lane: int, after: int) -> Iterator[tuple[int, int, str]]:
        known = self._places.get((topic, lane), [])
        return islice(known, bisect_right(known, after, key=lambda entry: entry[0]), None)
