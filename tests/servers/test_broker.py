"""The broker dies, hangs, loses all it had (DESIGN 10; TORTURE R6, R7)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import EventStore
from services.kit.telemetry import METRICS
from tests.conformance import group as folding
from tests.conformance.group import Group
from tests.servers.filled import check_folded, copies, fill
from tests.servers.native.kafka import Kafka
from tests.servers.native.process import NotThere
from tests.servers.relayed import all_ended, eventually, own, relay_of
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    """Return a broker of this test alone: it is not treated well."""
    try:
        made = Kafka(tmp_path / "kafka")
    except NotThere as error:
        pytest.skip(str(error))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "log.db")
    yield opened
    await opened.close()


class Running:
    """A relay and a group at work."""

    def __init__(self, broker: Kafka, store: EventStore) -> None:
        self.settings = own(broker.address, session=2.0, stalled=3.0)
        self.relay = relay_of(store, self.settings)
        self.group = Group(KafkaBus(self.settings, store), store)
        self._tasks = [asyncio.create_task(self.relay.run()), asyncio.create_task(self.group.take(10**9))]

    async def folded(self, count: int, what: str) -> None:
        await eventually(lambda: self.group.count >= count or any(t.done() for t in self._tasks), what)
        assert not any(task.done() for task in self._tasks)

    async def stop(self) -> float:
        """Stop both; return how many seconds it took."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        took = loop.time() - begun
        await all_ended()
        return took


@pytest.fixture
async def running(broker: Kafka, store: EventStore, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(folding, "PATIENCE", 10 * PATIENCE)
    made = Running(broker, store)
    yield made
    await made.stop()


async def test_a_broker_killed_under_load(broker: Kafka, store: EventStore, running: Running) -> None:  # TORTURE R6
    log = await fill(store, 200, "before")
    await running.folded(copies(log), "all is folded before")
    for part in range(2):
        broker.kill()
        log = await fill(store, 200, f"while-{part}")  # commands are not disturbed
        broker.again()
        log = await fill(store, 200, f"after-{part}")
        await running.folded(copies(log), "it catches up")
    check_folded(running.group.folded, log)


async def test_a_wiped_broker_is_filled_again_unaided(  # TORTURE R6
    broker: Kafka, store: EventStore, running: Running
) -> None:
    log = await fill(store, 400, "before")
    await running.folded(copies(log), "all is folded before")
    # A reader may have an event before its sender knows that it arrived; what is not acknowledged is sent anyway.
    await eventually(lambda: running.relay.position == log[-1].position, "all is acknowledged")
    refills = METRICS.relay_refills._value.get()
    broker.kill()
    broker.wipe()
    broker.again()
    log = await fill(store, 200, "after")
    await running.folded(copies(log), "what is new is folded")
    check_folded(running.group.folded, log)
    assert METRICS.relay_refills._value.get() > refills
    late = Group(KafkaBus(running.settings, store), store, "late.1")
    await late.take(copies(log))
    check_folded(late.folded, log)


async def test_a_broker_that_hangs(broker: Kafka, store: EventStore, running: Running) -> None:  # TORTURE R7
    log = await fill(store, 200, "before")
    await running.folded(copies(log), "all is folded before")
    os.kill(broker.pid, signal.SIGSTOP)
    log = await fill(store, 200, "while")
    await asyncio.sleep(2 * running.settings.stalled)
    os.kill(broker.pid, signal.SIGCONT)
    await running.folded(copies(log), "it goes on")
    check_folded(running.group.folded, log)


async def test_everything_stops_in_time_without_a_broker(broker: Kafka, store: EventStore, running: Running) -> None:
    log = await fill(store, 100, "before")
    await running.folded(copies(log), "all is folded before")
    broker.kill()
    await fill(store, 100, "more")
    assert await running.stop() < 10.0
