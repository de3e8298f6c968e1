"""The relay on a real broker: errors, crashes, two at once, wishes (DESIGN 10; TORTURE R1, R4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import pytest
from aiokafka import TopicPartition

from contracts.problem import Unavailable
from contracts.registry import TOPICS
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_tail import Tail
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.kafka_wire import place_of, read
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.errors import Unusable
from services.kit.ports import EventStore
from services.kit.relay import Outgoing, Relay
from tests.conformance.events import ids
from tests.conformance.group import Group
from tests.servers.filled import check_folded, copies, fill, of_lane
from tests.servers.native.kafka import Kafka
from tests.servers.relayed import eventually, own, relay_of

pytestmark = pytest.mark.servers


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await SqliteEventStore.open(tmp_path / "log.db")
    yield opened
    await opened.close()


@pytest.fixture
async def settings(kafka: Kafka) -> KafkaSettings:
    made = own(kafka.address)
    await ensure(made)
    return made


async def relayed(relay: Relay, position: int) -> None:
    """Run the relay until all up to the position is acknowledged."""
    running = asyncio.create_task(relay.run())
    try:
        await eventually(lambda: relay.position >= position or running.done(), f"relayed up to {position}")
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert running.cancelled() or running.result() is None


async def messages(settings: KafkaSettings, topic: str, lane: int) -> list[tuple[str, int, int]]:
    """Return (event id, position, prev) of all messages in a partition."""
    tail = Tail(settings)
    await tail.open()
    records, _ = await tail.since(TopicPartition(settings.topic(topic), lane), 0)
    await tail.close()
    found = [read(record.value, record.headers) for record in records]
    return [(each.event.id, each.event.position, each.prev) for each in found]


class Interrupted(KafkaTopics):
    """Topics of which now and then one partition fails: what was to be sent behind it to others arrives."""

    def __init__(self, settings: KafkaSettings, chance: Random, failures: int) -> None:
        super().__init__(settings)
        self.failures = failures
        self._chance = chance

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        if self.failures == 0 or len(messages) < 2:
            return await super().send(messages, log_id)
        self.failures -= 1
        victim = self._chance.choice(messages)
        # The victim alone is lost: later messages of its own partition arrive too, which leaves a gap there.
        await super().send([message for message in messages if message is not victim], log_id)
        raise Unavailable("one message was not acknowledged")


async def test_partitions_hold_their_events_in_a_chain(store: EventStore, settings: KafkaSettings) -> None:
    log = await fill(store, 600)
    await relayed(relay_of(store, settings), log[-1].position)
    for topic in TOPICS:
        for lane in range(12):
            found = await messages(settings, topic, lane)
            expected = [event for event in of_lane(log, lane) if event.topic == topic]
            assert [(id, position) for id, position, _ in found] == [(e.id, e.position) for e in expected]
            assert [prev for _, _, prev in found] == [0, *(event.position for event in expected)][: len(found)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_the_first_error_it_goes_on_from_what_is_proven(  # TORTURE R4
    store: EventStore, settings: KafkaSettings, seed: int
) -> None:
    topics = Interrupted(settings, Random(seed), failures=4)
    relay = Relay(store, topics, 12, check_every=1.0)
    running = asyncio.create_task(relay.run())
    for part in range(6):
        log = await fill(store, 100, f"part-{part}")
        await eventually(lambda: relay.position >= log[-1].position, "all is sent in spite of errors")  # noqa: B023
    assert topics.failures == 0
    sent = [len(await messages(settings, "pipeline.events", lane)) for lane in range(12)]
    assert sum(sent) > sum(len([e for e in of_lane(log, n) if e.topic == "pipeline.events"]) for n in range(12))
    group = Group(KafkaBus(settings, store), store)
    await group.take(copies(log))
    check_folded(group.folded, log)
    assert group.gaps == 0, "the bus waits out what is closed later in the partition"
    running.cancel()
    await asyncio.wait({running})


async def test_a_relay_that_crashed_sends_again_what_is_not_proven(  # TORTURE R1
    store: EventStore, settings: KafkaSettings
) -> None:
    log = await fill(store, 500)
    await relayed(Relay(store, KafkaTopics(settings), 12, note_every=1e9), log[-1].position)  # dies before a 2nd note
    log = await fill(store, 300, "more")
    await relayed(relay_of(store, settings), log[-1].position)
    group = Group(KafkaBus(settings, store), store)
    await group.take(copies(log))
    check_folded(group.folded, log)


async def test_a_restart_sends_nothing_twice(store: EventStore, settings: KafkaSettings) -> None:
    log = await fill(store, 200)
    first = relay_of(store, settings)
    running = asyncio.create_task(first.run())
    await eventually(lambda: first.position == log[-1].position, "all is sent")
    topics = KafkaTopics(settings)
    await topics.open()
    for _ in range(100):
        noted = await topics.progress()
        if noted is not None and noted.position == log[-1].position:
            break
    assert noted is not None
    assert noted.position == log[-1].position
    await topics.close()
    running.cancel()
    await asyncio.wait({running})
    log = await fill(store, 100, "more")
    await relayed(relay_of(store, settings), log[-1].position)
    for lane in range(12):
        found = await messages(settings, "pipeline.events", lane)
        assert [id for id, _, _ in found] == ids([e for e in of_lane(log, lane) if e.topic == "pipeline.events"])


async def test_two_relays_are_harmless(store: EventStore, settings: KafkaSettings) -> None:  # TORTURE R4
    relays = [relay_of(store, settings) for _ in range(2)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    group = Group(KafkaBus(settings, store), store)
    taking = asyncio.create_task(group.take(10**9))
    for part in range(10):
        log = await fill(store, 60, f"part-{part}")
    await eventually(lambda: group.count >= copies(log), "everything is folded")
    await eventually(lambda: min(relay.position for relay in relays) == log[-1].position, "both are at the end")
    check_folded(group.folded, log)
    assert group.gaps == group.repeats == 0
    for task in (*running, taking):
        task.cancel()
    await asyncio.wait({*running, taking})


async def test_everything_can_be_sent_again_from_a_position(store: EventStore, settings: KafkaSettings) -> None:
    log = await fill(store, 300)
    await relayed(relay_of(store, settings), log[-1].position)
    before = await messages(settings, "clients.events", 3)
    again = relay_of(store, settings, from_position=150)
    await relayed(again, log[-1].position)
    assert await messages(settings, "clients.events", 3) == before + [each for each in before if each[1] > 150]


async def test_topics_of_another_log_are_refused(store: EventStore, settings: KafkaSettings, tmp_path: Path) -> None:
    log = await fill(store, 20)
    await relayed(relay_of(store, settings), log[-1].position)
    other = await SqliteEventStore.open(tmp_path / "other.db")
    with pytest.raises(Unusable, match="hold events of the log"):
        await asyncio.wait_for(relay_of(other, settings).run(), 20)
    await other.close()


async def test_what_a_reader_lacks_is_sent_again_when_it_asks(
    store: EventStore, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something is lost in the middle of a partition, as after an unclean change of leaders: no relay can see it."""
    monkeypatch.setattr("services.kit.adapters.kafka_reading._ALARM", 1.0)
    log = await fill(store, 200)
    lost = of_lane(log, 5)[10]

    class Losing(KafkaTopics):
        async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
            await super().send([m for m in messages if m.event is not lost and m.event.id != lost.id], log_id)

    await relayed(Relay(store, Losing(settings), 12), log[-1].position)
    tail = Tail(settings)
    await tail.open()
    records, _ = await tail.since(TopicPartition(settings.topic(lost.topic), 5), 0)
    await tail.close()
    assert lost.position not in {place_of(record.headers)[0] for record in records}
    relay = relay_of(store, settings, check_every=0.3)
    running = asyncio.create_task(relay.run())
    group = Group(KafkaBus(settings, store), store)
    await group.take(copies(log))
    check_folded(group.folded, log)
    running.cancel()
    await asyncio.wait({running})
