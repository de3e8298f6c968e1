"""`voronka run`: the web server and all workers in one process, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import typer
from granian.constants import Interfaces
from granian.server.embed import Server

from services.cli import demo_accounts
from services.cli.accounts import Direct
from services.cli.collector import seldom
from services.cli.filling import Demo, begun, fill, is_empty, today
from services.cli.listening import accepts
from services.cli.workspace import SERVICES, engine
from services.gateway.site import Site
from services.importer.desk.desk import IMPORTS, Desk
from services.kit.engine import Engine
from services.kit.errors import Unusable
from services.kit.settings import Settings
from services.kit.tracing.sending import SENDING
from services.kit.web.app import create_app

_DEMO = (2_000, 60_000, 1)


async def serve(data: Path, settings: Settings, *, demo_if_empty: bool) -> int:
    """Serve the workspace until SIGINT or SIGTERM. Raises Unusable if the port or the folder is taken."""
    check_port(settings.host, settings.port)
    SENDING.start([service.name for service in SERVICES])
    demo = begun(data)
    if demo is None and demo_if_empty and await is_empty(data):
        demo = Demo(*_DEMO, today())
    if demo is not None:
        demo_accounts.begin(data)
        typer.echo("filling the workspace with a demo, one moment ...")
        await fill(data, demo)
    async with engine(data) as running:
        await demo_accounts.finish(data, Direct.of(running))
        await _serve(running, data, settings)
    return 0


async def _serve(running: Engine, data: Path, settings: Settings) -> None:
    imports = Desk(running, data / IMPORTS)
    site = Site.of(running, proxied=settings.behind_proxy, imports=imports, development=settings.development)
    hosts = [settings.host, *settings.hosts()]
    app = create_app(running, SERVICES, site.pages, gate=site.gate, hosts=hosts)
    server = Server(app, address=settings.host, port=settings.port, interface=Interfaces.ASGI, log_enabled=False)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    serving = asyncio.create_task(server.serve())
    stop = asyncio.create_task(stopping.wait())
    with seldom():
        if await accepts(settings.host, settings.port, serving, stop):
            demo_accounts.tell(demo_accounts.kept(data))
            if site.accounts.first_path is not None:
                typer.echo(f"create the administrator at {settings.address()}{site.accounts.first_path}")
            typer.echo(f"Voronka is ready at {settings.address()}  (data: {data}; stop with Ctrl+C)")
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    typer.echo("stopping ...")
    running.leaving.set()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=10)


def check_port(host: str, port: int) -> None:
    """Raise Unusable if nobody can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unusable(
                f"port {port} is taken ({error.strerror}); is Voronka running already? Choose another with --port."
            ) from error
