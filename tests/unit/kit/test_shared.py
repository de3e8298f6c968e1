"""What a process keeps because others write too: the log's end, what edges know, patience with servers (#4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.events import ClientStatusChanged
from contracts.gateway.events import EmployeeAdded, EmployeeLeft
from contracts.pipeline.events import DealTouched
from contracts.problem import Unavailable
from services.analytics.projections.group import ANALYTICS
from services.gateway.known import GatewayKnown
from services.kit import patience as waiting
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.horizon_shared import Together
from services.kit.lanes import lane_of
from services.kit.learner import Learner
from services.kit.news import NoNews
from services.kit.patience import Patience
from services.kit.tail import _KEPT, Tail
from tests.support.patience import until
from tests.unit.kit.support import GROUP, store_all, workspace

LANES = 12
TOPIC = "pipeline.events"
DEALS = {TOPIC: frozenset({DealTouched.type})}


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with workspace(tmp_path, LANES) as opened:
        yield opened


def touched(deal: str, at: int = 1) -> DealTouched:
    return DealTouched(deal_id=deal, client_id=None, funnel_id="f", stage_id="s", occurred_at=at)


def added(employee: str) -> EmployeeAdded:
    return EmployeeAdded(employee_id=employee, name=employee, occurred_at=1)


def promoted(client: str) -> ClientStatusChanged:
    return ClientStatusChanged(client_id=client, from_status="potential", to_status="current", occurred_at=1)


async def test_the_tail_tells_what_is_behind_positions(ports: Ports) -> None:
    stored = await store_all(ports, [(f"deal-{n}", touched(f"d{n}")) for n in range(40)])
    tail = Tail(ports.store, LANES)
    task = asyncio.create_task(tail.run(0))
    await until(lambda: tail.seen == 40)
    assert tail.seen_at == stored[-1].recorded_at
    for lane in range(LANES):
        mine = [event for event in stored if lane_of(event.key, LANES) == lane]
        for passed in range(len(mine) + 1):
            at = mine[passed - 1].position if passed else 0
            first = mine[passed].recorded_at if passed < len(mine) else None
            assert tail.count(lane, DEALS, {TOPIC: (at, "")}) == len(mine) - passed
            assert tail.first(lane, DEALS, {TOPIC: (at, "")}) == first
        assert tail.first(lane, {"clients.events": frozenset({ClientStatusChanged.type})}, {}) is None
    await store_all(ports, [("employee-e", added("e"))])
    await until(lambda: tail.seen == 41)
    added_ones = {"gateway.events": frozenset({EmployeeAdded.type})}
    assert {tail.count(lane, added_ones, {}) for lane in range(LANES)} == {1}, "in every lane"
    task.cancel()


async def test_the_tail_says_what_it_no_more_remembers(ports: Ports) -> None:
    tail = Tail(ports.store, 1)
    event = (await store_all(ports, [("deal-d", touched("d"))]))[0]
    many = 2 * _KEPT + 1
    for position in range(1, many + 1):
        event.position, event.recorded_at = position, 1000 + position
        await tail._take([event])
    for at, count, first in (
        (many - 1, 1, 1000 + many),
        (many - _KEPT, _KEPT, 1000 + many - _KEPT + 1),
        (many - _KEPT - 1, _KEPT, 0),
        (0, _KEPT, 0),
    ):
        positions = {TOPIC: (at, "")}
        assert (tail.count(0, DEALS, positions), tail.first(0, DEALS, positions)) == (count, first)


async def test_the_tail_goes_on_when_the_store_is_back(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kit.tail._AGAIN", 0.001)
    stored = await store_all(ports, [(f"deal-{n}", touched(f"d{n}")) for n in range(4)])

    class Cut:
        """Gives one event a time, and is away in between."""

        async def read_all(self, after: int, limit: int) -> Any:
            return await ports.store.read_all(after, limit)

        async def follow(self, after: int) -> AsyncIterator[Any]:
            yield await ports.store.read_all(after, 1)
            raise Unavailable("cut")

    seen: list[int] = []

    async def listen(events: Any) -> None:
        seen.extend(event.position for event in events)

    tail = Tail(Cut(), LANES)  # type: ignore[arg-type]
    tail.listeners.append(listen)
    task = asyncio.create_task(tail.run(1))
    await until(lambda: tail.seen == 4)
    task.cancel()
    assert seen == [2, 3, 4]
    assert tail.seen_at == stored[-1].recorded_at


async def test_of_two_topics_one_is_told_much_later(ports: Ports) -> None:  # P18, R4
    """Who begins to look when a lane has the newest deal and lacks a client's event of before must not call it folded:
    `verify` compared too early."""
    log = await store_all(
        ports,
        [
            *((f"client-{n}", promoted(f"c{n}")) for n in range(60)),
            *((f"deal-{n}", touched(f"d{n}")) for n in range(200)),
        ],
    )
    clients, deals = "clients.events", TOPIC
    in_lane = {lane: [event for event in log if lane_of(event.key, LANES) == lane] for lane in range(LANES)}
    await ports.documents.define(GROUP, ANALYTICS.collections, ANALYTICS.counters)
    await ports.documents.activate(ANALYTICS.name, GROUP)

    async def stands(lane: int, lacking: int) -> None:
        """The lane has all but so many of the last events of clients."""
        at = {topic: [e.position for e in in_lane[lane] if e.topic == topic] for topic in (clients, deals)}
        had = at[clients][: len(at[clients]) - lacking]
        positions = {deals: (at[deals][-1], "")} | ({clients: (had[-1], "")} if had else {})
        state = await ports.documents.open_lane(GROUP, lane, ports.store.log_id)
        await ports.documents.commit(GROUP, lane, state.rev, positions, [])

    async def as_of() -> int:
        tail = Tail(ports.store, LANES)
        horizon = Together({}, {ANALYTICS.name: ANALYTICS}, ports.store, ports.documents, tail, LANES, NoNews())
        task = asyncio.create_task(tail.run(await horizon.start()))
        await until(lambda: tail.seen == log[-1].position)
        task.cancel()
        shown = await horizon.as_of([ANALYTICS.name])
        assert await horizon.caught_up([ANALYTICS.name]) == (shown > log[-1].recorded_at)
        return shown

    for lane in range(LANES):
        await stands(lane, 0 if lane != 7 else len([event for event in in_lane[7] if event.topic == clients]))
    first = next(event for event in in_lane[7] if event.topic == clients)
    assert await as_of() == first.recorded_at - 1, "a topic of which the lane has nothing at all"
    await stands(7, 0)
    assert await as_of() > log[-1].recorded_at
    for lacking in (1, 2):
        await stands(5, lacking)
        first = [event for event in in_lane[5] if event.topic == clients][-lacking]
        assert await as_of() == first.recorded_at - 1


async def test_reference_events_are_taken_in_once_and_in_order(ports: Ports) -> None:
    known = GatewayKnown()
    applied: list[int] = []
    apply = known.apply

    def noted(data: Any, event: Any) -> None:
        applied.append(event.position)
        apply(data, event)

    known.apply = noted  # type: ignore[method-assign]
    learner = Learner(ports.store, Codec(ports.keyring), {"gateway": known})
    await store_all(ports, [("employee-a", added("a")), ("deal-d", touched("d")), ("employee-b", added("b"))])
    assert await learner.learn()
    assert not await learner.learn()
    left = EmployeeLeft(employee_id="a", occurred_at=2)
    await store_all(ports, [("employee-a", left), ("employee-c", added("c"))])
    learned = await asyncio.gather(*(learner.learn() for _ in range(5)), *(learner.up_to(5) for _ in range(5)))
    assert learned.count(True) == 1
    assert applied == [1, 3, 4, 5]
    assert known.employees["a"].left
    for event in await ports.store.read_all(0, 10):
        learner.tell(event)  # told again by an append of this process
    assert applied == [1, 3, 4, 5]


async def test_what_is_known_up_to_a_place_is_not_asked_again(ports: Ports) -> None:
    learner = Learner(ports.store, Codec(ports.keyring), {})
    asked = 0
    learn = learner.learn

    async def counted() -> bool:
        nonlocal asked
        asked += 1
        return await learn()

    learner.learn = counted  # type: ignore[method-assign]
    for position in (3, 2, 3, 5, 4):
        await learner.up_to(position)
    assert asked == 2


async def test_patience_says_what_it_waits_for_and_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def slept(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(waiting.asyncio, "sleep", slept)
    said: list[str] = []
    left = 8

    async def attempt() -> str:
        nonlocal left
        left -= 1
        if left:
            raise Unavailable("nobody answers")
        return "there"

    assert await Patience(said.append).until("the store", attempt) == "there"
    assert said == ["waiting for the store: nobody answers"] * 7
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
