"""Messages that are no events: their lane stops with an alarm, others go on, `skip` passes (TORTURE R5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from aiokafka import AIOKafkaProducer

from contracts.registry import TOPICS
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.kafka_wire import write
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.ports import Documents, EventStore
from services.kit.projection import Projection
from services.kit.runner import ProjectionRunner
from services.kit.stops import Stops
from services.kit.telemetry import METRICS
from tests.servers.filled import fill, of_lane
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import eventually, own, relay_of
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers
HIT = 4
TOPIC = "pipeline.events"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "log.db")
    yield opened
    await opened.close()


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    opened = await SqliteDocuments.open(tmp_path / "documents.db")
    yield opened
    await opened.close()


async def put(settings: KafkaSettings, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    producer = AIOKafkaProducer(**settings.options(), acks="all")
    await producer.start()
    await producer.send_and_wait(settings.topic(TOPIC), value, key=b"key", partition=HIT, headers=headers)
    await producer.stop()


@pytest.mark.parametrize("kind", ["no headers", "not UTF-8", "another log", "another topic", "no body"])
async def test_a_message_that_is_no_event_stops_its_lane(
    kafka: Kafka, store: EventStore, documents: Documents, tmp_path: Path, kind: str
) -> None:
    settings = own(kafka.address)
    await ensure(settings)
    log = await fill(store, 200, "before")
    relay = relay_of(store, settings)
    relaying = asyncio.create_task(relay.run())
    await eventually(lambda: relay.position == log[-1].position, "all is relayed")
    event = next(e for e in log if e.topic == TOPIC)
    other = next(e for e in log if e.topic == "clients.events")
    headers = write(event, 0, store.log_id).headers
    await put(
        settings,
        None if kind == "no body" else event.data,
        {
            "no headers": [],
            "not UTF-8": [(name, b"\xff\xfe" if name == "ce_actor" else value) for name, value in headers],
            "another log": write(event, 0, "another log").headers,
            "another topic": [
                (name, b"1000000" if name == "ce_position" else value)
                for name, value in write(other, 0, store.log_id).headers
            ],
            "no body": [(name, b"1000000" if name == "ce_position" else value) for name, value in headers],
        }[kind],
    )
    log = await fill(store, 200, "after")
    keyring = await SqliteKeyring.open(tmp_path / "keys.db")
    runner = ProjectionRunner(
        Projection(name="seen", version=1), "seen.1", KafkaBus(settings, store), documents, Codec(keyring), store.log_id
    )
    foreign = METRICS.foreign.labels(TOPIC)._value.get()

    def stand(lane: int) -> bool:
        """Whether the lane has passed the last event of each topic."""
        lasts = {topic: [e.position for e in of_lane(log, lane) if e.topic == topic][-1:] for topic in TOPICS}
        at = runner.lanes[lane].positions if lane in runner.lanes else {}
        return all(at.get(topic, (0, ""))[0] == last[0] for topic, last in lasts.items() if last)

    with structlog.testing.capture_logs() as lines:
        running = asyncio.create_task(runner.run())
        await eventually(lambda: all(stand(lane) for lane in range(12) if lane != HIT), "the other lanes go on")
        await eventually(lambda: HIT in runner.lanes and runner.lanes[HIT].stop is not None, "its lane stops")
    assert not stand(HIT)
    assert METRICS.foreign.labels(TOPIC)._value.get() > foreign
    assert next(line["message"] for line in lines if "no event" in line["event"]).startswith(
        f"{settings.topic(TOPIC)}/"
    )
    stops = Stops(documents, store.log_id)
    async with asyncio.timeout(PATIENCE):
        while not (found := await stops.standing([runner.projection])):
            await asyncio.sleep(0.01)
    (stood,) = found
    assert (stood.lane, stood.event_type) == (HIT, "pipeline-foreign.NotAnEvent")
    await stops.decide(stood, "ann", "not ours")
    await eventually(lambda: stand(HIT), "skipped by hand it goes on")
    async with documents.snapshot() as reader:
        assert {state.lane for state in await reader.lanes("seen.1") if state.incomplete} == {HIT}
    for task in (running, relaying):
        task.cancel()
    await asyncio.wait({running, relaying})
    await keyring.close()
