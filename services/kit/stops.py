"""Where lanes stand, and which events were decided to be passed: kept beside the read models, so that any process sees
it and any number of workers act alike (DESIGN 5, ADR 0021)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from services.kit import clock
from services.kit.documents import Collection, Filter, LaneMoved, LaneState, Purge, Put, Write
from services.kit.ports import Documents, Reader
from services.kit.projection import Projection

log = structlog.get_logger(__name__)
GROUP = "stops.1"
_MOST = 1_000
_JITTER = 5_000


class Stood(msgspec.Struct, frozen=True):
    """A lane that stands. `rev`: the lane's revision then; `since`: UTC ms. `topic`, `position`: of the event, as the
    lane counts them (those of a message that is no event are its own)."""

    projection: str
    group: str
    lane: int
    rev: int
    log_id: str
    topic: str
    position: int
    event_id: str
    event_type: str
    reason: str
    since: int


class Decision(msgspec.Struct, frozen=True):
    """That one versioned group goes on behind one event: what was wrong with it, who decided it, when (UTC ms), why."""

    group: str
    lane: int
    topic: str
    position: int
    event_id: str
    event_type: str
    reason: str
    who: str
    at: int
    why: str


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A lane of a group that serves reads and lacks events; `skipped`: those whose decision is known."""

    projection: str
    group: str
    lane: int
    skipped: list[Decision]


STOPS = Collection("stops", Stood, columns={"group": "text"})
"""One document per group and lane, under the group's name: the last stop of the lane, over or not."""
SKIPS = Collection("skips", Decision, columns={"group": "text"})


class Stops:
    """Documents that several processes write: each opens the lane for one commit, and does it again if another came
    between. All methods raise Unavailable."""

    def __init__(self, documents: Documents, log_id: str) -> None:
        self._documents = documents
        self._log_id = log_id

    async def define(self) -> None:
        """Make the collections, if missing. To be done before anything else."""
        await self._documents.define(GROUP, (STOPS, SKIPS), ())

    # ------------------------------------------------------------ the worker's side

    async def note(self, stood: Stood) -> None:
        """Store that a lane stands, unless a later owner of the lane has told of it."""

        async def writes(reader: Reader) -> list[Write]:
            found = await reader.get_many(GROUP, STOPS.name, [stood.group], stood.lane)
            later = any(row.document.log_id == stood.log_id and row.document.rev > stood.rev for row in found)
            return [] if later else [Put(STOPS.name, stood.group, stood)]

        await self._write(stood.lane, writes)

    async def decided(self, stood: Stood) -> Decision | None:
        """Return the decision to pass this very event in this very group, if there is one. Raises LaneMoved if another
        worker has opened the lane since it stands."""
        async with self._documents.snapshot() as reader:
            state = _lane(await reader.lanes(stood.group), stood.lane)
            if state is None or state.rev != stood.rev:
                raise LaneMoved(f"lane {stood.lane} of {stood.group}: {state and state.rev} is not {stood.rev}")
            found = await reader.get_many(GROUP, SKIPS.name, [_id(stood)], stood.lane)
        return found[0].document if found else None

    # ------------------------------------------------------------ everybody's side

    async def standing(self, projections: Sequence[Projection]) -> list[Stood]:
        """Return where lanes of these projections stand now, in every build of theirs that this version can read."""
        groups = await self._told(projections)
        found: list[Stood] = []
        async with self._documents.snapshot() as reader:
            for group in groups:
                lanes = await reader.lanes(group)
                for row in await reader.get(GROUP, STOPS.name, group):
                    state = _lane(lanes, row.lane)
                    if state is not None and self._stands(row.document, state):
                        found.append(row.document)
        return sorted(found, key=lambda stood: (stood.projection, stood.group, stood.lane))

    async def _told(self, projections: Sequence[Projection]) -> list[str]:
        """Return the groups of these projections that a stop was ever told of, made known to the store."""
        async with self._documents.snapshot() as reader:
            page = await reader.find(GROUP, STOPS.name, limit=_MOST)
        told = {row.document.group for row in page.rows}
        groups: list[str] = []
        for group in await self._documents.groups():
            projection = _owner(projections, group)
            if group in told and projection is not None:
                await self._documents.define(group, projection.collections, projection.counters)
                groups.append(group)
        return groups

    def _stands(self, stood: Stood, state: LaneState) -> bool:
        return stood.log_id == self._log_id and state.rev == stood.rev and not _reached(state, stood)

    async def decide(self, stood: Stood, who: str, why: str) -> None:
        """Let the group go on behind the event at which it stands. Whoever owns the lane does it within a second."""
        decision = Decision(
            stood.group,
            stood.lane,
            stood.topic,
            stood.position,
            stood.event_id,
            stood.event_type,
            stood.reason,
            who,
            clock.now(),
            why,
        )

        async def writes(reader: Reader) -> list[Write]:
            there = await reader.get_many(GROUP, SKIPS.name, [_id(stood)], stood.lane)
            return [] if there else [Put(SKIPS.name, _id(stood), decision)]

        await self._write(stood.lane, writes)

    async def passed(self, stood: Stood) -> bool:
        """Tell whether the lane has gone on behind the event, or the group is replaced."""
        if stood.group not in await self._documents.groups():
            return True
        async with self._documents.snapshot() as reader:
            state = _lane(await reader.lanes(stood.group), stood.lane)
        return state is not None and _reached(state, stood)

    async def incomplete(self, projections: Sequence[Projection]) -> list[Incomplete]:
        """Return which lanes lack events that were skipped, of the groups that serve reads."""
        served: list[tuple[Projection, str]] = []
        for projection in projections:
            group = await self._documents.active(projection.name)
            if group is not None and _owner((projection,), group) is not None:
                await self._documents.define(group, projection.collections, projection.counters)
                served.append((projection, group))
        found: list[Incomplete] = []
        async with self._documents.snapshot() as reader:
            for projection, group in served:
                page = await reader.find(GROUP, SKIPS.name, [Filter("group", "=", group)], limit=_MOST)
                for state in await reader.lanes(group):
                    if state.incomplete:
                        decided: list[Decision] = [row.document for row in page.rows if row.lane == state.lane]
                        skipped = [each for each in decided if _reached(state, each)]
                        found.append(Incomplete(projection.name, group, state.lane, skipped))
        return found

    async def forget(self, group: str) -> None:
        """Forget all of a group that is to be dropped: its name may be used again."""
        async with self._documents.snapshot() as reader:
            lanes = [state.lane for state in await reader.lanes(GROUP)]

        async def writes(_: Reader) -> list[Write]:
            return [Purge(name, "group", group, _MOST) for name in (STOPS.name, SKIPS.name)]

        for lane in lanes:
            await self._write(lane, writes)

    async def _write(self, lane: int, make: Callable[[Reader], Awaitable[list[Write]]]) -> None:
        """Store what is made of what is stored, as if nobody else wrote."""
        while True:
            state = await self._documents.open_lane(GROUP, lane, self._log_id)
            async with self._documents.snapshot() as reader:
                writes = await make(reader)
            if not writes:
                return
            try:
                await self._documents.commit(GROUP, lane, state.rev, {}, writes)
                return
            except LaneMoved:  # somebody else writes: not in step with him, or neither would ever be first
                await asyncio.sleep(int.from_bytes(clock.new_bytes(1), "big") / _JITTER)


def _id(stood: Stood) -> str:
    return f"{stood.group}:{stood.event_id}"


def _lane(lanes: Sequence[LaneState], number: int) -> LaneState | None:
    return next((state for state in lanes if state.lane == number), None)


def _reached(state: LaneState, of: Stood | Decision) -> bool:
    """Tell whether the lane is behind the event."""
    return state.positions.get(of.topic, (0, ""))[0] >= of.position


def _owner(projections: Sequence[Projection], group: str) -> Projection | None:
    """Return whose build, of this version, the group is."""
    return next((projection for projection in projections if projection.made(group)), None)
