"""A reader's wish that something be sent again, put where the relay looks."""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.kit.adapters.kafka_clients import explain, start, stop
from services.kit.adapters.kafka_notes import write_asked
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.relay import Asked

log = structlog.get_logger(__name__)


async def ask(settings: KafkaSettings, asked: Asked, group: str) -> None:
    """Note the wish; if that fails, it is logged, and whoever lacks something asks again."""
    producer = AIOKafkaProducer(**settings.options(), acks="all")
    key, value = write_asked(asked, group)
    try:
        await start(producer, 5.0)
        async with asyncio.timeout(5.0):
            await producer.send_and_wait(settings.notes, value, key=key, partition=0)
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("the relay could not be asked", why=explain(error, settings))
    finally:
        await stop(producer)
