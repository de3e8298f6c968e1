"""The topics: created, checked, and what is said where something is wrong; logins with SASL (issue 4, bad input)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from contracts.problem import Unavailable
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_tail import Tail
from services.kit.adapters.kafka_topics import EVENTS_CONFIG, _configs, admin, check, ensure
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.ports import EventStore
from tests.conformance.group import Group
from tests.servers.filled import check_folded, copies, fill
from tests.servers.native.kafka import PASSWORD, USER, Kafka
from tests.servers.native.process import NotThere, free_ports
from tests.servers.relayed import RelayedBus, eventually, own
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "log.db")
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Return a broker that wants to know who one is."""
    try:
        made = Kafka(tmp_path_factory.mktemp("guarded"), sasl=True)
    except NotThere as error:
        pytest.skip(str(error))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def known(broker: Kafka, password: str = PASSWORD) -> KafkaSettings:
    return own(broker.address, security="SASL_PLAINTEXT", username=USER, password=password)


async def test_missing_topics_are_named_and_created(kafka: Kafka) -> None:
    settings = own(kafka.address)
    findings = await check(settings)
    assert {finding.topic for finding in findings} == {*settings.topics, settings.notes}
    assert all("create it with `voronka topics`" in finding.text and finding.fatal for finding in findings)
    assert set(await ensure(settings)) == {*settings.topics, settings.notes}
    assert await check(settings) == []
    assert await ensure(settings) == []


async def test_topics_of_events_keep_everything_and_begin_files_by_size_alone(kafka: Kafka) -> None:
    settings = own(kafka.address)
    await ensure(settings)
    async with asyncio.timeout(PATIENCE):
        while await check(settings):  # the broker itself learns of them a little later
            await asyncio.sleep(0.05)
    async with admin(settings) as client:
        found = await _configs(client, list(settings.topics))
    for topic in settings.topics:
        assert found[topic] | EVENTS_CONFIG == found[topic]
        assert int(found[topic]["segment.ms"]) > 10 * 365 * 86_400_000, "a log of years fills one file"


async def test_all_topics_are_known_before_they_are_asked_for(kafka: Kafka) -> None:
    """Each one that a client does not know costs it a tenth of a second; and nothing is fetched that nobody reads."""
    settings = own(kafka.address)
    await ensure(settings)
    tail = Tail(settings)
    await tail.open()
    try:
        notes, consumer = TopicPartition(settings.notes, 0), tail._open
        assert await tail.since(notes, 0) == ([], 0)
        async with AIOKafkaProducer(**settings.options()) as producer:
            await producer.send_and_wait(settings.notes, b"note", key=b"k", partition=0)
        assert [record.value for record in (await tail.since(notes, 0))[0]] == [b"note"]
        assert all(consumer.partitions_for_topic(name) for name in (*settings.topics, settings.notes))
        assert consumer.assignment() == consumer.paused()
        assert {one.topic for one in consumer.assignment()} == {*settings.topics, settings.notes}
    finally:
        await tail.close()


async def test_topics_that_are_wrong_are_explained(kafka: Kafka) -> None:
    settings = own(kafka.address, replicas=2)
    first, second, third, *_ = settings.topics
    async with admin(settings) as client:
        answer = await client.create_topics(
            [
                NewTopic(first, 3, 1),
                NewTopic(second, 12, 1, topic_configs={"retention.ms": "3600000"}),
                NewTopic(third, 12, 1, topic_configs={"cleanup.policy": "compact", "retention.ms": "-1"}),
            ]
        )
    assert [error[1] for error in answer.topic_errors] == [0, 0, 0]
    async with asyncio.timeout(PATIENCE):
        while {first, second, third} & {f.topic for f in await check(settings) if "missing" in f.text}:
            pass  # the broker has made them and tells everybody in a moment
    found = {(f.topic, f.fatal): f.text for f in await check(settings) if "min.insync" not in f.text}
    assert "has 3 partitions and must have 12" in found[first, True]
    assert "retention.ms=3600000" in found[second, False]
    assert "compacted" in found[third, False]
    single = [f.topic for f in await check(settings) if "single copy" in f.text]
    assert third in single


async def test_a_broker_that_is_not_there_is_named(store: EventStore) -> None:
    (port,) = free_ports(1)
    settings = own(f"127.0.0.1:{port}")
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}.*start it"):
        await check(settings)
    group = Group(KafkaBus(settings, store), store)
    with structlog.testing.capture_logs() as lines:
        waiting = asyncio.create_task(group.take(1))
        await eventually(lambda: any("begins again" in line["event"] for line in lines), "it says so and waits")
        waiting.cancel()
        await asyncio.wait({waiting})
    assert any("start it, check the address" in line["why"] for line in lines if "why" in line)


async def test_a_reader_waits_for_topics_that_are_not_made_yet(kafka: Kafka, store: EventStore) -> None:
    settings = own(kafka.address)
    log = await fill(store, 60)
    group = Group(KafkaBus(settings, store), store)
    with structlog.testing.capture_logs() as lines:
        waiting = asyncio.create_task(group.take(copies(log)))
        await eventually(lambda: any("is missing" in line.get("why", "") for line in lines), "it says what is missing")
    relayed = RelayedBus(settings, store)
    other = Group(relayed, store, "other.1")
    await other.take(copies(log))
    await waiting
    check_folded(group.folded, log)
    await relayed.finish()


async def test_who_one_is_can_be_asked_for(guarded: Kafka, store: EventStore) -> None:
    settings = known(guarded)
    log = await fill(store, 120)
    bus = RelayedBus(settings, store)
    group = Group(bus, store)
    await group.take(copies(log))
    check_folded(group.folded, log)
    await bus.finish()


async def test_a_wrong_password_is_named(guarded: Kafka) -> None:
    with pytest.raises(Unavailable, match="password"):
        await check(known(guarded, "wrong"))
    with pytest.raises(Unavailable, match=r"SASL|PLAINTEXT"):
        await check(replace(own(guarded.address), send=2.0))
    assert PASSWORD not in repr(known(guarded))


async def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"certificate.*No such file"):
        await check(own("127.0.0.1:1", security="SSL", ca_file=tmp_path / "nothing.pem"))
