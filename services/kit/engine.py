"""One process of Voronka: the services' tables on the ports of a profile (DESIGN 2, 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import structlog

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.problem import Refusal, Unavailable
from contracts.registry import KNOWN_TYPES, REFERENCE_TYPES
from services.kit import clock
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.documents import LaneMoved
from services.kit.eraser import Eraser, reapply_erasures
from services.kit.errors import OtherLog
from services.kit.handle import Effect, Handler, Meta, command_hash
from services.kit.lanes import lane_of
from services.kit.numbers import Numbers
from services.kit.ports import Bus, Documents, EventStore, Keyring, Limits, Reader
from services.kit.projection import Projection
from services.kit.reactor import Reactor
from services.kit.rebuild import rebuild
from services.kit.runner import ProjectionRunner
from services.kit.service import Desk, Handles, Known, Service
from services.kit.telemetry import METRICS, tracer
from services.kit.token import Token

log = structlog.get_logger(__name__)
_SLICE = 2_000
_AGAIN = 1.0
"""Seconds until a worker tries again after a store was away."""


@dataclass
class Ports:
    """The adapters of a profile."""

    store: EventStore
    bus: Bus
    documents: Documents
    keyring: Keyring
    limits: Limits

    async def close(self) -> None:
        """Close all, documents first: what they lack is in the log."""
        await self.documents.close()
        await self.store.close()
        await self.keyring.close()


class Engine:
    """Runs services: takes commands, folds events, reacts. `start` before use, `stop` after."""

    def __init__(self, services: Sequence[Service], ports: Ports, numbers: Decider[Any, Any, Any]) -> None:
        self.services = services
        self.ports = ports
        self.codec = Codec(ports.keyring)
        self.handler = Handler(ports.store, self.codec, clock.now)
        self.known: dict[str, Known] = {s.name: s.known() for s in services if s.known is not None}
        self.runners: dict[str, ProjectionRunner] = {}
        self.numbers = Numbers(self.handler, self.codec, numbers)
        self.desk = Desk(self.handler, self.codec, self.known)
        self.failure: BaseException | None = None
        self._handles: dict[type[Command], Handles] = {h.command: h for s in services for h in s.handles}
        self._eraser = Eraser(self)
        self._reactors: list[Reactor] = []
        self._learned = 0
        self._told: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Load what edges must know, then begin to fold and to react."""
        await reapply_erasures(self.ports.store, self.ports.keyring)
        await self.learn()
        self.handler.listeners.append(self._tell)
        head = await self.ports.store.head()
        for service in self.services:
            for projection in service.projections:
                group = await self._group(projection)
                self.runners[projection.name] = ProjectionRunner(
                    projection, group, self.ports.bus, self.ports.documents, self.codec, self.ports.store.log_id
                )
        for service in self.services:
            for projection in service.projections:
                self._spawn(self._fold(projection), projection.name)
        for service in self.services:
            if service.reactions:
                reactor = Reactor(
                    service.name,
                    service.reactions,
                    self.ports.bus,
                    self.ports.documents,
                    self.codec,
                    self.send,
                    self.known,
                    head,
                    self.ports.store.log_id,
                )
                self._reactors.append(reactor)
                self._spawn(self._steadily(reactor.run, reactor.group), reactor.group)
        self._spawn(self._steadily(self._eraser.run, self._eraser.group), self._eraser.group)

    async def stop(self) -> None:
        """Stop folding and close the stores; what was acknowledged stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.ports.close()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failure = error
            log.error("a worker ended; restart the process", worker=task.get_name(), exc_info=error)

    async def _steadily(self, run: Callable[[], Awaitable[None]], group: str) -> None:
        """Run a worker for ever: again after a store was away, from nothing when its positions are of another log."""
        while True:
            try:
                await run()
                return
            except LaneMoved as error:
                log.warning("a lane is owned by another worker now, opening it again", group=group, why=str(error))
            except Unavailable as error:
                log.warning("a store is away, trying again", group=group, why=error.detail)
                await asyncio.sleep(_AGAIN)
            except OtherLog as error:
                log.warning("positions are of another log: beginning anew", group=group, why=str(error))
                await self.ports.documents.drop(group)

    async def _group(self, projection: Projection) -> str:
        """Return the versioned group to fold; a new version is served once it has caught up."""
        name, documents = projection.name, self.ports.documents
        base = f"{name}.{projection.version}"
        active = await documents.active(name)
        if active is not None and (active == base or active.startswith(base + "-")):
            return active
        await documents.define(base, projection.collections, projection.counters)
        if active is None:
            await documents.activate(name, base)
            return base
        self._spawn(self._switch(name, active, base), f"switch {name}")
        return base

    async def _fold(self, projection: Projection) -> None:
        """Fold for ever. A group that belongs to another log (restored, replaced) is built anew from this one."""
        store, documents, bus = self.ports.store, self.ports.documents, self.ports.bus
        while True:
            try:
                await self.runners[projection.name].run()
                return
            except Unavailable as error:
                log.warning("a store is away, trying again", group=projection.name, why=error.detail)
                await asyncio.sleep(_AGAIN)
                continue
            except OtherLog as error:
                log.warning("read models are of another log: building them anew", group=projection.name, why=str(error))
            group = await rebuild(projection, store, self.codec, documents, bus.lanes)
            self.runners[projection.name] = ProjectionRunner(
                projection, group, bus, documents, self.codec, store.log_id
            )

    async def _switch(self, name: str, old: str, new: str) -> None:
        head = await self.ports.store.head()
        while name not in self.runners or not self.caught_up(name, head):
            await asyncio.sleep(0.2)
        await self.ports.documents.activate(name, new)
        await self.ports.documents.drop(old)
        log.info("read models switched", old=old, new=new)

    async def learn(self) -> None:
        """Take in the reference events of the log that edges do not know yet: at start, and after an import."""
        while events := await self.ports.store.read_types(KNOWN_TYPES, self._learned, _SLICE):
            for event in events:
                self._tell(event)
            self._learned = events[-1].position
            self._told = {position for position in self._told if position > self._learned}

    def _tell(self, event: RecordedEvent) -> None:
        if event.type in KNOWN_TYPES and event.position not in self._told:
            self._told.add(event.position)
            data = self.codec.decode(event)
            for known in self.known.values():
                if event.type in known.types:
                    known.apply(data, event)

    # ------------------------------------------------------------ commands

    async def send(self, command: Command, meta: Meta) -> Effect:
        """Take a command: the edge fills in what it must know, the decider decides, the events are durable on return.

        Raises the refusals of contracts.problem."""
        handles = self._handles[type(command)]
        name = type(command).__name__
        begun = perf_counter()
        with tracer.start_as_current_span(name):
            try:
                effect = await self._answer(handles, command, meta)
            except Refusal as refusal:
                METRICS.commands.labels(name, "refused").inc()
                METRICS.refusals.labels(refusal.code).inc()
                raise
        METRICS.commands.labels(name, "done").inc()
        METRICS.command_seconds.labels(name).observe(perf_counter() - begun)
        return effect

    async def _answer(self, handles: Handles, command: Command, meta: Meta) -> Effect:
        """Answer a repeated command as the first time; else enrich, decide and append."""
        digest, key, decider = command_hash(command), getattr(command, handles.key), handles.decider
        if handles.enrich is not None or handles.numbered is not None:
            done = await self.handler.repeated(decider, key, meta, digest)
            if done is not None:
                return done
        if handles.enrich is not None:
            command = await handles.enrich(self.desk, command, meta)
        if handles.numbered is not None:
            await self.handler.rehearse(decider, key, command, meta)
            command = command.model_copy(update={"number": await self.numbers.next(handles.numbered)})
        return await self.handler.handle(decider, key, command, meta, digest)

    # ------------------------------------------------------------ reads

    def token(self, effect: Effect) -> Token:
        """Return where the effect's events are, for reads that must see them (DESIGN 7)."""
        places: dict[tuple[str, int], int] = {}
        for event in effect.events:
            lane = -1 if event.type in REFERENCE_TYPES else lane_of(event.key, self.ports.bus.lanes)
            places[event.topic, lane] = event.position
        return Token(self.ports.store.log_id, [(topic, lane, at) for (topic, lane), at in places.items()])

    async def wait(self, token: Token, groups: Sequence[str], seconds: float = 2.0) -> bool:
        """Wait until the groups (by projection name) show what the token names; False if they do not in time."""
        token.check(self.ports.store.log_id)
        waits = [self.runners[name].wait(token.places, seconds) for name in groups]
        return all(await asyncio.gather(*waits))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reader]:
        """Open a snapshot for queries."""
        async with self.ports.documents.snapshot() as reader:
            yield reader

    async def serving(self, name: str) -> str:
        """Return the versioned group that answers reads of this projection."""
        return await self.ports.documents.active(name) or self.runners[name].group

    def caught_up(self, name: str, head: int) -> bool:
        """Tell whether the projection has passed this position of the log in every lane."""
        return self.runners[name].passed >= head

    async def settle(self, seconds: float = 60.0) -> bool:
        """Wait until all projections show the newest event, nothing is left to react to and no background work is left;
        False if not in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    head = await self.ports.store.head()
                    quiet = self._quiet(head)
                    if self.failure is not None or (quiet and await self.ports.store.head() == head):
                        return quiet
                    await asyncio.sleep(0.005)
        return False

    def _quiet(self, head: int) -> bool:
        workers: list[ProjectionRunner | Reactor | Eraser] = [*self.runners.values(), *self._reactors, self._eraser]
        return all(each.passed >= head for each in workers) and not any(r.working for r in self.runners.values())
