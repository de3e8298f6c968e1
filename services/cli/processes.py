"""`voronka run --profile distributed`: a process that runs some services, or all, until it is told to stop."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import typer

from services.cli.attend import attend
from services.cli.workspace import SERVICES
from services.gateway.domain.numbers import NUMBERS
from services.gateway.site import Site
from services.kit.engine import Engine
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.ports import Ports
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.settings import Settings
from services.kit.share import Share
from services.kit.tracing.sending import SENDING
from services.kit.web import Door, create_app, service_app

GATEWAY = "gateway"
NAMES = tuple(service.name for service in SERVICES)
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
    SENDING.start(plan.local)

    async def work(door: Door, patience: Patience) -> None:
        await _work(plan, door, patience, open_ports)

    return await attend(plan.settings, ", ".join(sorted(plan.local)), work)


async def _work(plan: Plan, door: Door, patience: Patience, open_ports: Open) -> None:
    """Wait for what is needed, then work until cancelled."""
    passes = Passes(plan.secret)
    ports = await open_ports(plan.settings, patience)
    calls = Calls({name: url for name, url in plan.settings.urls().items() if name not in plan.local}, passes)
    try:
        engine = await patience.until("the stores", lambda: _started(plan, ports, calls))
        try:
            door.app = _application(engine, plan, passes)
            door.leave = engine.leaving.set
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
    site = Site.of(
        engine,
        proxied=plan.settings.behind_proxy,
        first=_first(plan, engine),
        development=plan.settings.development,
    )
    if site.accounts.first_path is not None:
        typer.echo(f"create the administrator at {plan.settings.address()}{site.accounts.first_path}")
    return create_app(engine, SERVICES, site.pages, gate=site.gate, passes=passes, hosts=plan.settings.hosts())


def _first(plan: Plan, engine: Engine) -> str:
    """Return the secret of the first administrator's address: the same in all gateways of this workspace."""
    return hmac.new(plan.secret.encode(), f"first:{engine.ports.store.log_id}".encode(), "sha256").hexdigest()
