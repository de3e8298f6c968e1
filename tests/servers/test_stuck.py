"""A reader that gets nothing although there is something starts itself anew (DESIGN 10; TORTURE R7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocol

from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.telemetry import METRICS
from tests.conformance import group as folding
from tests.conformance.group import Group
from tests.servers.filled import check_folded, copies, fill
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import RelayedBus, eventually, own
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers


async def silent(seconds: float) -> dict[Any, Any]:
    """Nothing comes, although there is something."""
    await asyncio.sleep(seconds)
    return {}


async def hanging(_: float) -> dict[Any, Any]:
    """Lanes are given out, and that never ends."""
    return await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("answer", [silent, hanging])
async def test_a_stuck_consumer_is_made_anew(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Callable[[float], Awaitable[Any]]
) -> None:
    async with folding_group(kafka, tmp_path, monkeypatch) as (store, group):
        log = await fill(store, 100, "before")
        await eventually(lambda: group.count == copies(log), "all is folded before", 40.0)

        honest = AIOKafkaConsumer.getmany
        stuck: set[int] = set()

        async def getmany(self: AIOKafkaConsumer, *partitions: Any, **options: Any) -> Any:
            if self._group_id is None:  # the reader of the relay's notes is well
                return await honest(self, *partitions, **options)
            if not stuck or id(self) in stuck:
                stuck.add(id(self))
                return await answer(options["timeout_ms"] / 1000)
            return await honest(self, *partitions, **options)

        monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
        before = restarts()
        await eventually(lambda: len(stuck) == 1, "it is stuck, and no poll of before is under way", 40.0)
        log = await fill(store, 100, "after")
        await eventually(lambda: group.count == copies(log), "a new consumer reads on", 40.0)
        check_folded(group.folded, log)
        assert len(stuck) == 1
        assert restarts() > before


async def test_lanes_that_nobody_was_given_are_given_out_again(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gave them out knew of no topics (a broker that was wiped), and does not hear of them."""
    honest = RangePartitionAssignor.assign
    blind = 1

    def assign(cluster: Any, members: Any) -> Any:
        nonlocal blind
        if blind:
            blind -= 1
            return {member: ConsumerProtocol.ASSIGNMENT(RangePartitionAssignor.version, [], b"") for member in members}
        return honest(cluster, members)

    monkeypatch.setattr(RangePartitionAssignor, "assign", assign)
    async with folding_group(kafka, tmp_path, monkeypatch) as (store, group):
        before = restarts()
        log = await fill(store, 100, "nobody's")
        await eventually(lambda: group.count == copies(log), "the lanes are folded", 40.0)
        check_folded(group.folded, log)
        assert (blind, restarts() > before) == (0, True)


def restarts() -> float:
    """Return how many times readers of the group began again."""
    label = METRICS.consumer_restarts.labels
    return sum(label("stuck.1", why)._value.get() for why in ("Restart", "TimeoutError"))


@asynccontextmanager
async def folding_group(
    kafka: Kafka, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[SqliteEventStore, Group]]:
    """Return a log and a group that folds it through Kafka."""
    monkeypatch.setattr(folding, "PATIENCE", 2 * PATIENCE)
    store = await SqliteEventStore.open(folder / "log.db")
    bus = RelayedBus(own(kafka.address, stalled=2.0), store)
    group = Group(bus, store, "stuck.1")
    taking = asyncio.create_task(group.take(10**9))
    try:
        yield store, group
    finally:
        taking.cancel()
        await asyncio.wait({taking})
        await bus.finish()
        await store.close()
