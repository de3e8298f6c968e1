"""What a process does all the time: fold, react, erase; each for ever, again after a store was away (DESIGN 2, 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from contracts.problem import Unavailable
from services.kit import clock
from services.kit.codec import Codec
from services.kit.documents import LaneMoved
from services.kit.eraser import Eraser
from services.kit.errors import OtherLog
from services.kit.horizon import Horizon
from services.kit.ports import Ports
from services.kit.projection import Projection
from services.kit.reactor import Learned, Reactor, Send
from services.kit.rebuild import LET_GO, drop, drop_older, rebuild
from services.kit.runner import ProjectionRunner
from services.kit.service import Known, Service

log = structlog.get_logger(__name__)
_AGAIN = 1.0
"""Seconds until a worker tries again after a store was away."""
_LOOK = 0.5
"""Seconds between two looks whether another process built a group anew."""
_STOP = 3.0
"""Seconds that workers have to end."""


class Workers:
    """The workers of some services. `start` them, `stop` them."""

    def __init__(self, services: Sequence[Service], ports: Ports, codec: Codec, *, shared: bool) -> None:
        self.runners: dict[str, ProjectionRunner] = {}
        """By projection name."""
        self.reactors: list[Reactor] = []
        self.failure: BaseException | None = None
        self._services = services
        self._ports = ports
        self._codec = codec
        self._shared = shared
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(
        self,
        send: Send,
        known: Mapping[str, Known],
        learned: Learned | None,
        head: int,
        horizon: Horizon,
        eraser: Eraser | None,
    ) -> None:
        """Begin to fold, to react and to erase. `head`: end of the log before the first command of this process."""
        projections = [projection for service in self._services for projection in service.projections]
        for projection in projections:
            group, defined = await self._group(projection, horizon)
            self.runners[projection.name] = runner = self._runner(projection, group)
            runner.defined = defined
        for projection in projections:
            self.spawn(self._fold(projection), projection.name)
        for service in self._services:
            if service.reactions:
                reactor = Reactor(
                    service.name,
                    service.reactions,
                    self._ports.bus,
                    self._ports.documents,
                    self._codec,
                    send,
                    known,
                    head,
                    self._ports.store.log_id,
                    learned,
                )
                self.reactors.append(reactor)
                self.spawn(self._steadily(reactor.run, reactor.group), reactor.group)
        if eraser is not None:
            self.spawn(self._steadily(eraser.run, eraser.group), eraser.group)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin a work that goes on until it is done or `stop`; if it fails, `failure` says so."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.add(task)

    async def stop(self) -> None:
        """End all work, within a bounded time."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP if self._shared else None)
            for task in late:
                log.warning("a worker does not end; it is left alone", worker=task.get_name())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failure = error
            log.error("a worker ended; restart the process", worker=task.get_name(), exc_info=error)

    def _runner(self, projection: Projection, group: str) -> ProjectionRunner:
        ports = self._ports
        return ProjectionRunner(
            projection,
            group,
            ports.bus,
            ports.documents,
            self._codec,
            ports.store.log_id,
            shared=self._shared,
            news=ports.news,
        )

    async def _steadily(self, run: Callable[[], Awaitable[None]], group: str) -> None:
        """Run a worker for ever: again after a store was away, from nothing when its positions are of another log."""
        while True:
            try:
                await run()
                return
            except LaneMoved as error:
                log.warning("a lane is owned by another worker now, opening it again", group=group, why=str(error))
            except Unavailable as error:
                log.warning("a store or service is away, trying again", group=group, why=error.detail)
                await asyncio.sleep(_AGAIN)
            except OtherLog as error:
                log.warning("positions are of another log: beginning anew", group=group, why=str(error))
                await self._ports.documents.drop(group)

    async def _group(self, projection: Projection, horizon: Horizon) -> tuple[str, bool]:
        """Return the versioned group to fold, and whether its documents can be read already; a new version is served
        once it has caught up."""
        name, base, documents = projection.name, projection.base, self._ports.documents
        active = await documents.active(name)
        if active is not None and projection.made(active):
            self.spawn(self._steadily(partial(self._drop_older, active), active), f"delete what {active} replaced")
            return active, False
        await documents.define(base, projection.collections, projection.counters)
        if active is None:
            await documents.activate(name, base)
            return base, True
        self.spawn(self._steadily(partial(self._switch, name, active, base, horizon), base), f"switch {name}")
        return base, True

    async def _fold(self, projection: Projection) -> None:
        """Fold for ever. A group that belongs to another log (restored, replaced) is built anew from this one."""
        store, documents, bus = self._ports.store, self._ports.documents, self._ports.bus
        while True:
            try:
                if (group := await self._run(projection)) is None:
                    return
                self.runners[projection.name] = self._runner(projection, group)
                continue
            except Unavailable as error:
                log.warning("a store is away, trying again", group=projection.name, why=error.detail)
                await asyncio.sleep(_AGAIN)
                continue
            except OtherLog as error:
                log.warning("read models are of another log: building them anew", group=projection.name, why=str(error))
            group = await rebuild(projection, store, self._codec, documents, bus.lanes)
            self.runners[projection.name] = self._runner(projection, group)

    async def _run(self, projection: Projection) -> str | None:
        """Fold until the log is closed (None), or until another process has built the group anew: that one's name."""
        runner = self.runners[projection.name]
        if not self._shared:
            await runner.run()
            return None
        running = asyncio.create_task(runner.run())
        replaced = asyncio.create_task(self._replaced(projection, runner.group))
        try:
            await asyncio.wait({running, replaced}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
                return None
            log.info("another process built the read models anew: folding them from now on", group=replaced.result())
            return replaced.result()
        finally:
            for task in (running, replaced):
                task.cancel()
            await asyncio.wait({running, replaced}, timeout=_STOP)

    async def _replaced(self, projection: Projection, group: str) -> str:
        """Wait until reads are served by another build of the same version; return its name."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                active = await self._ports.documents.active(projection.name)
            except Unavailable:
                continue
            if active is not None and active != group and projection.made(active):
                return active

    async def _switch(self, name: str, old: str, new: str, horizon: Horizon) -> None:
        """Serve a new version once it shows all that was there when it was begun, whoever folds its lanes."""
        begun = clock.now()
        while name not in self.runners or await horizon.as_of([name]) < begun:
            await asyncio.sleep(0.2)
        await self._ports.documents.activate(name, new)
        log.info("read models switched", old=old, new=new)
        await self._let_go()
        await drop(self._ports.documents, old, self._ports.store.log_id)

    async def _let_go(self) -> None:
        """Give those who read what serves no more the time to let go of it."""
        if self._shared:
            await asyncio.sleep(LET_GO)

    async def _drop_older(self, serving: str) -> None:
        """Delete what the group has replaced, if who switched was ended before it did."""
        await self._let_go()
        await drop_older(self._ports.documents, serving, self._ports.store.log_id)
