"""Keeps what edges must know of other streams: the reference events of the log, each taken in once (DESIGN 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from contracts.envelope import RecordedEvent
from contracts.registry import KNOWN_TYPES
from services.kit.codec import Codec
from services.kit.ports import EventStore
from services.kit.service import Known

_SLICE = 2_000


class Learner:
    """Feeds the `known` caches. Where other processes write too, only `learn` does: in the order of the log, for a
    stage cannot be known before its funnel. Where nobody else writes, `tell` does it at each append, without a read."""

    def __init__(self, store: EventStore, codec: Codec, known: Mapping[str, Known]) -> None:
        self.position = 0
        """Position of the last event read from the log."""
        self._store = store
        self._codec = codec
        self._known = known
        self._told: set[int] = set()
        self._complete = 0
        self._lock = asyncio.Lock()

    async def learn(self) -> bool:
        """Take in what the log has and is not known yet; True if there was something. Raises Unavailable."""
        async with self._lock:
            before = self.position
            while events := await self._store.read_types(KNOWN_TYPES, self.position, _SLICE):
                for event in events:
                    self.tell(event)
                self.position = events[-1].position
                self._told = {position for position in self._told if position > self.position}
            return self.position > before

    async def up_to(self, position: int) -> None:
        """Make sure that all of the log up to this position, which must be there already, is known."""
        if position > self._complete:
            await self.learn()
            self._complete = max(self._complete, position)

    def tell(self, event: RecordedEvent) -> None:
        """Take in an event, unless it was already."""
        if event.type in KNOWN_TYPES and event.position > self.position and event.position not in self._told:
            self._told.add(event.position)
            data = self._codec.decode(event)
            for known in self._known.values():
                if event.type in known.types:
                    known.apply(data, event)
