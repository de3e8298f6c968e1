"""Our membership in a Kafka group: which lanes are ours, the consumer's life, offsets for Kafka's own tools."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from contracts.problem import Unavailable
from contracts.registry import TOPICS
from services.kit.adapters.kafka_clients import start, stop
from services.kit.adapters.kafka_group import given_lanes
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import LARGEST, check

log = structlog.get_logger(__name__)
T = TypeVar("T")
PATIENCE = 5.0
"""Seconds that a question to the broker may take."""
_COMMIT_EVERY = 1.0
_METADATA = 5_000
"""Milliseconds after which topics are looked at again: so soon after they were made a group gets its lanes that formed
when there were none (the broker was wiped)."""


class Restart(Exception):
    """The consumer is to be made anew; the text says why."""


class Member:
    """A consumer and what it was given. `given` is called with the lanes that are ours now, None while it is open."""

    def __init__(self, settings: KafkaSettings, group: str, given: Callable[[frozenset[int] | None], None]) -> None:
        self.names = {settings.topic(name): name for name in TOPICS}
        """Topic in this cluster → our name for it."""
        self.assigned: frozenset[int] | None = None
        self.generation = 0
        """Raised whenever lanes are given or taken."""
        self._done: dict[TopicPartition, int] = {}
        """Offsets behind what is folded and stored."""
        self._settings = settings
        self._group = group
        self._given = given
        self._consumer: AIOKafkaConsumer | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._commit_at = 0.0

    @property
    def connected(self) -> bool:
        """Is there a consumer?"""
        return self._consumer is not None

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The consumer. Raises Restart if there is none."""
        if self._consumer is None:
            raise Restart("not connected")
        return self._consumer

    def places(self, lane: int) -> list[TopicPartition]:
        """Return the partitions of a lane."""
        return [TopicPartition(name, lane) for name in self.names]

    async def connect(self) -> None:
        """Join the group. Raises Restart with what is wrong, KafkaError, TimeoutError."""
        try:
            wrong = [finding.text for finding in await check(self._settings) if finding.fatal]
        except Unavailable as error:
            raise Restart(error.detail) from error
        if wrong:
            raise Restart(" ".join(wrong))
        milliseconds = int(self._settings.session * 1000)
        consumer = AIOKafkaConsumer(
            **self._settings.options(),
            group_id=self._settings.group(self._group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # All members read the same topics with the same number of partitions: whole lanes.
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=milliseconds,
            heartbeat_interval_ms=milliseconds // 4,
            rebalance_timeout_ms=max(milliseconds, 10_000),
            metadata_max_age_ms=_METADATA,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=LARGEST,
        )
        await start(consumer, PATIENCE)
        self._consumer = consumer
        consumer.subscribe(list(self.names), listener=_Listener(self, consumer))

    async def disconnect(self) -> None:
        """Leave the group, in bounded time."""
        consumer, self._consumer = self._consumer, None
        try:
            if consumer is not None:
                await self._commit(consumer, 1.0)
        finally:
            if consumer is not None:
                await stop(consumer)
            self._forget()

    async def still_ours(self, lane: int) -> None:
        """Ask the broker: a worker that stood still must not take a lane back. Raises Restart if it is not."""
        place = self.places(lane)[0]
        offset = self._done.get(place)
        try:
            if offset is None:
                offset = await timely(self.consumer.committed(place)) or 0
            await timely(self.consumer.commit({place: offset}))
        except KafkaError as error:
            raise Restart(f"the group went on without us: {error!r}") from error

    async def check_whole(self) -> None:
        """Ask the broker whether every lane is given to a member. Raises Restart if none has it: whoever gave them out
        knew of no topics, and nobody gives them out again; KafkaError, TimeoutError."""
        try:
            given = await given_lanes(self._settings, self._group)
        except Unavailable as error:
            raise Restart(error.detail) from error
        if given is not None and (lacking := set(range(self._settings.lanes)) - given):
            raise Restart(f"no worker was given the lanes {sorted(lacking)}")

    async def note_done(self, generation: int, offsets: dict[TopicPartition, int]) -> None:
        """Note that what was read up to these offsets in that generation is folded and stored."""
        if generation == self.generation:
            self._done |= offsets

    async def commit_sometimes(self, now: float) -> None:
        """Tell Kafka how far we are, for its tools; we ourselves go by the documents' positions."""
        if now >= self._commit_at:
            self._commit_at = now + _COMMIT_EVERY
            await self._commit(self.consumer, PATIENCE)

    async def _commit(self, consumer: AIOKafkaConsumer, seconds: float) -> None:
        changed = {place: offset for place, offset in self._done.items() if self._committed.get(place) != offset}
        if changed:
            try:
                await timely(consumer.commit(changed), seconds)
            except (KafkaError, TimeoutError) as error:
                log.info("offsets not committed", group=self._group, why=repr(error))
            else:
                self._committed |= changed

    def _forget(self) -> None:
        self.generation += 1
        self.assigned = None
        self._done.clear()
        self._committed.clear()
        self._given(None)

    async def revoked(self, consumer: AIOKafkaConsumer) -> None:
        """Give all lanes back; what is being folded right now is fenced by the documents."""
        if consumer is self._consumer:
            await self._commit(consumer, 1.0)
            self._forget()

    def given(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Take lanes; nothing of them is read before they are opened."""
        if consumer is not self._consumer:
            return
        self._forget()
        ours = set(partitions)
        self.consumer.pause(*ours)
        numbers = frozenset(one.partition for one in ours)
        self.assigned = frozenset(number for number in numbers if ours.issuperset(self.places(number)))
        if self.assigned != numbers:
            log.error("lanes were not given out as a whole: all workers must be of one version", group=self._group)
        log.info("lanes given", group=self._group, lanes=sorted(self.assigned))
        self._given(self.assigned)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, member: Member, consumer: AIOKafkaConsumer) -> None:
        self._member = member
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        _ = revoked  # always all
        await self._member.revoked(self._consumer)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._member.given(self._consumer, assigned)


async def timely(work: Awaitable[T], seconds: float = PATIENCE) -> T:
    """Await the answer for so long. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        return await work
