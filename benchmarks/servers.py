"""The distributed profile on real Kafka and Redis; event store and document store are doubles, written in Python.

`python -m benchmarks.servers`. The doubles' speed is not the servers': only ratios say something about Voronka."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.data import Spec, make_workspace
from benchmarks.doubles import double
from benchmarks.lag import PATIENCE, Percentiles, open_loop
from benchmarks.measure import Line, Results, in_turn
from contracts.envelope import RecordedEvent
from services.analytics.projections.group import ANALYTICS
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.documents import LaneState
from services.kit.memory import MemoryContext
from services.kit.ports import Append
from services.kit.relay import Relay
from tests.servers.cluster import Cluster
from tests.servers.native.kafka import Kafka
from tests.servers.native.process import NotThere
from tests.servers.native.redis import Redis

_DOUBLES = "Kafka: acks=all; event store and documents: doubles (SQLite, WAL)"
_SLICE = 500
_RATES = (5, 10, 20)
"""Commands a second. Eight processes and two doubles share the cores: each command takes some 60 ms of one."""


async def servers(results: Results, work: Path, events: int, rounds: int, seconds: float) -> None:
    """Measure relay, a worker's backlog, and the lag of the whole; say why if the servers are not there."""
    try:
        kafka, redis = Kafka(work / "kafka"), Redis(work / "redis")
    except NotThere as error:
        results.note(f"Distributed profile left out: {error}")
        return
    data = work / "servers-data"
    data.mkdir(parents=True)
    make_workspace(data, Spec(events, events // 10))
    try:
        kafka.start()
        redis.start()
        async with double("kurrent", work / "kurrent") as address:
            await _relay_and_worker(results, data, address, kafka.address, rounds)
        await _lags(results, work, kafka.address, redis.address, seconds)
    finally:
        redis.stop()
        kafka.stop()


# ---------------------------------------------------------------- relay and worker


async def _relay_and_worker(results: Results, data: Path, address: str, kafka: str, rounds: int) -> None:
    source = await SqliteEventStore.open(data / "log.sqlite")
    keyring = await SqliteKeyring.open(data / "keys.sqlite")
    store = await KurrentEventStore.open(address)
    try:
        count = await _copied(source, store)
        last: list[KafkaSettings] = []

        async def relayed() -> float:
            last.append(KafkaSettings(kafka, prefix=f"bench-{os.getpid()}-{len(last)}."))
            return count / await _relay(store, last[-1])

        async def read() -> float:
            return count / await _read(store)

        samples, limits = await in_turn(rounds, relayed, read)
        line = Line("Relay", f"{count:,} events into topics", _DOUBLES, "events/s", samples, limits)
        line.limit_is = "reading the store through its client"
        results.add(line.judged(at_least=5_000, ratio=0.5))
        folded = [await _backlog(store, keyring, last[-1], count) for _ in range(rounds)]
        what = f"one worker from a backlog of {count:,} events, documents in memory"
        results.add(Line("Worker", what, _DOUBLES, "events/s", folded).judged(at_least=10_000))
        results.note("Two workers beside one are not measured: the doubles and Kafka take the second core.")
    finally:
        for each in (store, keyring, source):
            await each.close()


async def _copied(source: SqliteEventStore, store: KurrentEventStore) -> int:
    """Copy the log, some streams at a time; return how many events it has."""
    after, head = 0, await source.head()
    while after < head:
        streams: dict[str, list[RecordedEvent]] = {}
        for event in await source.read_all(after, _SLICE):
            streams.setdefault(event.stream, []).append(event)
            after = event.position
        appends = [Append(stream, run, run[0].version - 1) for stream, run in streams.items()]
        for outcome in await store.append_many(appends):
            if isinstance(outcome, Exception):
                raise outcome
    return head


async def _relay(store: KurrentEventStore, settings: KafkaSettings) -> float:
    head, begun = await store.head(), perf_counter()
    relay = Relay(store, KafkaTopics(settings), settings.lanes)
    running = asyncio.create_task(relay.run())
    while relay.position < head:
        if running.done():
            running.result()
        await asyncio.sleep(0.005)
    took = perf_counter() - begun
    running.cancel()
    await asyncio.wait({running})
    return took


async def _read(store: KurrentEventStore) -> float:
    head, begun, at = await store.head(), perf_counter(), 0
    async for events in store.follow(0):
        at = events[-1].position
        if at >= head:
            break
    return perf_counter() - begun


async def _backlog(store: KurrentEventStore, keyring: SqliteKeyring, settings: KafkaSettings, count: int) -> float:
    """Fold all of the topics in memory, as a worker does; return events a second, from when it has its lanes."""
    contexts: list[MemoryContext] = []
    contexts += [MemoryContext(ANALYTICS, lane, contexts) for lane in range(settings.lanes)]
    codec, seen = Codec(keyring), set[int]()

    begun = 0.0

    async def opened(lane: int) -> LaneState:
        nonlocal begun
        begun = perf_counter()
        return LaneState(lane, 0, "", {})

    bus = KafkaBus(settings, store)
    deliveries: Any = bus.deliveries(f"bench.{id(seen)}", opened)
    async for batch in deliveries:
        events = [each.event for each in batch.events]
        async with codec.holding(events):
            for event in events:
                seen.add(event.position)
                fold = ANALYTICS.folds.get(event.type)
                if fold is not None:
                    fold(contexts[batch.lane], codec.decode(event), event)
        if len(seen) == count:
            break
    took = perf_counter() - begun
    await deliveries.aclose()
    return count / took


# ---------------------------------------------------------------- the whole


async def _lags(results: Results, work: Path, kafka: str, redis: str, seconds: float) -> None:
    """Measure from acknowledged to visible through all processes, beside a message through Kafka alone."""
    folder = work / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, kafka, redis)
    try:
        cluster.start_all()
        async with httpx2.AsyncClient(
            base_url=f"{cluster.url('gateway')}/api/v1", timeout=PATIENCE, headers=cluster.headers()
        ) as http:
            await _offered(http, 5, 2, "warm")
            for rate in _RATES:
                raw = await _raw(kafka, rate, seconds)
                took, lag = await _offered(http, rate, seconds, f"r{rate}")
                what = f"acknowledged to visible in analytics at {rate} commands/s, open loop: {lag}"
                line = Line("Kafka lag", what, _DOUBLES, "ms (p99)", [lag.at(0.99)], [raw.at(0.99)])
                line.limit_is = "aiokafka, sent to received"
                results.add(line.judged(at_most=50))
                results.note(f"Kafka lag at {rate} commands/s: due to acknowledged {took}; aiokafka alone {raw}")
    finally:
        cluster.stop()
    results.note("200 commands/s are not offered: six processes, two doubles and Kafka share these cores.")


async def _offered(http: httpx2.AsyncClient, rate: int, seconds: float, name: str) -> tuple[Percentiles, Percentiles]:
    """Send at the rate for so long; return command times (from when it was due) and lags (acknowledged to visible)."""
    answered: list[float] = []
    lags: list[float] = []

    async def asked(make: Callable[[], Awaitable[httpx2.Response]]) -> Any:
        while (answer := await make()).status_code == 503:  # it says to come back
            await asyncio.sleep(0.05)
        return answer.raise_for_status().json()

    async def one(number: int, due: float) -> None:
        headers = {"Idempotency-Key": f"{name}-{number}"}
        body = {"name": f"Client {name} {number}"}
        done = await asked(lambda: http.post("/clients", json=body, headers=headers))
        acknowledged = perf_counter()
        answered.append(acknowledged - due)
        query = {"after": done["token"], "limit": 1}
        while (await asked(lambda: http.get("/metrics/clients", params=query)))["stale"]:
            pass
        lags.append(perf_counter() - acknowledged)

    async with asyncio.timeout(seconds + PATIENCE):
        await open_loop(rate, seconds, one)
    return Percentiles(answered), Percentiles(lags)


async def _raw(kafka: str, rate: int, seconds: float) -> Percentiles:
    """Send small messages at the rate; return how long each took to be received."""
    topic = f"bench-raw-{os.getpid()}-{rate}"
    settings = {"bootstrap_servers": kafka}
    producer = AIOKafkaProducer(**settings, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(**settings, enable_auto_commit=False, auto_offset_reset="earliest")
    await _create(kafka, topic)
    await producer.start()
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    took: list[float] = []
    total = int(rate * seconds)

    async def received() -> None:
        while len(took) < total:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                took.extend(perf_counter() - float(record.value) for record in records)

    try:
        receiving = asyncio.create_task(received())
        for _ in range(total):
            await producer.send(topic, repr(perf_counter()).encode(), partition=0)
            await asyncio.sleep(1 / rate)
        await asyncio.wait_for(receiving, PATIENCE)
    finally:
        await consumer.stop()
        await producer.stop()
    return Percentiles(took)


async def _create(kafka: str, topic: str) -> None:

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def main() -> None:
    """Measure and print."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    results = Results({"events": 6_000, "rounds": 2})
    with tempfile.TemporaryDirectory() as work:
        await servers(results, Path(work), 6_000, 2, 8)


if __name__ == "__main__":
    asyncio.run(main())
