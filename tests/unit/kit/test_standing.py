"""A lane that stands: what its worker tells, and what makes it go on (DESIGN 5, ADR 0021, TORTURE R5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.envelope import NewEvent
from contracts.pipeline.events import DealTouched
from services.analytics.projections.group import ANALYTICS
from services.kit.adapters.log_bus import LogBus
from services.kit.codec import Codec
from services.kit.documents import LaneState
from services.kit.ports import Ports
from services.kit.stops import Stops
from services.kit.telemetry import METRICS
from tests.unit.analytics.support import T0
from tests.unit.kit.support import GROUP, Running, workspace


def bad(id: str) -> NewEvent:
    return NewEvent(
        id=id, type=DealTouched.type, key="c7", occurred_at=T0, actor="x", command_id=id, command_hash="", data=b"{"
    )


class Watched:
    """Documents that count how often they were looked into."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def snapshot(self) -> Any:
        self.looks += 1
        return self._documents.snapshot()


@asynccontextmanager
async def poisoned(folder: Path, *events: str) -> AsyncIterator[tuple[Ports, Stops]]:
    """Open a workspace whose log has these events that nobody can fold."""
    async with workspace(folder) as ports:
        for id in events:
            await ports.store.append(f"deal-{id}", [bad(id)], 0)
        stops = Stops(ports.documents, ports.store.log_id)
        await stops.define()
        yield ports, stops


def alarm() -> float:
    return METRICS.stopped.labels(ANALYTICS.name, "0")._value.get()


async def lanes(ports: Ports) -> list[LaneState]:
    async with ports.documents.snapshot() as reader:
        return await reader.lanes(GROUP)


async def test_only_the_event_that_was_decided_is_passed(tmp_path: Path) -> None:
    async with poisoned(tmp_path, "b1", "b2") as (ports, stops):
        watched = Watched(ports.documents)
        async with Running(ports, docs=watched) as running:
            await running.settle()
            assert alarm() == 1
            (stood,) = await stops.standing([ANALYTICS])
            await stops.decide(replace(stood, event_id="b2", position=2), "ann", "too early")
            await stops.decide(replace(stood, group="analytics.1-2"), "ann", "another build")
            looks = watched.looks
            await running.until(lambda: watched.looks >= looks + 2)
            assert list(running.stops) == [0], "neither is what it stands at"
            await stops.decide(stood, "ann", "not ours")
            await running.until(lambda: not running.stops and running.runner.lanes[0].positions)
            await running.until(lambda: running.runner.lanes[0].positions["pipeline.events"] == (2, "b2"))
            assert alarm() == 0, "b2 had been decided before it was met"
            assert [state.incomplete for state in await lanes(ports)] == [True]


async def test_a_decision_outlives_the_worker(tmp_path: Path) -> None:
    async with poisoned(tmp_path, "b1") as (ports, stops):
        async with Running(ports) as running:
            await running.settle()
            assert list(running.stops) == [0]
        assert alarm() == 0, "who does not fold raises no alarm"
        (stood,) = await stops.standing([ANALYTICS])
        assert stood.event_id == "b1"
        await stops.decide(stood, "ann", "")
    async with workspace(tmp_path) as ports:
        async with Running(ports) as running:
            await running.until(lambda: running.runner.lanes.get(0) and running.runner.lanes[0].positions)
        (state,) = await lanes(ports)
        assert (state.positions, state.incomplete) == ({"pipeline.events": (1, "b1")}, True)


class Deaf(LogBus):
    """A bus that only notes the wish for a lane to be delivered again."""

    wishes: list[tuple[str, int]]

    async def resend(self, group: str, lane: int) -> None:
        self.wishes.append((group, lane))


async def test_who_lost_a_lane_that_stands_takes_the_alarm_back(tmp_path: Path) -> None:
    async with poisoned(tmp_path, "b1") as (ports, stops):
        bus = Deaf(ports.store)
        bus.wishes = []
        async with Running(ports, bus=bus) as running:
            await running.settle()
            assert alarm() == 1
            state = await ports.documents.open_lane(GROUP, 0, ports.store.log_id)  # another worker
            await running.until(lambda: bus.wishes)
            assert alarm() == 0
            assert await stops.standing([ANALYTICS]) == [], "that one has not met it yet"
            assert bus.wishes == [(GROUP, 0)]
            assert [each.rev for each in await lanes(ports)] == [state.rev], "nothing was stored by the older owner"


async def test_a_version_that_can_fold_it_ends_the_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with poisoned(tmp_path, "b1") as (ports, stops):
        async with Running(ports) as running:
            await running.settle()
        (stood,) = await stops.standing([ANALYTICS])
        await stops.decide(stood, "ann", "")
        whole = SimpleNamespace(deal_id="d", client_id="c7", funnel_id="f", stage_id="A")
        monkeypatch.setattr(Codec, "decode", lambda *_: whole)
        async with Running(ports) as running:
            await running.settle()
        assert await stops.standing([ANALYTICS]) == []
        (state,) = await lanes(ports)
        assert not state.incomplete, "it was folded, so nothing is missing"
        assert await stops.incomplete([ANALYTICS]) == []
