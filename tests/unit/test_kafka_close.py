"""Clients of Kafka end even if whoever ends them is cancelled meanwhile (DESIGN 10)."""

from __future__ import annotations

import asyncio

from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.adapters.kafka_settings import KafkaSettings
from tests.support.patience import PATIENCE


class Client:
    """A client that takes a moment to end."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.ended = asyncio.Event()

    async def stop(self) -> None:
        self.stopping.set()
        await asyncio.sleep(0.05)
        self.ended.set()


async def test_a_relay_that_is_cancelled_while_it_ends_leaves_no_client() -> None:
    topics, producer, consumer = KafkaTopics(KafkaSettings()), Client(), Client()
    topics._producer = producer
    topics._tail._consumer = consumer
    closing = asyncio.create_task(topics.close())
    await producer.stopping.wait()
    closing.cancel()
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait({closing})
        await producer.ended.wait()
        await consumer.ended.wait()
