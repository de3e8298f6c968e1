"""A process on servers: it answers from its first moment, works until it is told to stop, and stops in bounded time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog
import typer
from granian.constants import Interfaces
from granian.server.embed import Server

from services.cli.collector import seldom
from services.cli.listening import accepts
from services.cli.serve import check_port
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.settings import Settings
from services.kit.web import Door

log = structlog.get_logger(__name__)
_ANSWER = 4.0
"""Seconds that requests under way have to be answered after a stop was asked for."""
_END = 5.0
"""Seconds that workers and stores have to end after that: with _ANSWER, less than 10."""
Work = Callable[[Door, Patience], Awaitable[None]]
"""What the process is for: it gives the door its application, and works until it is cancelled."""


async def attend(settings: Settings, name: str, work: Work) -> int:
    """Run until SIGINT or SIGTERM, or until the work fails for good; every stop is bounded. Raises Unusable."""
    check_port(settings.host, settings.port)
    door = Door()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    server = Server(door, address=settings.host, port=settings.port, interface=Interfaces.ASGINL, log_enabled=False)
    serving = asyncio.create_task(server.serve())

    async def begin() -> None:
        if await accepts(settings.host, settings.port, serving):
            typer.echo(f"{name} at http://{settings.host}:{settings.port} (stop with Ctrl+C)")
            await work(door, _patience(door))

    working = asyncio.create_task(begin())
    stopping = asyncio.create_task(stop.wait())
    with seldom():
        await asyncio.wait({serving, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    broken = serving.done()
    typer.echo("stopping ...")
    door.stop()
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


def _patience(door: Door) -> Patience:
    def tell(words: str) -> None:
        if door.waiting != words:
            typer.echo(words)
        door.waiting = words

    return Patience(tell)
