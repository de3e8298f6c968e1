"""A bus that does what brokers do now and then: loses deliveries, repeats them. The rules of the lanes must hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from services.kit.ports import Batch, Bus, OpenLane


class FaultyBus:
    """Loses every `lose_every`-th event and delivers every `repeat_every`-th batch twice, until `faults` happened.

    `spared`: positions of events that are not lost. The last one of a topic in a lane must be: only the next could show
    that it is lacking, and none comes."""

    def __init__(
        self,
        bus: Bus,
        *,
        lose_every: int = 0,
        repeat_every: int = 0,
        faults: int = 20,
        spared: Collection[int] = (),
    ) -> None:
        self.lost = 0
        self.repeated = 0
        self._bus = bus
        self._lose_every = lose_every
        self._repeat_every = repeat_every
        self._faults = faults
        self._spared = spared
        self._events = 0
        self._batches = 0

    @property
    def lanes(self) -> int:
        return self._bus.lanes

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        async for batch in self._bus.deliveries(group, open_lane, most):
            kept = []
            for delivered in batch.events:
                self._events += 1
                due = self._lose_every and self._events % self._lose_every == 0 and self.lost < self._faults
                if due and delivered.event.position not in self._spared:
                    self.lost += 1
                else:
                    kept.append(delivered)
            if kept:
                yield Batch(batch.lane, kept, batch.done)
            self._batches += 1
            if self._repeat_every and self._batches % self._repeat_every == 0 and self.repeated < self._faults:
                self.repeated += 1
                yield batch

    def passed(self, group: str) -> int:
        return self._bus.passed(group)

    def owned(self, group: str) -> frozenset[int]:
        return self._bus.owned(group)

    async def resend(self, group: str, lane: int) -> None:
        await self._bus.resend(group, lane)
