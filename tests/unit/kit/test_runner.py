"""The runner on real stores: however events come, the same documents and counters (promise 1, DESIGN 5)."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from contracts.envelope import NewEvent, RecordedEvent
from contracts.pipeline.events import DealOpened, DealTouched
from contracts.problem import Unavailable
from contracts.registry import REFERENCE_TYPES
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import Fact
from services.kit.adapters.log_bus import LogBus
from services.kit.documents import Counter, LaneMoved
from services.kit.lane import Lane
from services.kit.lanes import lane_of
from services.kit.projection import Projection
from services.kit.stops import Stops
from tests.unit.analytics.support import T0, Story
from tests.unit.kit.support import (
    GROUP,
    Dump,
    FaultyBus,
    Running,
    dump,
    in_memory,
    merged,
    new,
    store_all,
    workspace,
)

sizes = pytest.mark.parametrize("batches", [1, 7, 1_000], indirect=True)


async def all_retired(ports: Any, running: Running) -> None:
    """Wake every lane now and then, as life does, until none keeps old rules: a lane at rest is not asked again."""
    for n in range(3):
        story = Story(stages={})
        story.stage("zz", f"s{n}", "none", T0)
        await store_all(ports, story.events)
        await running.settle()


@sizes
async def test_any_batches_give_what_single_events_give(data: Path, expected: Dump, batches: int) -> None:
    async with workspace(data) as ports:
        async with Running(ports) as running:
            await running.settle()
            assert not running.stops
        found = await dump(ports)
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, name


@pytest.mark.parametrize(("batches", "seed"), [(1_000, None), (7, 1), (1_000, 2)], indirect=["batches"])
async def test_twelve_lanes_with_shuffled_topics_give_the_same(data: Path, seed: int | None, batches: int) -> None:
    async with workspace(data, 12, seed) as ports:
        async with Running(ports) as running:
            await running.settle()
            await all_retired(ports, running)
            assert not running.stops
        await check(ports)


async def check(ports: Any) -> None:
    """Compare what is stored with a fold of the log in memory."""
    found = merged(await dump(ports))
    for name, rows in merged(in_memory(await ports.store.read_all(0, 10**9))).items():
        assert found[name] == rows, name


@pytest.mark.parametrize(("lanes", "seed"), [(1, None), (12, 3)])
@pytest.mark.parametrize("batches", [7], indirect=True)
async def test_restarts_at_any_place_change_nothing(short: Path, lanes: int, seed: int | None, batches: int) -> None:
    rng = Random(5)
    for _ in range(8):
        async with workspace(short, lanes, seed) as ports, Running(ports) as running:
            await running.until(lambda: len(running.runner.lanes) == lanes)
            await running.until(partial(further, running, running.folded + rng.randint(1, 300)))
    async with workspace(short, lanes, seed) as ports:
        async with Running(ports) as running:
            await running.settle()
            await all_retired(ports, running)
        await check(ports)


def further(running: Running, than: int) -> bool:
    return running.runner.passed >= 0 or running.folded > than


@pytest.mark.parametrize(("lanes", "seed"), [(1, None), (12, 4)])
@pytest.mark.parametrize("batches", [1, 20], indirect=True)
async def test_lost_and_repeated_deliveries_are_healed(short: Path, lanes: int, seed: int | None, batches: int) -> None:
    async with workspace(short, lanes, seed) as ports:
        bus: Any = FaultyBus(ports.bus, lose=23, repeat=3)
        async with Running(ports, bus=bus) as running:
            await running.settle()
            noticed = bus.resent
            for lane in range(lanes):  # as a relay does now and then: a topic's last event may be lost
                await ports.bus.resend(GROUP, lane)
            await running.settle()
            await all_retired(ports, running)
            assert not running.stops
        await check(ports)
    assert bus.lost > 10
    assert bus.repeated > 10
    assert noticed > 3, "a gap is noticed, and asked for again"


# ------------------------------------------------------------ poison

POISON: dict[str, tuple[NewEvent, str]] = {
    "unknown type": (
        NewEvent(
            id="bad", type="pipeline.Unheard.v9", key="c7", occurred_at=T0, actor="x", command_id="bad", command_hash=""
        ),
        "not known",
    ),
    "broken JSON": (
        NewEvent(
            id="bad", type=DealTouched.type, key="c7", occurred_at=T0, actor="x", command_id="bad", command_hash="",
            data=b"{",
        ),
        "DecodeError",
    ),
    "fold raises": (
        NewEvent(
            id="bad", type="pipeline.DealLeftClient.v1", key="c7", occurred_at=T0, actor="x", command_id="bad",
            command_hash="", data=b'{"deal_id":"nowhere","client_id":"c7"}',
        ),
        "LookupError",
    ),
}  # fmt: skip
TALLY = Projection("tally", 1, (), (Counter("opened", {"what": "text"}, ("times",)),))


@TALLY.on(DealOpened)
def _opened(context: Any, data: Any, event: RecordedEvent) -> None:
    context.add("opened", ("deal",), (1,))


def of_lane(log: list[RecordedEvent], lane: int, lanes: int) -> list[RecordedEvent]:
    return [e for e in log if e.type in REFERENCE_TYPES or lane_of(e.key, lanes) == lane]


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("batches", [1, 1_000], indirect=True)
async def test_a_poisonous_event_stops_its_lane_and_no_other(
    tmp_path: Path, short_log: tuple[Path, list[RecordedEvent]], poison: str, batches: int
) -> None:
    bad, reason = POISON[poison]
    half = [short_log[1][:300], short_log[1][300:600]]
    async with workspace(tmp_path, 12) as ports:
        await again(ports, half[0])
        await ports.store.append("deal-bad", [bad], 0)
        await again(ports, half[1])
        stored = await ports.store.read_all(0, 10**9)
        async with Running(ports) as running, Running(ports, TALLY, "tally.1") as other:
            await running.settle()
            await other.settle()
            lane = lane_of("c7", 12)
            assert list(running.stops) == [lane]
            assert reason in running.stops[lane]
            assert running.runner.lanes[lane].stop.event.id == "bad"
            assert list(other.stops) == ([lane] if poison == "unknown type" else [])
        found = await dump(ports)
        if poison != "unknown type":
            opened = sum(event.type == DealOpened.type for event in stored)
            assert (await dump(ports, TALLY, "tally.1"))["opened"] == {("deal",): (opened,)}
    position = next(event.position for event in stored if event.id == "bad")
    for each in range(12):
        mine = of_lane(stored, each, 12)
        wanted = in_memory([e for e in mine if each != lane or e.position < position], each)
        for name in ("facts", "people", "visits", "payments"):
            assert {k: v for k, v in found[name].items() if k[1] == each} == wanted[name], (each, name)


async def again(ports: Any, events: list[RecordedEvent]) -> None:
    """Store recorded events once more, one after the other."""
    for event in events:
        plain = {name: getattr(event, name) for name in NewEvent.__dataclass_fields__}
        await ports.store.append(event.stream, [NewEvent(**plain)], event.version - 1)


async def test_a_first_batch_of_touches_alone_is_folded(tmp_path: Path) -> None:
    """They name no documents, so nothing is loaded: the group must not ask for what is not there."""
    story = Story(stages={})
    story.deals["d1"] = {"deal_id": "d1", "client_id": "c1", "funnel_id": "f", "stage_id": "A"}
    story.touch("d1", T0)
    async with workspace(tmp_path) as ports:
        await store_all(ports, story.events)
        async with Running(ports) as running:
            await running.settle()
        assert (await dump(ports))["seen"] == {("touched",): (1,)}


# ------------------------------------------------------------ commits without an answer


FAULTY = 48


class Cut:
    """Documents away at every third of the first commits, in turn before it is stored and after."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self._commits = 0
        self.before = self.after = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def commit(self, *args: Any, **more: Any) -> None:
        self._commits += 1
        if self._commits % 6 == 3 and self._commits <= FAULTY:
            self.before += 1
            raise Unavailable("cut before")
        await self._documents.commit(*args, **more)
        if self._commits % 6 == 0 and self._commits <= FAULTY:
            self.after += 1
            raise Unavailable("cut after")


@pytest.mark.parametrize(("lanes", "seed"), [(1, None), (12, 4)])
@pytest.mark.parametrize("batches", [1, 20], indirect=True)
async def test_commits_whose_end_is_not_known_count_once(  # R9
    short: Path, lanes: int, seed: int | None, batches: int
) -> None:
    async with workspace(short, lanes, seed) as ports:
        cut = Cut(ports.documents)
        async with Running(ports, docs=cut) as running:
            await running.settle()
            await all_retired(ports, running)
            assert not running.stops
        await check(ports)
        assert min(cut.before, cut.after) >= 5


async def test_positions_whose_writes_were_not_stored_are_not_saved(short: Path) -> None:
    """A store that was away until the process stops, and is there again when it stores where it was."""

    class Away(Cut):
        away = False

        async def commit(self, group: str, lane: int, rev: int, positions: Any, writes: Any, **more: Any) -> None:
            if self.away and writes:
                self.before += 1
                raise Unavailable("away")
            await self._documents.commit(group, lane, rev, positions, writes, **more)

    story = Story(stages={})
    story.stage("zz", "late", "none", T0)
    async with workspace(short) as ports:
        away = Away(ports.documents)
        async with Running(ports, docs=away) as running:
            await running.settle()
            away.away = True
            await store_all(ports, story.events)
            await running.until(lambda: away.before > 3)
    async with workspace(short) as ports:
        async with Running(ports) as running:
            await running.settle()
        await check(ports)


# ------------------------------------------------------------ two owners


class Held:
    """Documents whose commits wait until they may go on."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self.waiting, self.go_on = asyncio.Event(), asyncio.Event()
        self.refused: list[LaneMoved] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def commit(self, *args: Any, **more: Any) -> None:
        self.waiting.set()
        if asyncio.current_task().cancelling() == 0:  # type: ignore[union-attr]
            await self.go_on.wait()
        try:
            await self._documents.commit(*args, **more)
        except LaneMoved as error:
            self.refused.append(error)
            raise


async def test_a_place_is_reached_when_its_documents_are_stored_and_not_before(short: Path) -> None:
    async with workspace(short) as ports:
        held = Held(ports.documents)
        async with Running(ports, docs=held) as running:
            await held.waiting.wait()
            assert running.folded == 0
            held.go_on.set()
            await running.settle()
            assert running.folded > 0


async def test_an_end_inside_a_commit_does_not_save_its_positions_without_its_documents(short: Path) -> None:
    def passed_something(*args: Any) -> Lane:
        return Lane(*args, unsaved=1)

    async with workspace(short) as ports:
        held = Held(ports.documents)
        with patch("services.kit.runner.Lane", passed_something):
            async with Running(ports, docs=held):
                await held.waiting.wait()
        async with ports.documents.snapshot() as reader:
            assert [lane.positions for lane in await reader.lanes(GROUP)] == [{}]
        async with Running(ports) as running:
            await running.settle()
        await check(ports)


class Deaf(LogBus):
    """A bus that only notes the wish for a lane to be delivered again."""

    wishes: list[tuple[str, int]]

    async def resend(self, group: str, lane: int) -> None:
        self.wishes.append((group, lane))


async def test_who_lost_a_lane_stores_nothing(data: Path, expected: Dump) -> None:
    async with workspace(data) as ports:
        held, bus = Held(ports.documents), Deaf(ports.store)
        bus.wishes = []
        async with Running(ports, bus=bus, docs=held) as first:
            await held.waiting.wait()
            async with Running(ports, bus=LogBus(ports.store)) as second:
                await second.settle()
                held.go_on.set()
                await first.until(lambda: bus.wishes)
                await second.settle()
            found = await dump(ports)
        assert held.refused
        assert set(bus.wishes) == {(GROUP, 0)}
    assert found == expected


PLAIN = Projection("analytics", ANALYTICS.version, ANALYTICS.collections, ANALYTICS.counters)
PLAIN.folds, PLAIN.keys = ANALYTICS.folds, ANALYTICS.keys
"""Without background work."""


async def test_two_owners_of_one_lane_fold_each_event_once(short: Path) -> None:
    """They take it from each other again and again; each event has its effect once."""
    async with workspace(short) as ports:
        buses = [LogBus(ports.store), LogBus(ports.store)]
        async with Running(ports, PLAIN, bus=buses[0]) as first, Running(ports, PLAIN, bus=buses[1]) as second:
            head = await ports.store.head()
            await first.until(lambda: max(first.runner.passed, second.runner.passed) >= head)
        async with Running(ports) as last:
            await last.settle()
        await check(ports)


NOTED = Projection("noted", 1, (ANALYTICS.collections[0],), ())
"""Works in the background when it is told to."""


async def test_a_lane_lost_during_background_work_is_opened_again(tmp_path: Path) -> None:
    todo: list[str] = []

    def work(context: Any) -> bool:
        if todo:
            context.put("facts", todo[0], Fact(todo[0], "deal", "f", "A", T0))
        return False

    NOTED.work = work
    async with workspace(tmp_path) as ports:
        running = Running(ports, NOTED, "noted.1")
        running.task = asyncio.create_task(running.runner.run())
        await running.settle()
        await ports.documents.open_lane("noted.1", 0, ports.store.log_id)
        todo.append("d1")
        await store_all(ports, Story().events)  # no event of the group; but there may be work again
        try:
            await running.until(lambda: running.runner.lanes[0].rev > 2)
            await running.settle()
        finally:
            running.task.cancel()
            await asyncio.gather(running.task, return_exceptions=True)
        assert set((await dump(ports, NOTED, "noted.1"))["facts"]) == {("d1", 0)}


async def test_old_rules_go_from_all_lanes_though_nothing_happens_in_them(short: Path) -> None:
    with patch("services.analytics.projections.derive.SLICE", 3):
        async with workspace(short, 12) as ports:
            async with Running(ports) as running:
                await running.settle()
            kept = [lane.previous for lane in (await dump(ports))["lane"].values()]
    assert kept == [()] * 12


async def test_a_lane_that_stood_goes_on_behind_the_skipped_event(tmp_path: Path) -> None:
    story = Story()
    story.client("c7", T0)
    async with workspace(tmp_path) as ports:
        stops = Stops(ports.documents, ports.store.log_id)
        await stops.define()
        await store_all(ports, story.events)
        await ports.store.append("deal-bad", [POISON["broken JSON"][0]], 0)
        story = Story(stages={})
        story.deal("d1", "A", 5, T0, client="c7")
        await ports.store.append("deal-d1", [new(story.events[0][1], "after")], 0)
        async with Running(ports) as running:
            await running.settle()
            assert list(running.stops) == [0]
            (stood,) = await stops.standing([ANALYTICS])
            assert (stood.group, stood.lane, stood.event_id) == (GROUP, 0, "bad")
            assert "DecodeError" in stood.reason
            await stops.decide(replace(stood, event_id="another"), "ann", "a slip")
            await stops.decide(stood, "ann", "no deal of ours")
            await running.until(lambda: not running.stops)
            await running.settle()
            assert await stops.standing([ANALYTICS]) == []
        found = await dump(ports)
        async with ports.documents.snapshot() as reader:
            assert [lane.incomplete for lane in await reader.lanes(GROUP)] == [True]
    assert [d.value for d in found["facts"].values()] == [5]
    assert ANALYTICS.name == "analytics"
