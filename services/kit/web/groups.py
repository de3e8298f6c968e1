"""How far the groups of read models are: told by the process that folds them, or, where several do, by what is stored
(DESIGN 10, 11)."""

from __future__ import annotations

import msgspec

from contracts.problem import Unavailable
from services.kit.engine import Engine
from services.kit.projection import Projection
from services.kit.runner import ProjectionRunner
from services.kit.stops import Stops


class StoppedLane(msgspec.Struct, frozen=True):
    """A lane that stands: at which event, and why. `voronka skip` passes it, `voronka rebuild` begins anew."""

    lane: int
    position: int
    event_id: str
    event_type: str
    reason: str


class GroupStatus(msgspec.Struct, frozen=True):
    """How far a projection is, whoever folds it. `group`: which build serves reads, empty: none yet. `lag`: events of
    the log it has not passed (at least: a process remembers the newest 2,000 of a lane). `incomplete`: an event was
    skipped by hand. `working`: it derives something in the background, such as new sales rules; of what this process
    folds. `rebuilding`: another build is to serve instead."""

    name: str
    group: str
    lag: int
    working: bool
    incomplete: bool
    rebuilding: bool
    stopped: list[StoppedLane]


async def groups(engine: Engine) -> list[GroupStatus]:
    """Return the state of each group that this process folds; where others fold too, of all. Raises Unavailable."""
    if engine.share is None:
        return [await _own(engine, runner) for runner in engine.runners.values()]
    projections = [projection for service in engine.services for projection in service.projections]
    stops = Stops(engine.ports.documents, engine.ports.store.log_id)
    await stops.define()
    stood, lacking = await stops.standing(projections), await stops.incomplete(projections)
    found: list[GroupStatus] = []
    for projection in projections:
        group, stale = await _served(engine, projection)
        runner = engine.runners.get(projection.name)
        found.append(
            GroupStatus(
                name=projection.name,
                group=group,
                lag=await engine.horizon.behind(projection.name),
                working=runner is not None and runner.working,
                incomplete=any(each.group == group for each in lacking),
                rebuilding=stale,
                stopped=[
                    StoppedLane(each.lane, each.position, each.event_id, each.event_type, each.reason)
                    for each in stood
                    if each.group == group
                ],
            )
        )
    return found


async def _served(engine: Engine, projection: Projection) -> tuple[str, bool]:
    try:
        named, stale = await engine.horizon.groups([projection.name])
    except Unavailable:  # being made for the first time, by others
        return "", True
    return named[projection.name], stale


async def _own(engine: Engine, runner: ProjectionRunner) -> GroupStatus:
    name = runner.projection.name
    async with engine.reading() as reader:
        lanes = await reader.lanes(runner.group)
    stops = [(lane.number, lane.stop) for lane in runner.lanes.values() if lane.stop is not None]
    return GroupStatus(
        name=name,
        group=runner.group,
        lag=await engine.horizon.lag(name),
        working=runner.working,
        incomplete=any(lane.incomplete for lane in lanes),
        rebuilding=(await engine.ports.documents.active(name) or runner.group) != runner.group,
        stopped=[
            StoppedLane(lane, stop.event.position, stop.event.id, stop.event.type, stop.reason) for lane, stop in stops
        ],
    )
