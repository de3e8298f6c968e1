"""How a process does its share of the work: what runs in it, how the rest is reached, what others wrote (DESIGN 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from contracts.registry import KNOWN_TYPES
from services.kit.eraser import ERASED
from services.kit.handle import Handler
from services.kit.horizon_shared import Together
from services.kit.learner import Learner
from services.kit.ports import Ports
from services.kit.projection import Projection
from services.kit.remote.calls import Calls
from services.kit.runner import ProjectionRunner
from services.kit.tail import Listener, Tail
from services.kit.tracing.recent import Recent

log = structlog.get_logger(__name__)
_LOOK = 0.5
"""Seconds between two looks whether the keys of an erased client are destroyed."""


@dataclass(frozen=True)
class Share:
    """`local`: names of the services that run here. `erases`: whether this process destroys keys of erased clients."""

    local: frozenset[str]
    calls: Calls
    erases: bool


class Shared:
    """What a process does because others write to the same log: it sees the log's end, learns, and forgets."""

    def __init__(
        self,
        runners: Mapping[str, ProjectionRunner],
        projections: Mapping[str, Projection],
        ports: Ports,
        handler: Handler,
        learner: Learner,
        recent: Recent,
    ) -> None:
        lanes = ports.bus.lanes
        self._tail = Tail(ports.store, lanes)
        self._tail.listeners.append(self._seen)
        self.horizon = Together(runners, projections, ports.store, ports.documents, self._tail, lanes, ports.news)
        self._keyring = ports.keyring
        self._handler = handler
        self._learner = learner
        self._recent = recent
        self._erased: set[str] = set()

    def watch(self, listener: Listener) -> int:
        """Tell the listener of each batch of events that comes from now on; return the position before them."""
        self._tail.listeners.append(listener)
        return self._tail.seen

    async def run(self) -> None:
        """Watch the end of the log for ever; cancel to stop."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forget())
            group.create_task(self.horizon.hear())
            await self._tail.run(await self._start())

    async def _start(self) -> int:
        while True:
            try:
                return await self.horizon.start()
            except Unavailable:
                await asyncio.sleep(_LOOK)

    async def appended(self, events: list[RecordedEvent]) -> None:
        """Learn what this process appended itself, in the order of the log, before its command is answered."""
        known = [event.position for event in events if event.type in KNOWN_TYPES]
        if known:
            try:
                await self._learner.up_to(known[-1])
            except Unavailable as error:  # the events are stored; the tail tells of them later
                log.warning("what was appended is not known here yet", why=error.detail)

    async def _seen(self, events: list[RecordedEvent]) -> None:
        for event in events:
            self._recent.note(event)
        if any(event.type in KNOWN_TYPES for event in events):
            await self._learner.up_to(events[-1].position)
        erased = {event.key for event in events if event.type == ERASED}
        if erased:
            self._handler.forget_all()
            self._erased |= erased

    async def _forget(self) -> None:
        """Forget once more when the keys are destroyed: what was read in between was still plain text."""
        again = False
        while True:
            await asyncio.sleep(_LOOK)
            if again:  # what was being read with a key when that was destroyed
                self._handler.forget_all()
            again = False
            if self._erased:
                try:
                    gone = self._erased.intersection(await self._keyring.tombstones())
                except Unavailable:
                    continue
                if gone:
                    self._handler.forget_all()
                    self._erased -= gone
                    again = True
