"""What every bus must do: whole lanes, each topic in order, gaps shown, restarts anywhere (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.envelope import RecordedEvent
from contracts.registry import EVENTS, REFERENCE_TYPES, TOPICS
from services.kit.errors import OtherLog
from services.kit.lanes import lane_of
from services.kit.ports import Append, EventStore
from tests.conformance.cases import STORES, BusCase
from tests.conformance.events import everything, ids, new, several, until
from tests.conformance.faults import FaultyBus
from tests.conformance.group import Group

TYPES = (
    "pipeline.DealStageChanged.v1",
    "pipeline.DealStageChanged.v1",
    "clients.NoteAdded.v1",
    "clients.ClientStageChanged.v1",
    "pipeline.ProductAdded.v1",
    "analytics.SalesRulesSet.v1",
    "gateway.EmployeeAdded.v1",
)
assert set(TYPES) <= EVENTS.keys()
assert {name.split(".")[0] + ".events" for name in TYPES} == set(TOPICS)


@pytest.fixture(params=[case for case in STORES if case.file], ids=lambda case: case.name)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await request.param.open(tmp_path)
    yield opened
    await opened.close()


async def fill(store: EventStore, count: int, start: int = 0) -> list[RecordedEvent]:
    """Append so many events of 40 keys and all topics, some together; return the whole log."""
    await write(store, count, start)
    return await everything(store)


async def write(store: EventStore, count: int, start: int = 0) -> None:
    chance = Random(count)
    n = start
    appends: list[Append] = []
    while n < start + count:
        size = min(chance.randint(1, 4), start + count - n)
        events = [new(f"e{n + k}", chance.choice(TYPES), f"client-{chance.randrange(40)}") for k in range(size)]
        appends.append(Append(f"stream-{n}", events, 0))
        n += size
    await store.append_many(appends)


def belongs(event: RecordedEvent, lane: int, lanes: int) -> bool:
    return event.type in REFERENCE_TYPES or lane_of(event.key, lanes) == lane


def deliveries_of(log: list[RecordedEvent], lanes: int) -> int:
    return sum(lanes if event.type in REFERENCE_TYPES else 1 for event in log)


def check(group: Group, log: list[RecordedEvent], *, in_log_order: bool) -> None:
    """Every lane got its events, each once, each topic in order."""
    for lane, folded in group.folded.items():
        expected = [event for event in log if belongs(event, lane, group.bus.lanes)]
        if in_log_order:
            assert ids(folded) == ids(expected)
        for topic in TOPICS:
            assert ids([e for e in folded if e.topic == topic]) == ids([e for e in expected if e.topic == topic])


async def test_every_lane_gets_its_events_in_order(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 3_000)
    bus = buses.make(store)
    assert bus.lanes == buses.lanes
    group = Group(bus, store)
    await group.take(deliveries_of(log, buses.lanes), most=100)
    check(group, log, in_log_order=not buses.shuffles)
    assert group.gaps == group.repeats == 0
    assert set(group.opened.values()) == {1}
    references = sum(event.type in REFERENCE_TYPES for event in log)
    assert min(len(folded) for folded in group.folded.values()) >= references > 900, "they are in every lane"
    turned = sum(a.position > b.position for folded in group.folded.values() for a, b in pairwise(folded))
    assert bool(turned) == buses.shuffles


async def test_what_is_appended_is_delivered_at_once(buses: BusCase, store: EventStore) -> None:
    bus = buses.make(store)
    group = Group(bus, store)
    taking = asyncio.ensure_future(group.take(deliveries_of(await fill(store, 50), buses.lanes) + 30 * 1))
    for n in range(30):
        await store.append(f"live-{n}", [new(f"live{n}", key=f"client-{n}")], 0)
    await taking
    check(group, await everything(store), in_log_order=not buses.shuffles)


async def test_a_restart_goes_on_from_what_was_stored(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 800)
    bus = buses.make(store)
    group = Group(bus, store)
    total = deliveries_of(log, buses.lanes)
    starts = 1
    for stop in [1, 2, 3, 17, total // 3, total // 2, total - 1, total]:
        starts += group.count < stop
        await group.take(stop, most=7)
    log = await fill(store, 200, start=800)
    await group.take(deliveries_of(log, buses.lanes), most=500)
    check(group, log, in_log_order=not buses.shuffles)
    assert group.gaps == 0
    assert set(group.opened.values()) == {starts}
    assert starts > 5


async def test_lanes_may_stand_at_different_places(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 600)
    group = Group(buses.make(store), store)
    await group.take(deliveries_of(log, buses.lanes))
    # The group lost what one lane had stored, all of it or the later part.
    group.states[0].positions.clear()
    group.folded[0].clear()
    await group.take(deliveries_of(log, buses.lanes))
    check(group, log, in_log_order=not buses.shuffles)
    assert group.gaps == 0


async def test_a_group_may_begin_in_the_middle(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 500)
    group = Group(buses.make(store), store)
    begin: dict[int, int] = {}
    for lane, state in group.states.items():
        begin[lane] = 100 + 10 * lane
        for event in log[: begin[lane]]:
            if belongs(event, lane, buses.lanes):
                state.positions[event.topic] = (event.position, event.id)
                group.folded[lane].append(event)
    await group.take(deliveries_of(log, buses.lanes))
    check(group, log, in_log_order=not buses.shuffles)
    assert group.gaps == 0
    delivered = [(batch.lane, each.event.position) for batch in group.batches for each in batch.events]
    assert all(position > log[begin[lane] - 1].position for lane, position in delivered)


async def test_groups_do_not_know_each_other(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 300)
    bus = buses.make(store)
    groups = [Group(bus, store, f"group-{n}.1") for n in range(3)]
    await groups[0].take(5)
    await asyncio.gather(*(group.take(deliveries_of(log, buses.lanes)) for group in groups))
    for group in groups:
        check(group, log, in_log_order=not buses.shuffles)


async def test_resend_delivers_a_lane_again_from_what_was_stored(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 400)
    total = deliveries_of(log, buses.lanes)
    bus = buses.make(store)
    group = Group(bus, store)
    last = buses.lanes - 1
    more = deliveries_of([event for event in log if belongs(event, last, buses.lanes)], 1)
    taking = asyncio.ensure_future(group.take(total + more + 1))
    await until(lambda: group.count == total)
    # All is delivered and the bus waits. The lane's state is lost, somebody asks for all of it.
    group.states[last].positions.clear()
    first, group.folded[last] = group.folded[last], []
    await bus.resend("nobody.1", last)
    await bus.resend(group.name, last)
    await until(lambda: len(group.folded[last]) == len(first))
    taking.cancel()
    check(group, log, in_log_order=not buses.shuffles)
    assert group.gaps == group.repeats == 0
    assert group.opened == {lane: 2 if lane == last else 1 for lane in range(buses.lanes)}


@pytest.mark.parametrize("most", [1, 7, 1_000])
async def test_lost_and_repeated_deliveries_change_nothing(buses: BusCase, store: EventStore, most: int) -> None:
    log = await fill(store, 1_200)
    lanes = range(buses.lanes)
    last = {(e.topic, lane): e.position for e in log for lane in lanes if belongs(e, lane, buses.lanes)}
    bus = FaultyBus(buses.make(store), lose_every=29, repeat_every=3, spared=set(last.values()))
    group = Group(bus, store)
    await group.take(deliveries_of(log, buses.lanes), most)
    check(group, log, in_log_order=False)
    assert bus.lost
    assert group.gaps
    assert group.repeats or most == 1_000


async def test_writing_while_it_is_delivered(buses: BusCase, store: EventStore) -> None:
    group = Group(buses.make(store), store)
    taking = asyncio.ensure_future(group.take(10**9))
    for start in range(0, 2_000, 50):
        await write(store, 50, start)
    log = await everything(store)
    await until(lambda: group.count == deliveries_of(log, buses.lanes))
    taking.cancel()
    check(group, log, in_log_order=not buses.shuffles)


async def test_a_start_does_not_read_the_log_again(buses: BusCase, store: EventStore) -> None:
    await store.append("product-1", [new("rare", "gateway.EmployeeAdded.v1")], 0)
    await store.append_many([Append(f"deal-{n}", several(f"d{n}", 10), 0) for n in range(300)])
    log = await everything(store)
    group = Group(buses.make(store), store)
    await group.take(deliveries_of(log, buses.lanes))
    reads = Reads(store)
    group.bus = buses.make(reads)
    await store.append("deal-x", [new("last")], 0)
    await group.take(deliveries_of(log, buses.lanes) + 1)
    own = lane_of("client-1", buses.lanes)
    assert ids(group.folded[own])[-1] == "last"
    if buses.lanes == 1:
        assert reads.followed == [log[-1].position], "the employee is old, but all after him is known to be folded"


class Reads:
    """An event store that notes from where it is followed."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.followed: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def follow(self, after: int) -> AsyncIterator[list[RecordedEvent]]:
        self.followed.append(after)
        return self._store.follow(after)


async def test_how_far_all_was_delivered(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 500)
    bus = buses.make(store)
    group = Group(bus, store)
    assert bus.passed(group.name) == -1, "nobody reads"
    seen: list[tuple[int, int]] = []
    group.noted = lambda: seen.append((bus.passed(group.name), group.count))
    taking = asyncio.ensure_future(group.take(10**9, most=50))
    total = deliveries_of(log, buses.lanes)
    await until(lambda: bus.passed(group.name) == log[-1].position)
    assert group.count == total
    # Asked while a batch is in work: it counts as delivered, whoever has it knows.
    for passed, count in seen:
        assert count >= deliveries_of([event for event in log if event.position <= passed], buses.lanes)
    last = await store.append("deal-x", [new("last")], 0)
    await until(lambda: bus.passed(group.name) == last.position)
    assert group.count == total + 1
    taking.cancel()


async def test_positions_of_another_log_are_refused(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 50)
    bus = buses.make(store)
    of_last = {log[-1].topic: (log[-1].position, log[-1].id)}
    wrong = [
        ("another log", of_last),
        (store.log_id, {log[-1].topic: (log[-1].position, "another event")}),
        (store.log_id, {log[-1].topic: (log[-2].position, log[-1].id)}),
        (store.log_id, {log[-1].topic: (log[-1].position + 1, log[-1].id)}),
        (store.log_id, {log[-1].topic: (log[-1].position + 1_000, log[-1].id)}),
        (store.log_id, of_last | {"clients.events": (1, "another event")}),
    ]
    for lane in {0, buses.lanes - 1}:
        for log_id, positions in wrong:
            group = Group(bus, store)
            group.states[lane].log_id = log_id
            group.states[lane].positions = positions
            with pytest.raises(OtherLog):
                await group.take(deliveries_of(log, buses.lanes))
    fresh = Group(bus, store)
    for state in fresh.states.values():
        state.log_id = ""
    await fresh.take(deliveries_of(log, buses.lanes))
    check(fresh, log, in_log_order=not buses.shuffles)


async def test_deliveries_end_when_the_log_is_closed(buses: BusCase, store: EventStore) -> None:
    log = await fill(store, 20)
    group = Group(buses.make(store), store)
    taking = asyncio.ensure_future(group.take(10**9))
    await until(lambda: group.count == deliveries_of(log, buses.lanes))
    await store.close()
    await taking
