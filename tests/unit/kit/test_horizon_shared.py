"""How far read models are that other processes fold: looked up when it is time to, and no more (P18, DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from contracts.base import Event
from contracts.envelope import RecordedEvent
from contracts.pipeline.events import DealTouched
from services.analytics.projections.group import ANALYTICS
from services.kit import horizon_shared
from services.kit.documents import Positions
from services.kit.engine import Ports
from services.kit.horizon_shared import Together
from services.kit.lane import Lane, Place, Waiters
from services.kit.news import Listener
from services.kit.projection import Projection
from services.kit.tail import Tail
from tests.support.patience import PATIENCE, until
from tests.unit.kit.support import GROUP, store_all, workspace

NAME = ANALYTICS.name
TOPIC = "pipeline.events"
TOUCHED = DealTouched.type
HOUR = 3600.0


class Told:
    """News that arrive when the test says so."""

    def __init__(self) -> None:
        self.hears = True
        self.listener: Listener | None = None

    def tell(self, group: str, lane: int, positions: Positions) -> None:
        raise AssertionError("nothing is folded here")

    async def run(self, listener: Listener, /) -> None:
        self.listener = listener
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


class Looked:
    """The document store, which counts how often somebody looks where lanes are, or which group serves."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self.looks = self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def current(self) -> Any:
        self.looks += 1
        return self._documents.current()

    async def active(self, name: str) -> str | None:
        self.asked += 1
        active: str | None = await self._documents.active(name)
        return active


class World:
    """A log with one lane, a group that somebody else folds, and a process that is asked about it."""

    def __init__(self, ports: Ports, projection: Projection) -> None:
        self.ports = ports
        self.news = Told()
        self.documents = Looked(ports.documents)
        self.tail = Tail(ports.store, 1)
        self.horizon = Together({}, {NAME: projection}, ports.store, self.documents, self.tail, 1, self.news)
        self.rev = 0

    async def append(self, *events: Event) -> RecordedEvent:
        log = await store_all(self.ports, [(f"deal-{event.key()}", event) for event in events])
        await until(lambda: self.tail.seen >= log[-1].position)
        return log[-1]

    async def fold(self, event: RecordedEvent) -> Positions:
        """Store, as the other process does, that all up to the event is folded."""
        if not self.rev:
            self.rev = (await self.ports.documents.open_lane(GROUP, 0, self.ports.store.log_id)).rev
        positions = {event.topic: (event.position, event.id)}
        await self.ports.documents.commit(GROUP, 0, self.rev, positions, [])
        return positions

    def waits(self, event: RecordedEvent, seconds: float = PATIENCE) -> asyncio.Task[bool]:
        return asyncio.create_task(self.horizon.wait([(event.topic, 0, event.position)], [NAME], seconds))


@asynccontextmanager
async def world(folder: Path, projection: Projection = ANALYTICS) -> AsyncIterator[World]:
    async with workspace(folder) as ports:
        await ports.documents.define(GROUP, ANALYTICS.collections, ANALYTICS.counters)
        await ports.documents.activate(NAME, GROUP)
        made = World(ports, projection)
        running = [asyncio.create_task(made.horizon.hear()), asyncio.create_task(made.tail.run(0))]
        try:
            await until(lambda: made.news.listener is not None)
            yield made
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def touched(deal: str) -> DealTouched:
    return DealTouched(deal_id=deal, client_id=None, funnel_id="f", stage_id="s", occurred_at=1)


async def heard_of(world: World) -> None:
    """Let the process know the lane: from then on it waits for news."""
    assert await world.waits(await _folded(world))


async def _folded(world: World) -> RecordedEvent:
    event = await world.append(touched("first"))
    await world.fold(event)
    return event


async def test_who_waits_looks_when_it_is_told_and_not_before(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon_shared, "_UNHEARD", HOUR)
    await heard_of(shared)
    event = await shared.append(touched("second"))
    looks = shared.documents.looks
    waiting = [shared.waits(event) for _ in range(5)]
    await asyncio.sleep(0.05)
    assert shared.documents.looks == looks, "nothing was told"
    positions = await shared.fold(event)
    assert shared.news.listener is not None
    shared.news.listener(GROUP, 0, positions)
    assert all(await asyncio.gather(*waiting))
    assert shared.documents.looks == looks + 1, "one look for all who waited"


async def test_what_is_told_and_not_stored_is_not_believed(shared: World) -> None:
    await heard_of(shared)
    event = await shared.append(touched("second"))
    assert shared.news.listener is not None
    shared.news.listener(GROUP, 0, {event.topic: (event.position, event.id)})
    assert not await shared.waits(event, 0.05)
    await shared.fold(event)
    assert await shared.waits(event)


async def test_lost_news_delay_and_lose_nothing(shared: World) -> None:
    await heard_of(shared)
    event = await shared.append(touched("second"))
    waiting = shared.waits(event)
    await asyncio.sleep(0.01)
    await shared.fold(event)
    assert await waiting


async def test_without_news_it_looks_again_and_again(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon_shared, "_UNHEARD", HOUR)
    await heard_of(shared)
    shared.news.hears = False
    event = await shared.append(touched("second"))
    waiting = shared.waits(event)
    await asyncio.sleep(0.01)
    await shared.fold(event)
    assert await waiting


async def test_what_a_group_does_not_fold_need_not_be_passed(tmp_path: Path) -> None:
    """A token names an event that changes nothing in this group: its lane is not waited for, whatever lies before
    and is folded is."""
    folds = {type: fold for type, fold in ANALYTICS.folds.items() if type != TOUCHED}
    deaf = copy(ANALYTICS)
    deaf.folds = folds
    async with world(tmp_path, deaf) as made:
        event = await made.append(touched("first"))
        assert await made.waits(event)
        assert await made.horizon.caught_up([NAME])
        assert await made.horizon.behind(NAME) == 0
    async with world(tmp_path / "all") as made:
        event = await made.append(touched("first"))
        assert not await made.waits(event, 0.05)
        assert not await made.horizon.caught_up([NAME])
        assert await made.horizon.behind(NAME) == 1


async def test_a_read_looks_once_for_the_group_and_once_for_its_lanes(shared: World) -> None:
    event = await _folded(shared)
    looks, asked = shared.documents.looks, shared.documents.asked
    assert (await shared.horizon.groups([NAME])) == ({NAME: GROUP}, False)
    assert await shared.waits(event)
    assert await shared.horizon.as_of([NAME]) > event.recorded_at
    assert (shared.documents.looks - looks, shared.documents.asked - asked) == (1, 1)
    later = await shared.append(touched("second"))
    assert await shared.horizon.as_of([NAME]) == later.recorded_at - 1, "what comes later is not called folded"


async def test_a_wait_for_a_lane_of_ours_looks_for_those_of_others_meanwhile(shared: World) -> None:
    """What `as_of` asks next is known by then."""
    event = await _folded(shared)
    shared.horizon._runners = {NAME: Mine(event)}  # type: ignore[dict-item]
    shared.horizon._lanes = range(2)
    looks = shared.documents.looks
    assert await shared.waits(event)
    await until(lambda: shared.horizon._looks.lately(GROUP, HOUR) is not None)
    assert shared.documents.looks == looks + 1
    assert await shared.horizon.as_of([NAME]) > event.recorded_at
    assert shared.documents.looks == looks + 1


class Mine:
    """A runner that has one of two lanes."""

    group = GROUP

    def __init__(self, event: RecordedEvent) -> None:
        lane = Lane(0, 1, {event.topic: (event.position, event.id)})
        self.lanes = {0: lane}

    async def wait(self, needed: list[Place], seconds: float) -> bool:
        _ = seconds
        return Waiters(self.lanes).reached(needed)


async def test_who_waits_for_a_group_that_nobody_made_rests_between_two_questions(shared: World) -> None:
    event = await shared.append(touched("first"))
    await shared.ports.documents.drop(GROUP)
    begun = asyncio.get_running_loop().time()
    assert not await shared.waits(event, 0.2)
    assert shared.documents.asked <= (asyncio.get_running_loop().time() - begun) / horizon_shared._LOOK + 2
