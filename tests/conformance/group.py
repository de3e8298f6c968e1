"""A group as DESIGN 5 wants it, in 60 lines: what the runner does with deliveries, without documents."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from copy import deepcopy
from typing import cast

from contracts.envelope import RecordedEvent
from services.kit.documents import LaneState
from services.kit.ports import Batch, Bus, EventStore
from tests.support.patience import PATIENCE


class Group:
    """Takes deliveries, skips repeats, asks again at a gap. `folded` is what took effect, per lane in that order."""

    def __init__(self, bus: Bus, store: EventStore, name: str = "analytics.1") -> None:
        self.bus = bus
        self.name = name
        self.states = {lane: LaneState(lane, 0, store.log_id, {}) for lane in range(bus.lanes)}
        self.folded: dict[int, list[RecordedEvent]] = {lane: [] for lane in range(bus.lanes)}
        self.opened: Counter[int] = Counter()
        self.batches: list[Batch] = []
        self.repeats = 0
        self.gaps = 0
        self.noted: Callable[[], object] = lambda: None
        """Called after each batch."""

    @property
    def count(self) -> int:
        return sum(len(events) for events in self.folded.values())

    async def open_lane(self, lane: int) -> LaneState:
        self.opened[lane] += 1
        return deepcopy(self.states[lane])

    async def take(self, until: int, most: int = 1000) -> None:
        """Take deliveries until so many events took effect, then stop as a process does."""
        if self.count >= until:
            return
        # Every adapter writes it as a generator, which is to be closed when nobody listens any more.
        batches = cast("AsyncGenerator[Batch]", self.bus.deliveries(self.name, self.open_lane, most))
        async with asyncio.timeout(PATIENCE), aclosing(batches):
            async for batch in batches:
                assert 0 < len(batch.events) <= most
                assert self.opened[batch.lane], "a lane is opened before it is delivered"
                self.batches.append(batch)
                folded = self._fold(batch)
                self.noted()
                if not folded:
                    self.gaps += 1
                    await self.bus.resend(self.name, batch.lane)
                await batch.done()
                if self.count >= until:
                    return

    def _fold(self, batch: Batch) -> bool:
        positions = self.states[batch.lane].positions
        for delivered in batch.events:
            event = delivered.event
            position, _ = positions.get(event.topic, (0, ""))
            if event.position <= position:
                self.repeats += 1
                continue
            if delivered.prev != position:
                return False
            positions[event.topic] = (event.position, event.id)
            self.folded[batch.lane].append(event)
        return True
