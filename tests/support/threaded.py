"""A workspace served on a socket by a thread of its own, for those who ask from this one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from services.cli.workspace import engine
from services.kit.engine import Engine
from tests.support.patience import PATIENCE


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def in_a_thread(folder: Path, made: Callable[[Engine], Awaitable[Any]]) -> Iterator[int]:
    """Serve what `made` makes of the workspace, after it filled it; yields the port."""
    port, ready, stopped = _free_port(), threading.Event(), []

    async def serve() -> None:
        async with engine(folder) as running:
            app = await made(running)
            server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
            serving = asyncio.create_task(server.serve())
            stopped.append((asyncio.get_running_loop(), running, server))
            ready.set()
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        while not ready.wait(0.1):
            assert thread.is_alive(), "it could not be served"
        yield port
    finally:
        for loop, running, server in stopped:
            loop.call_soon_threadsafe(running.leaving.set)
            loop.call_soon_threadsafe(server.stop)
        thread.join(PATIENCE)
