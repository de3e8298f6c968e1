"""Reads the ends of partitions, outside of any group: the last messages there, what came since."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from contracts.problem import Unavailable
from services.kit.adapters.kafka_clients import explain, start, stop
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import LARGEST

T = TypeVar("T")


class Tail:
    """One reader. Every question is answered in `settings.send` seconds or raises Unavailable."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def open(self) -> None:
        """Connect. Raises Unavailable."""
        consumer = AIOKafkaConsumer(
            **self._settings.options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST,
        )
        try:
            await start(consumer, self._settings.send)
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(explain(error, self._settings)) from error
        self._consumer = consumer
        self._rest()

    async def close(self) -> None:
        """Disconnect, at once if the broker does not answer."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop(consumer)

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset behind the last message of each partition."""
        found: dict[TopicPartition, int] = await self._timely(self._open.end_offsets(list(partitions)))
        return found

    async def last(
        self, partitions: Iterable[TopicPartition], good: Callable[[ConsumerRecord], bool]
    ) -> dict[TopicPartition, ConsumerRecord]:
        """Return the last good message of each partition that has one."""
        wanted = list(partitions)
        ends = await self.ends(wanted)
        begins: dict[TopicPartition, int] = await self._timely(self._open.beginning_offsets(wanted))
        found: dict[TopicPartition, ConsumerRecord] = {}
        looking = {one: ends[one] for one in wanted if ends[one] > begins[one]}
        back = 1
        while looking:
            starts = {one: max(begins[one], end - back) for one, end in looking.items()}
            for record in await self._timely(self._read(starts, looking)):
                if good(record):
                    found[TopicPartition(record.topic, record.partition)] = record
            looking = {one: end for one, end in looking.items() if one not in found and starts[one] > begins[one]}
            back *= 8
        return found

    async def since(self, partition: TopicPartition, offset: int) -> tuple[list[ConsumerRecord], int]:
        """Return the messages from this offset on, and the offset behind them."""
        end = (await self.ends([partition]))[partition]
        if end <= offset:
            return [], end
        return await self._timely(self._read({partition: offset}, {partition: end})), end

    async def _read(self, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> list[ConsumerRecord]:
        consumer = self._open
        consumer.assign(list(starts))
        for one, offset in starts.items():
            consumer.seek(one, offset)
        records: list[ConsumerRecord] = []
        left = set(starts)
        while left:
            for found in (await consumer.getmany(timeout_ms=200)).values():
                records += found
            left = {one for one in left if await consumer.position(one) < ends[one]}
        self._rest()
        return records

    def _rest(self) -> None:
        """Know all our topics and fetch from none of them.

        A topic that the client does not know yet costs the first question about it a tenth of a second, and only those
        are known that it reads."""
        names = [*self._settings.topics, self._settings.notes]
        one_of_each = [TopicPartition(name, 0) for name in names]
        self._open.assign(one_of_each)
        self._open.pause(*one_of_each)
        for one in one_of_each:
            self._open.seek(one, 0)  # else it would ask where to begin

    @property
    def _open(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise Unavailable(f"Kafka at {self._settings.servers} is not connected.")
        return self._consumer

    async def _timely(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._settings.send):
                return await work
        except (KafkaError, TimeoutError, OSError) as error:
            raise Unavailable(explain(error, self._settings)) from error
