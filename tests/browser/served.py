"""A process that serves a small workspace for browsers: `python -m tests.browser.served DATA PORT`; says `ready`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from services.cli.filling import Demo, fill
from services.cli.workspace import SERVICES, engine
from services.gateway.accounts.accounts import add
from services.gateway.site import Site
from services.kit.web import create_app

HOST = "voronka.test"
"""A name that is no secure context, as an address on a local network is none."""
LOGIN, PASSWORD = "olena", "a dozen of green tea cups"
_DEMO = Demo(clients=110, events=1500, seed=5, until="2026-11-20")


async def serve(data: Path, port: int) -> None:
    await fill(data, _DEMO)
    async with engine(data) as running:
        site = Site.of(running, development=True)
        await add(site.accounts, "Olena Petrenko", LOGIN, "administrator", PASSWORD, "system")
        app = create_app(running, SERVICES, site.pages, gate=site.gate, hosts=[HOST])
        server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        serving = asyncio.create_task(server.serve())
        stop = asyncio.create_task(stopping.wait())
        print("ready", flush=True)
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        server.stop()
        await asyncio.wait({serving}, timeout=10)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
