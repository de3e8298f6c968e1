"""How far the relay is, as its notes tell: one reader a process, shared by all groups."""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.kit.adapters.kafka_clients import end, explain, start, stop
from services.kit.adapters.kafka_member import timely
from services.kit.adapters.kafka_notes import read_progress
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.relay import Progress

log = structlog.get_logger(__name__)
_LAST = 50
"""Notes read at a start: a progress is among them, if the relay runs."""
_SILENCE = 3.0
"""Seconds without a note after which we look whether there is one that does not reach us (a broker that was wiped)."""


class Watch:
    """Follows the relay's notes while somebody reads; `progress` is None until the first."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.progress: Progress | None = None
        self._settings = settings
        self._users = 0
        self._task: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """Follow for one reader more."""
        self._users += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="relay's progress")

    async def leave(self) -> None:
        """Follow for one reader less; the last one stops it."""
        self._users -= 1
        task = self._task
        if self._users == 0 and task is not None:
            self._task, self.progress = None, None
            await end(task)

    async def _run(self) -> None:
        delay = 0.1
        while True:
            consumer = AIOKafkaConsumer(
                **self._settings.options(), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
            )
            try:
                await start(consumer, self._settings.send)
                place = TopicPartition(self._settings.notes, 0)
                consumer.assign([place])
                consumer.seek(place, max(0, await self._behind_last(consumer, place) - _LAST))
                delay = 0.1
                await self._follow(consumer, place)
            except (KafkaError, TimeoutError, OSError) as error:
                log.info("the relay's notes cannot be read", why=explain(error, self._settings), seconds=delay)
            finally:
                await stop(consumer)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)

    async def _follow(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> None:
        """Read until nothing comes although there is something, or for long: the relay notes something every 10 s."""
        loop = asyncio.get_running_loop()
        heard = looked = loop.time()
        while (now := loop.time()) - heard < self._settings.stalled:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    heard = looked = loop.time()
                    self.progress = read_progress(record) or self.progress
            if now - looked > _SILENCE:
                looked = now
                behind_last = await self._behind_last(consumer, place)
                if behind_last != await timely(consumer.position(place), self._settings.send):
                    return

    async def _behind_last(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
        """Return the offset behind the last note. Raises KafkaError, TimeoutError."""
        found: dict[TopicPartition, int] = await timely(consumer.end_offsets([place]), self._settings.send)
        return found[place]
