"""A group that acts on events instead of folding them: reactions and erasing (DESIGN 4, 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from contracts.envelope import RecordedEvent
from services.kit.documents import Collection, LaneMoved, LaneState, Write
from services.kit.lane import end, fresh
from services.kit.ports import Batch, Bus, Documents
from services.kit.telemetry import METRICS

log = structlog.get_logger(__name__)
_LAZY = 100
"""How many events may be passed without storing that, where nothing was done: they would be looked at once more."""


@dataclass
class Acted:
    """What acting on some events left to store. `save`: their positions at once: not to act on them again."""

    writes: list[Write] = field(default_factory=list)
    save: bool = False


Act = Callable[[int, list[RecordedEvent]], Awaitable[Acted]]
"""(lane, events of it, each new) → what is to be stored with their positions. Acting twice must do no harm."""
Opened = Callable[[LaneState], Awaitable[None]]


class Follower:
    """Follows all lanes it is given, each topic in order, and stores how far it came."""

    def __init__(
        self, group: str, bus: Bus, documents: Documents, log_id: str, act: Act, opened: Opened | None = None
    ) -> None:
        self.group = group
        self._bus = bus
        self._documents = documents
        self._log_id = log_id
        self._act = act
        self._opened = opened
        self._lanes: dict[int, LaneState] = {}
        self._unsaved: dict[int, int] = {}
        self._taking = False

    @property
    def passed(self) -> int:
        """The position up to which everything was acted on; -1 while something is under way."""
        return -1 if self._taking else self._bus.passed(self.group)

    async def run(self, collections: Sequence[Collection] = ()) -> None:
        """Follow for ever; cancel to stop. Raises Unavailable, OtherLog, and what acting raises."""
        await self._documents.define(self.group, collections, ())
        deliveries = self._bus.deliveries(self.group, self._open)
        try:
            async for batch in deliveries:
                self._taking = True
                await self._take(batch)
                self._taking = False
        finally:
            self._taking = False
            await end(deliveries)

    async def _open(self, lane: int) -> LaneState:
        state = await self._documents.open_lane(self.group, lane, self._log_id)
        self._lanes[lane] = state
        self._unsaved[lane] = 0
        if self._opened is not None:
            await self._opened(state)
        return state

    async def _take(self, batch: Batch) -> None:
        state = self._lanes[batch.lane]
        new = fresh(batch, state.positions)
        acted = await self._act(batch.lane, new.events)
        state.positions |= new.moved
        self._unsaved[batch.lane] += len(new.events)
        if acted.writes or acted.save or self._unsaved[batch.lane] >= _LAZY:
            try:
                await self._documents.commit(self.group, batch.lane, state.rev, state.positions, acted.writes)
            except LaneMoved:
                log.warning("lane is owned by another worker now", group=self.group, lane=batch.lane)
                await self._bus.resend(self.group, batch.lane)
                return
            self._unsaved[batch.lane] = 0
        await batch.done()
        if new.gap:
            METRICS.gaps.labels(self.group).inc()
            await self._bus.resend(self.group, batch.lane)
