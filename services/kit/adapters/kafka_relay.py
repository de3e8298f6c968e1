"""Kafka as the relay's topics: an idempotent producer, every message acknowledged by all copies (DESIGN 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.codec import has_lz4, has_zstd
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from contracts.problem import Unavailable
from contracts.registry import TOPICS
from services.kit.adapters.kafka_clients import explain, start, stop
from services.kit.adapters.kafka_notes import PROGRESS, read_asked, read_progress, write_progress
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_tail import Tail
from services.kit.adapters.kafka_topics import ensure
from services.kit.adapters.kafka_wire import place_of, write
from services.kit.relay import Asked, Outgoing, Place, Progress

log = structlog.get_logger(__name__)
_BATCH = 512 << 10
COMPRESSION = "lz4" if has_lz4() else "zstd" if has_zstd() else None
"""What the installation can do; readers need the same package (cramjam)."""


class KafkaTopics:
    """The port Topics of kit.relay. Not a Kafka transaction in it: a relay that begins again needs none."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._tail = Tail(settings)
        self._producer: AIOKafkaProducer | None = None
        self._acknowledged: dict[TopicPartition, int] = {}
        """Offset of the last acknowledged message."""
        self._notes = TopicPartition(settings.notes, 0)
        self._read = -1
        """Offset in the notes up to which wishes were read."""

    async def open(self) -> None:
        """Connect anew; create topics that are missing."""
        await self.close()
        await ensure(self._settings)
        await self._tail.open()
        self._acknowledged = {}
        # Without a limit of its own an idempotent producer tries for ever: `send` gives it `settings.send` seconds.
        producer = AIOKafkaProducer(
            **self._settings.options(),
            acks="all",
            enable_idempotence=True,
            compression_type=COMPRESSION,
            max_batch_size=_BATCH,
        )
        try:
            await start(producer, self._settings.send)
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(explain(error, self._settings)) from error
        self._producer = producer

    async def close(self) -> None:
        """Disconnect; what is not acknowledged yet may arrive or not."""
        producer, self._producer = self._producer, None
        try:
            if producer is not None:
                await stop(producer, 0.5)  # nothing is waited for: whoever closes has what it needs, or begins again
        finally:
            await self._tail.close()

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        """Send in this order per partition; return when all are acknowledged."""
        by_place: dict[Place, list[Outgoing]] = {}
        for message in messages:
            by_place.setdefault((message.event.topic, message.lane), []).append(message)
        producer = self._running
        batches: list[tuple[TopicPartition, BatchBuilder]] = []
        for (topic, lane), outgoing in by_place.items():
            partition = TopicPartition(self._settings.topic(topic), lane)
            batch = producer.create_batch()
            for message in outgoing:
                if not _append(batch, message, log_id):
                    batches.append((partition, batch))
                    batch = producer.create_batch()
                    _append(batch, message, log_id)
            batches.append((partition, batch))
        await self._send(batches)

    async def note(self, progress: Progress) -> None:
        """Keep the progress beside the topics."""
        batch = self._running.create_batch()
        batch.append(key=PROGRESS, value=write_progress(progress), timestamp=None)
        await self._send([(self._notes, batch)])

    async def progress(self) -> Progress | None:
        """Return what was noted last."""
        found = await self._tail.last([self._notes], lambda record: read_progress(record) is not None)
        record = found.get(self._notes)
        if self._read < 0:
            self._read = (await self._tail.ends([self._notes]))[self._notes]
        return read_progress(record) if record is not None else None

    async def tails(self) -> dict[Place, tuple[int, str]]:
        """Return position and log id of the last event in each partition that has one."""
        places = {
            TopicPartition(self._settings.topic(topic), lane): (topic, lane)
            for topic in TOPICS
            for lane in range(self._settings.lanes)
        }
        found = await self._tail.last(places, _is_event)
        return {places[one]: place_of(record.headers) for one, record in found.items()}

    async def shrunk(self) -> bool:
        """Tell whether a topic is gone, or a partition ends before what it acknowledged."""
        if await ensure(self._settings):
            return True
        if not self._acknowledged:
            return False
        ends = await self._tail.ends(self._acknowledged)
        return any(end <= self._acknowledged[one] for one, end in ends.items())

    async def asked(self) -> list[Asked]:
        """Return what readers asked for since the last time."""
        end = (await self._tail.ends([self._notes]))[self._notes]
        records, self._read = await self._tail.since(self._notes, min(max(self._read, 0), end))
        return read_asked(records)

    async def _send(self, batches: Sequence[tuple[TopicPartition, BatchBuilder]]) -> None:
        producer = self._running
        waiting: list[tuple[TopicPartition, asyncio.Future[object]]] = []
        try:
            async with asyncio.timeout(self._settings.send):
                for partition, batch in batches:
                    batch.close()
                    sent = await producer.send_batch(batch, partition.topic, partition=partition.partition)
                    waiting.append((partition, sent))
                for partition, sent in waiting:
                    metadata = await sent
                    self._acknowledged[partition] = getattr(metadata, "offset", -1)
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(explain(error, self._settings)) from error
        finally:
            for _, sent in waiting:
                if not sent.done():
                    sent.cancel()
                elif not sent.cancelled():
                    sent.exception()  # seen

    @property
    def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Unavailable(f"Kafka at {self._settings.servers} is not connected.")
        return self._producer


def _append(batch: BatchBuilder, message: Outgoing, log_id: str) -> bool:
    key, value, headers, timestamp = write(message.event, message.prev, log_id)
    return batch.append(key=key, value=value, timestamp=timestamp, headers=headers) is not None


def _is_event(record: ConsumerRecord) -> bool:
    return place_of(record.headers)[0] > 0
