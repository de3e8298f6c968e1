"""A reader that gets nothing although there is something starts itself anew (DESIGN 10; TORTURE R7)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.telemetry import METRICS
from tests.conformance import group as folding
from tests.conformance.group import Group
from tests.servers.filled import check_folded, copies, fill
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import RelayedBus, eventually, own

pytestmark = pytest.mark.servers


async def test_a_stuck_consumer_is_made_anew(kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "PATIENCE", 120.0)
    store = await SqliteEventStore.open(tmp_path / "log.db")
    bus = RelayedBus(own(kafka.address, stalled=2.0), store)
    group = Group(bus, store, "stuck.1")
    log = await fill(store, 100, "before")
    taking = asyncio.create_task(group.take(10**9))
    await eventually(lambda: group.count == copies(log), "all is folded before", 40.0)

    honest = AIOKafkaConsumer.getmany
    stuck: set[int] = set()

    async def silent(self: AIOKafkaConsumer, *partitions: Any, **options: Any) -> Any:
        if self._group_id is None:  # the reader of the relay's notes is well
            return await honest(self, *partitions, **options)
        if not stuck or id(self) in stuck:
            stuck.add(id(self))
            await asyncio.sleep(options["timeout_ms"] / 1000)
            return {}
        return await honest(self, *partitions, **options)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", silent)
    restarts = METRICS.consumer_restarts.labels("stuck.1", "Restart")._value.get
    before = restarts()
    log = await fill(store, 100, "after")
    await eventually(lambda: group.count == copies(log), "a new consumer reads on", 40.0)
    check_folded(group.folded, log)
    assert len(stuck) == 1
    assert restarts() > before
    taking.cancel()
    await asyncio.wait({taking})
    await bus.finish()
    await store.close()
