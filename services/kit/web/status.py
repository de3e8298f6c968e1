"""Health, metrics and status of the process, in plain words for who runs it (DESIGN 11)."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from services.kit.engine import Engine
from services.kit.runner import ProjectionRunner
from services.kit.telemetry import METRICS, REGISTRY
from services.kit.web.problems import NotReady
from services.kit.web.queries import folded, folded_up_to


class StoppedLane(msgspec.Struct, frozen=True):
    """A lane that stands: at which event, and why. `voronka skip` passes it, `voronka rebuild` begins anew."""

    lane: int
    position: int
    event_id: str
    event_type: str
    reason: str


class GroupStatus(msgspec.Struct, frozen=True):
    """How far a projection is. `lag`: events of the log it has not passed. `incomplete`: an event was skipped by hand.
    `working`: it derives something in the background, such as new sales rules."""

    name: str
    group: str
    lag: int
    working: bool
    incomplete: bool
    rebuilding: bool
    stopped: list[StoppedLane]


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


def product_version() -> str:
    """Return this product's version."""
    try:
        return version("voronka")
    except PackageNotFoundError:
        return "0"


def _lag(engine: Engine, runner: ProjectionRunner, head: int) -> int:
    return 0 if engine.caught_up(runner.projection.name, head) else max(0, head - folded(runner))


async def _group(engine: Engine, runner: ProjectionRunner, head: int) -> GroupStatus:
    name = runner.projection.name
    async with engine.reading() as reader:
        lanes = await reader.lanes(runner.group)
    stops = [(lane.number, lane.stop) for lane in runner.lanes.values() if lane.stop is not None]
    return GroupStatus(
        name=name,
        group=runner.group,
        lag=_lag(engine, runner, head),
        working=runner.working,
        incomplete=any(lane.incomplete for lane in lanes),
        rebuilding=await engine.serving(name) != runner.group,
        stopped=[
            StoppedLane(lane, stop.event.position, stop.event.id, stop.event.type, stop.reason) for lane, stop in stops
        ],
    )


def troubles(engine: Engine) -> list[str]:
    """Return what keeps the process from being ready, in plain words."""
    if not engine.runners or any(not runner.lanes for runner in engine.runners.values()):
        yet = [] if engine.failure is None else [_failed(engine.failure)]
        return [*yet, "the workspace is being loaded"]
    found = [] if engine.failure is None else [_failed(engine.failure)]
    for name, runner in engine.runners.items():
        found += [
            f"lane {lane.number} of {name} stands at event {lane.stop.event.position}, which could not be folded; "
            "see `voronka skip` and `voronka rebuild`"
            for lane in runner.lanes.values()
            if lane.stop is not None
        ]
    return found


def _failed(error: BaseException) -> str:
    return f"a worker ended with {type(error).__name__}; restart, and run `voronka rebuild` if it happens again"


async def status(engine: Engine) -> Status:
    """Gather the state of the process."""
    head = await engine.ports.store.head()
    found = troubles(engine)
    return Status(
        as_of=await folded_up_to(engine, engine.runners),
        head=head,
        log_id=engine.ports.store.log_id,
        version=product_version(),
        ready=not found,
        problems=found,
        groups=[await _group(engine, runner, head) for runner in engine.runners.values()],
    )


class StatusRoutes:
    """The endpoints."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def live(self, _: Request) -> Response:
        """The process answers."""
        return _json(Alive("alive"))

    async def ready(self, _: Request) -> Response:
        """Everything is loaded and nothing stands; else a problem that says what."""
        if found := troubles(self._engine):
            raise NotReady("; ".join(found))
        return _json(Alive("ready"))

    async def metrics(self, _: Request) -> Response:
        """Prometheus text."""
        head = await self._engine.ports.store.head()
        for name, runner in self._engine.runners.items():
            METRICS.lag_events.labels(name).set(_lag(self._engine, runner, head))
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    async def status(self, _: Request) -> Response:
        """State of the log, of each projection, and what is wrong."""
        return _json(await status(self._engine))


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
