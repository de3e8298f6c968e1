"""`voronka run --profile distributed`: a process that runs some services, or all, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
import typer
from granian.constants import Interfaces
from granian.server.embed import Server

from services.cli.serve import check_port
from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.gateway.pages.first import pages
from services.kit.engine import Engine
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.ports import Ports
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.settings import Settings
from services.kit.share import Share
from services.kit.web import Door, create_app, service_app

log = structlog.get_logger(__name__)
GATEWAY = "gateway"
NAMES = tuple(service.name for service in SERVICES)
_ANSWER = 4.0
"""Seconds that requests under way have to be answered after a stop was asked for."""
_END = 5.0
"""Seconds that workers and stores have to end after that: with _ANSWER, less than 10."""
_LOOK = 0.5
"""Seconds between two looks whether a worker has ended."""
Open = Callable[[Settings, Patience], Awaitable[Ports]]
"""Opens the adapters, each as soon as its server is there."""


@dataclass(frozen=True)
class Plan:
    """What a process is to run, and what it needs to know for it."""

    local: frozenset[str]
    settings: Settings
    secret: str

    @staticmethod
    def of(services: Sequence[str], settings: Settings) -> Plan:
        """Raises Unusable naming what is missing or wrong."""
        settings.check_distributed()
        if unknown := sorted(set(services) - set(NAMES)):
            raise Unusable(
                f"there is no service {', '.join(unknown)}; choose of {', '.join(NAMES)}, or name none for all"
            )
        local = frozenset(services or NAMES)
        away = [name for name in NAMES if name not in local and name not in settings.urls()]
        if away and GATEWAY in local:
            names = ", ".join(f"VORONKA_{name.upper()}_URL" for name in away)
            raise Unusable(f"the gateway must know where {', '.join(away)} answer: set {names}, or run them here too")
        return Plan(local, settings, settings.secret.get_secret_value())


async def run(plan: Plan, open_ports: Open) -> int:
    """Run until SIGINT or SIGTERM, or until a worker fails for good; every stop is bounded. Raises Unusable."""
    settings = plan.settings
    check_port(settings.host, settings.port)
    door = Door()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    server = Server(door, address=settings.host, port=settings.port, interface=Interfaces.ASGINL, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    working = asyncio.create_task(_work(plan, door, open_ports))
    stopping = asyncio.create_task(stop.wait())
    typer.echo(f"{', '.join(sorted(plan.local))} at http://{settings.host}:{settings.port} (stop with Ctrl+C)")
    await asyncio.wait({serving, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    broken = serving.done()
    typer.echo("stopping ...")
    door.stopping = True
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=_ANSWER)
    working.cancel()
    await asyncio.wait({working}, timeout=_END)
    stopping.cancel()
    if not working.done():
        log.warning("stopped without waiting any longer for workers and stores")
        sys.stdout.flush()
        os._exit(0)  # what hangs would hang the interpreter's own end too
    if not working.cancelled():
        working.result()
    if broken:
        raise Unusable(f"the web server at {settings.host}:{settings.port} ended by itself")
    return 0


async def _work(plan: Plan, door: Door, open_ports: Open) -> None:
    """Wait for what is needed, then work until cancelled."""

    def tell(words: str) -> None:
        if door.waiting != words:
            typer.echo(words)
        door.waiting = words

    patience = Patience(tell)
    passes = Passes(plan.secret)
    ports = await open_ports(plan.settings, patience)
    calls = Calls({name: url for name, url in plan.settings.urls().items() if name not in plan.local}, passes)
    try:
        engine = await patience.until("the stores", lambda: _started(plan, ports, calls))
        try:
            door.app = _application(engine, plan, passes)
            typer.echo("ready")
            while engine.failure is None:
                await asyncio.sleep(_LOOK)
            raise Unusable(f"a worker ended with {type(engine.failure).__name__}: {engine.failure}; start it again")
        finally:
            await engine.halt()
    finally:
        await calls.close()
        await ports.close()


async def _started(plan: Plan, ports: Ports, calls: Calls) -> Engine:
    engine = Engine(SERVICES, ports, NUMBERS, Share(plan.local, calls, erases=GATEWAY in plan.local))
    try:
        await engine.start()
    except BaseException:
        await engine.halt()
        raise
    return engine


def _application(engine: Engine, plan: Plan, passes: Passes) -> Callable[..., Awaitable[None]]:
    if GATEWAY not in plan.local:
        return service_app(engine, passes)
    return create_app(engine, SERVICES, pages(engine), passes=passes, hosts=plan.settings.hosts())
