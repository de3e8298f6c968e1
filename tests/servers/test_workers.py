"""Several workers share the lanes of a group: death, rebalance, a zombie (DESIGN 5; TORTURE R1, R7, R8)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from contracts.envelope import RecordedEvent
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import EventStore
from tests.servers.filled import check_folded, copies, fill
from tests.servers.ledger import Ledger
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import eventually, own, relay_of
from tests.servers.worker import copy_log

pytestmark = pytest.mark.servers


class Workers:
    """Worker processes on one log, one ledger and topics of their own."""

    def __init__(self, folder: Path, store: EventStore, settings: KafkaSettings) -> None:
        self.ledger = Ledger(folder / "ledger.db", "test")
        self.store = store
        self.settings = settings
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *options: str) -> None:
        values = {name: value for name, value in asdict(self.settings).items() if not name.endswith("_file")}
        log = self._folder / f"{name}.log.db"
        copy_log(self._folder / "log.db", log)
        command = [sys.executable, "-m", "tests.servers.worker", json.dumps(values), str(log)]
        command += [str(self._folder / "ledger.db"), name, *options]
        self._processes[name] = subprocess.Popen(command)

    def signal(self, name: str, number: int) -> None:
        os.kill(self._processes[name].pid, number)

    def ended(self, name: str) -> bool:
        return self._processes[name].poll() is not None

    def code(self, name: str) -> int | None:
        return self._processes[name].poll()

    def by(self, worker: str) -> int:
        return sum(name == worker for *_, name in self.ledger.folded())

    def check(self, log: list[RecordedEvent]) -> None:
        """Check that everything was folded once and in order, by whomever."""
        events = {event.id: event for event in log}
        folded: defaultdict[int, list[RecordedEvent]] = defaultdict(list)
        for lane, _, id, _ in self.ledger.folded():
            folded[lane].append(events[id])
        check_folded(folded, log)

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "log.db")
    yield opened
    await opened.close()


@pytest.fixture
async def workers(kafka: Kafka, store: EventStore, tmp_path: Path) -> AsyncIterator[Workers]:
    settings = own(kafka.address, session=2.0)
    await ensure(settings)
    made = Workers(tmp_path, store, settings)
    yield made
    made.close()


async def relay_all(workers: Workers, log: list[RecordedEvent]) -> None:
    relay = relay_of(workers.store, workers.settings)
    running = asyncio.create_task(relay.run())
    await eventually(lambda: relay.position == log[-1].position, "all is relayed")
    running.cancel()
    await asyncio.wait({running})


async def test_a_worker_killed_before_its_commit_is_replaced(workers: Workers) -> None:  # TORTURE R1
    log = await fill(workers.store, 1_500)
    await relay_all(workers, log)
    workers.start("first", "die-at", "15")
    await eventually(lambda: workers.ended("first"), "the first worker dies")
    assert 0 < workers.by("first") < copies(log)
    workers.start("second")
    await eventually(lambda: len(workers.ledger.folded()) >= copies(log), "the second takes over")
    workers.check(log)
    assert ("second", "gap") not in workers.ledger.told()


async def test_workers_come_and_go(workers: Workers) -> None:  # TORTURE R8
    log = await fill(workers.store, 1_500)
    await relay_all(workers, log)
    workers.start("first", "pause", "20")
    await eventually(lambda: workers.by("first") > 100, "the first folds")
    workers.start("second", "pause", "20")
    await eventually(lambda: workers.by("second") > 100, "the second gets lanes")
    before = workers.by("first")
    await eventually(lambda: workers.by("first") > before + 50, "both fold at once")
    workers.signal("first", signal.SIGTERM)
    await eventually(lambda: workers.ended("first"), "a worker that is asked to ends in bounded time", 10.0)
    assert workers.code("first") == 0
    await eventually(lambda: len(workers.ledger.folded()) >= copies(log), "the second does the rest")
    workers.check(log)


async def test_a_zombie_cannot_commit(workers: Workers) -> None:  # TORTURE R7, R8
    log = await fill(workers.store, 1_500)
    await relay_all(workers, log)
    workers.start("zombie", "stop-at", "10")
    await eventually(lambda: ("zombie", "stands still") in workers.ledger.told(), "it stands before a commit")
    workers.start("heir")
    await eventually(lambda: len(workers.ledger.folded()) >= copies(log), "its lanes were given to another")
    workers.check(log)
    workers.signal("zombie", signal.SIGCONT)
    await eventually(lambda: ("zombie", "refused") in workers.ledger.told(), "what it had in hand is refused")
    log = await fill(workers.store, 600, "later")
    await relay_all(workers, log)
    await eventually(lambda: len(workers.ledger.folded()) >= copies(log), "they share the lanes again")
    workers.start("third", "pause", "20")
    log = await fill(workers.store, 600, "last")
    await relay_all(workers, log)
    await eventually(lambda: len(workers.ledger.folded()) >= copies(log), "lanes are opened where others left them")
    workers.check(log)
    assert not any(workers.ended(name) for name in ("zombie", "heir", "third"))
