"""Health, metrics and status of the process, in plain words for who runs it (DESIGN 11)."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Unavailable
from services.kit.engine import Engine
from services.kit.telemetry import METRICS, REGISTRY
from services.kit.version import product_version
from services.kit.web.groups import GroupStatus, groups
from services.kit.web.problems import NotReady

_PATIENCE = 2.0
"""Seconds that a store has to answer before it is called away."""


class Status(msgspec.Struct, frozen=True):
    """`as_of`: the moment (UTC ms) up to which all read models are folded; `head`: position of the newest event."""

    as_of: int
    head: int
    log_id: str
    version: str
    ready: bool
    problems: list[str]
    groups: list[GroupStatus]


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["alive", "ready"]


def missing(engine: Engine) -> list[str]:
    """Return what keeps the process from doing its work at all, in plain words. Where lanes are shared it may have been
    given none yet, for others fold them."""
    found = [] if engine.failure is None else [_failed(engine.failure)]
    alone = engine.share is None
    if not engine.started or (alone and any(not runner.lanes for runner in engine.runners.values())):
        found.append("the workspace is being loaded")
    return found


def stopped(engine: Engine) -> list[str]:
    """Return which lanes stand, in plain words."""
    return [
        _stands(name, lane.number, lane.stop.event.position)
        for name, runner in engine.runners.items()
        for lane in runner.lanes.values()
        if lane.stop is not None
    ]


def _stands(name: str, lane: int, position: int) -> str:
    where = f"lane {lane} of {name} stands at event {position}"
    return f"{where}, which could not be folded; see `voronka skip` and `voronka rebuild`"


async def away(engine: Engine) -> list[str]:
    """Return which stores do not answer, in plain words."""
    ports = engine.ports
    asked = {"the event store": ports.store.head, "the document store": ports.documents.groups}
    found: list[str] = []
    for what, ask in asked.items():
        try:
            await asyncio.wait_for(ask(), _PATIENCE)
        except (Unavailable, TimeoutError) as error:
            why = error.detail if isinstance(error, Unavailable) else f"no answer within {_PATIENCE:.0f} s"
            found.append(f"{what} is away: {why}")
    return found


def _failed(error: BaseException) -> str:
    return f"a worker ended with {type(error).__name__}; restart, and run `voronka rebuild` if it happens again"


async def status(engine: Engine) -> Status:
    """Gather the state of the process."""
    head = await engine.ports.store.head()
    told, found = await groups(engine), missing(engine)
    stands = [_stands(each.name, lane.lane, lane.position) for each in told for lane in each.stopped]
    if engine.share is None:
        problems = found or stands
        ready = not problems
    else:  # as in `StatusRoutes.ready`
        making = [f"the read models of {each.name} are being made" for each in told if not each.group]
        problems = found + making + stands
        ready = not found
    return Status(
        as_of=await engine.horizon.as_of([each.name for each in told]),
        head=head,
        log_id=engine.ports.store.log_id,
        version=product_version(),
        ready=ready,
        problems=problems,
        groups=told,
    )


class StatusRoutes:
    """The endpoints."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def live(self, _: Request) -> Response:
        """The process answers."""
        return alive()

    async def ready(self, _: Request) -> Response:
        """All that is needed is there (and nothing stands, where this process is the only one); else a problem."""
        engine = self._engine
        found = missing(engine)
        if engine.share is None:
            found += [] if found else stopped(engine)
        else:  # A lane that stands is an alarm, no reason to take what works from those who ask.
            found += await away(engine)
        if found:
            raise NotReady("; ".join(found))
        return alive("ready")

    async def metrics(self, _: Request) -> Response:
        """Prometheus text."""
        for name in self._engine.runners:
            METRICS.lag_events.labels(name).set(await self._engine.horizon.lag(name))
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    async def status(self, _: Request) -> Response:
        """State of the log, of each projection, and what is wrong."""
        return _json(await status(self._engine))


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def alive(status: Literal["alive", "ready"] = "alive") -> Response:
    """Say that the process answers, or that it does its work."""
    return _json(Alive(status))
