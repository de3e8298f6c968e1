"""A consumer of version 1 on real Kafka, a relay and writers of a version 2 that only adds (DESIGN 8, 10; #4, R16)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import RecordedEvent
from services.kit.adapters import kafka_relay
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.kafka_wire import Message, write
from services.kit.codec import Codec
from services.kit.lanes import lane_of
from services.kit.ports import Ports
from services.kit.profiles import embedded
from services.kit.runner import ProjectionRunner
from tests.contracts.newer import NEXT, Reader, append, keyring, newer_log, of_next_version
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import eventually, own, relay_of
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    opened = await embedded(tmp_path)
    yield opened
    await opened.close()


def newer_message(event: RecordedEvent, prev: int, log_id: str) -> Message:
    """Return the message as a later relay writes it: with attributes that this version does not know."""
    key, value, headers, timestamp = write(event, prev, log_id)
    added = [("ce_dataschema", b"/schemas/1.7"), ("ce_minorversion", b"7"), ("ce_addedlater", b"anything \xff")]
    return Message(key, value, [*added, *headers, ("tracestate", b"vendor=1")], timestamp)


def newer_progress(progress: Any) -> bytes:
    """Return the relay's note as a later relay writes it."""
    told = json.loads(honest_progress(progress)) | {"minor": 7, "added_later": {"any": ["thing"]}}
    return json.dumps(told).encode()


honest_progress = kafka_relay.write_progress


async def test_a_consumer_reads_what_a_newer_version_sends(
    kafka: Kafka, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_relay, "write", newer_message)
    monkeypatch.setattr(kafka_relay, "write_progress", newer_progress)
    settings = own(kafka.address)
    await ensure(settings)
    await append(ports.store, newer_log())
    relay = relay_of(ports.store, settings)
    relaying = asyncio.create_task(relay.run())
    bus, reader = KafkaBus(settings, ports.store), Reader()
    runner = ProjectionRunner(reader.projection, "reader.1", bus, ports.documents, Codec(keyring()), ports.store.log_id)
    running = asyncio.create_task(runner.run())
    head = await ports.store.head()
    await eventually(lambda: running.done() or runner.passed >= head, "all is read", PATIENCE)
    assert [lane.stop for lane in runner.lanes.values()] == [None] * 12
    reader.check()

    await append(ports.store, [of_next_version()])
    hit = lane_of(of_next_version().key, 12)
    await eventually(lambda: runner.lanes[hit].stop is not None, "its lane stops", PATIENCE)
    assert runner.lanes[hit].stop.reason == f"event type {NEXT!r} is not known to this version"
    assert [number for number, lane in runner.lanes.items() if lane.stop is not None] == [hit]
    for task in (running, relaying):
        task.cancel()
    await asyncio.wait({running, relaying})
