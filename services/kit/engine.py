"""One process of Voronka: the services it runs, on the ports of a profile (DESIGN 2, 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.problem import Refusal, Unavailable
from contracts.registry import REFERENCE_TYPES
from services.kit import clock
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.eraser import Eraser, reapply_erasures
from services.kit.handle import Effect, Handler, Meta, command_hash
from services.kit.horizon import Alone, Horizon
from services.kit.lane import Place
from services.kit.lanes import lane_of
from services.kit.learner import Learner
from services.kit.numbers import Numbers
from services.kit.ports import Ports, Reader
from services.kit.reactor import Reactor
from services.kit.rights import Reach, reach_of
from services.kit.runner import ProjectionRunner
from services.kit.service import Desk, Handles, Known, Service
from services.kit.share import Share, Shared
from services.kit.tail import Listener, Tail
from services.kit.telemetry import METRICS
from services.kit.token import Token
from services.kit.tracing import calls as spans
from services.kit.tracing.recent import Recent
from services.kit.workers import Workers

__all__ = ["Engine", "Ports"]


class Engine:
    """Runs services: takes commands, folds events, reacts. `start` before use, `stop` after.

    `services`: the tables of all of them. `share`: which of them run here, and how the others are reached; without, all
    run here and nobody else writes."""

    def __init__(
        self, services: Sequence[Service], ports: Ports, numbers: Decider[Any, Any, Any], share: Share | None = None
    ) -> None:
        shared = share is not None
        self.services = services
        self.local = [service for service in services if share is None or service.name in share.local]
        self.share = share
        self.ports = ports
        self.codec = Codec(ports.keyring)
        self.handler = Handler(ports.store, self.codec, clock.now, shared=shared)
        self.known: dict[str, Known] = {s.name: s.known() for s in services if s.known is not None}
        self.learner = Learner(ports.store, self.codec, self.known)
        self.numbers = Numbers(self.handler, self.codec, numbers)
        self._recent = Recent()
        self.handler.listeners.append(self._recent.note)
        self.desk = Desk(self.handler, self.codec, self.known, ports.limits)
        self.leaving = asyncio.Event()
        """Set when the process is about to stop: answers that would go on for long end, so that the others can."""
        self.started = False
        """Whether it takes commands and answers queries."""
        self.workers = Workers(self.local, ports, self.codec, shared=shared)
        self.horizon: Horizon = Alone(self.runners, ports.store, ports.documents)
        self._projections = {p.name: p for service in services for p in service.projections}
        self._shared: Shared | None = None
        if share is not None:
            self._shared = Shared(self.runners, self._projections, ports, self.handler, self.learner, self._recent)
            self.horizon = self._shared.horizon
        self._handles: dict[type[Command], tuple[str, Handles]] = {
            handles.command: (service.name, handles) for service in services for handles in service.handles
        }
        erases = share is None or share.erases
        self._eraser = Eraser(ports, self.horizon, list(self._projections), self.handler.forget_all) if erases else None

    @property
    def runners(self) -> dict[str, ProjectionRunner]:
        """What folds here, by projection name."""
        return self.workers.runners

    @property
    def failure(self) -> BaseException | None:
        """Why a worker ended, if one did."""
        return self.workers.failure

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Load what edges must know, then begin to fold and to react. Raises Unavailable: make a new engine then."""
        await reapply_erasures(self.ports.store, self.ports.keyring)
        await self.learn()
        if self._shared is None:
            self.handler.listeners.append(self.learner.tell)
        head = await self.ports.store.head()
        learned = None if self._shared is None else self.learner.up_to
        await self.workers.start(self.send, self.known, learned, head, self.horizon, self._eraser)
        if self._shared is not None:
            self.workers.spawn(self._shared.run(), "tail")
        self.started = True

    async def halt(self) -> None:
        """Stop folding and reacting; the ports stay open."""
        self.started = False
        await self.workers.stop()

    async def stop(self) -> None:
        """Stop, and close the stores; what was acknowledged stays."""
        await self.halt()
        await self.ports.close()

    async def learn(self) -> None:
        """Take in the reference events of the log that edges do not know yet: at start, and after an import."""
        await self.learner.learn()

    async def watch(self, listener: Listener) -> int:
        """Tell the listener of all that is appended to the log from now on, whoever does; return the position before.
        Raises Unavailable while the log cannot be read."""
        if self._shared is not None:
            return self._shared.watch(listener)
        tail, head = Tail(self.ports.store, self.ports.bus.lanes), await self.ports.store.head()
        tail.listeners.append(listener)
        self.workers.spawn(tail.run(head), "watch")
        return head

    # ------------------------------------------------------------ commands

    def owner(self, command: type[Command]) -> str:
        """Return the name of the service that takes the command."""
        return self._handles[command][0]

    def runs(self, service: str) -> bool:
        """Tell whether the service runs in this process."""
        return any(each.name == service for each in self.local)

    async def send(self, command: Command, meta: Meta) -> Effect:
        """Take a command: the edge fills in what it must know, the decider decides, the events are durable on return.

        A service that does not run here is called. Raises the refusals of contracts.problem."""
        service, handles = self._handles[type(command)]
        name = type(command).__name__
        begun = perf_counter()
        with spans.command(name, service, meta.correlation, meta.command_id):
            if self.share is not None and not self.runs(service):
                return await self.share.calls.command(service, command, meta)
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
        reach = self._reach(handles, meta)
        looked = handles.enrich is not None or handles.numbered is not None or reach is not None
        if looked:
            done = await self.handler.repeated(decider, key, meta, digest)
            if done is not None:
                return done
        if reach is not None:
            command = await self._within(reach, handles, command)
        if handles.enrich is not None:
            command = await self._enriched(handles.enrich, command, meta)
        if handles.numbered is not None:
            await self.handler.rehearse(decider, key, command, meta)
            command = command.model_copy(update={"number": await self.numbers.next(handles.numbered)})
        effect = await self.handler.handle(decider, key, command, meta, digest, fresh=not looked)
        if self._shared is not None:
            await self._shared.appended(effect.events)
        return effect

    def _reach(self, handles: Handles, meta: Meta) -> Reach | None:
        """Return whose records the caller reaches, None: everybody's. Raises Denied without the right to this."""
        if meta.caller is None:
            return None
        handles.needs.check(meta.caller)
        return reach_of(meta.caller, self.known)

    async def _within(self, reach: Reach, handles: Handles, command: Command) -> Command:
        """Hold the command to these records (P17); what is created without an owner becomes the caller's own."""
        if handles.creates and "owner_id" in type(command).model_fields and getattr(command, "owner_id", 0) is None:
            command = command.model_copy(update={"owner_id": reach.actor})
        if handles.whose is not None:
            await handles.whose(self.desk, command, reach)
        return command

    async def _enriched(self, enrich: Any, command: Command, meta: Meta) -> Any:
        """Fill in the edge's fields; where others write too, once more if it was refused for what is known by now."""
        before = self.learner.position
        try:
            return await enrich(self.desk, command, meta)
        except Unavailable:
            raise
        except Refusal:
            if self._shared is None:
                raise
            await self.learn()
            if self.learner.position == before:
                raise
        return await enrich(self.desk, command, meta)

    async def locate(self, effect: Effect, meta: Meta) -> None:
        """Find the events of an effect that was answered from memory: its token must be that of the first answer. Of a
        command that changed nothing, the newest event is what a read must see."""
        if effect.events or effect.places is not None or not effect.version:
            return
        store = self.ports.store
        if effect.repeated:
            effect.events = [e for e in await store.read(effect.stream) if e.command_id == meta.command_id]
        else:
            effect.events = await store.read(effect.stream, effect.version - 1)

    # ------------------------------------------------------------ reads

    def places(self, effect: Effect) -> list[Place]:
        """Return where the effect's events are."""
        if effect.places is not None:
            return effect.places
        places: dict[tuple[str, int], int] = {}
        for event in effect.events:
            lane = -1 if event.type in REFERENCE_TYPES else lane_of(event.key, self.ports.bus.lanes)
            places[event.topic, lane] = event.position
        return [(topic, lane, at) for (topic, lane), at in places.items()]

    def token(self, effect: Effect) -> Token:
        """Return where the effect's events are, for reads that must see them (DESIGN 7)."""
        return Token(self.ports.store.log_id, self.places(effect))

    async def wait(self, token: Token, groups: Sequence[str], seconds: float = 2.0) -> bool:
        """Wait until the groups (by projection name) show what the token names; False if they do not in time."""
        token.check(self.ports.store.log_id)
        with spans.awaiting(groups, self._recent.origins(token.places)) as span:
            shown = await self.horizon.wait(token.places, groups, seconds)
            span.set_attribute("voronka.stale", not shown)
        return shown

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reader]:
        """Open a snapshot for queries."""
        async with self.ports.documents.snapshot() as reader:
            yield reader

    async def past(self, stream: str) -> list[tuple[RecordedEvent, Any]]:
        """Return a stream's events with their data; personal fields of an erased subject are blank."""
        events = await self.ports.store.read(stream)
        async with self.codec.holding(events):
            return [(event, self.codec.decode(event)) for event in events]

    async def served(self) -> dict[str, str]:
        """Return the versioned group that answers reads of each projection of any service. Raises Unavailable."""
        return {name: await self.serving(name) for name in self._projections}

    async def serving(self, name: str) -> str:
        """Return the versioned group that answers reads of this projection: that of this version, which is built while
        the one of the last version is still active. Raises Unavailable."""
        return self.runners[name].group if self.share is None else (await self.horizon.groups([name]))[0][name]

    def caught_up(self, name: str, head: int) -> bool:
        """Tell whether the projection has passed this position of the log in every lane that is folded here."""
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
        workers: list[ProjectionRunner | Reactor | Eraser] = [*self.runners.values(), *self.workers.reactors]
        if self._eraser is not None:
            workers.append(self._eraser)
        return all(each.passed >= head for each in workers) and not any(r.working for r in self.runners.values())
