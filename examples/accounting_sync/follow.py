"""Follows Voronka's topics with a group of its own and books what they say; ends when it is told to."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from examples.accounting_sync.ledger import Gap, Ledger
from examples.accounting_sync.message import read

log = logging.getLogger(__name__)
TOPICS = ("pipeline.events", "analytics.events", "clients.events")
"""Orders, payments and deals; sales rules; purchases of clients in client funnels."""
_STOP = 5.0


@dataclass(frozen=True)
class Kafka:
    """Where the topics are and who we are."""

    brokers: str
    group: str = "accounting"
    prefix: str = ""
    """What the installation puts before the names of its topics."""
    security: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password: str = ""
    ca_file: str = ""
    session: float = 10.0
    """Seconds after which the partitions of a run that was killed are given to the next."""

    def consumer(self) -> AIOKafkaConsumer:
        """Return a consumer that is not started. Offsets are the ledger's; Kafka's copy is for its own tools."""
        secure = self.security.endswith("SSL")
        sasl = self.security.startswith("SASL")
        return AIOKafkaConsumer(
            bootstrap_servers=self.brokers,
            group_id=self.prefix + self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self.session * 1000),
            heartbeat_interval_ms=int(self.session * 300),
            security_protocol=self.security,
            ssl_context=ssl.create_default_context(cafile=self.ca_file or None) if secure else None,
            sasl_mechanism=self.mechanism if sasl else "PLAIN",
            sasl_plain_username=self.user if sasl else None,
            sasl_plain_password=self.password if sasl else None,
        )


@dataclass
class _OpenGap:
    gap: Gap
    alarm_at: float
    alarms: int = 0


class Follower(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Reads from the offsets in the ledger. `alarm`: seconds after which a gap is told."""

    def __init__(self, kafka: Kafka, ledger: Ledger, alarm: float = 10.0) -> None:
        self._kafka = kafka
        self._ledger = ledger
        self._alarm = alarm
        self._consumer = kafka.consumer()
        self._gaps: dict[TopicPartition, _OpenGap] = {}

    @property
    def gaps(self) -> dict[str, Gap]:
        """What is missing now, by partition."""
        return {f"{place.topic}[{place.partition}]": one.gap for place, one in self._gaps.items()}

    async def run(self, stop: asyncio.Event, *, until_end: bool = False) -> None:
        """Book until `stop` is set, or up to what is there now (or until a gap stays open). Raises KafkaError if the
        brokers do not answer, NotAnEvent, Unknown, OtherLog."""
        consumer = self._consumer
        try:
            await consumer.start()
            consumer.subscribe([self._kafka.prefix + topic for topic in TOPICS], listener=self)
            ends: dict[TopicPartition, int] = {}
            while not stop.is_set():
                batches = await consumer.getmany(timeout_ms=200, max_records=2_000)
                for place, records in batches.items():
                    self._book(place, records)
                self._alarms()
                if batches:
                    await self._tell_kafka(batches)
                if until_end:
                    ends = ends or await self._ends()
                    if ends and self._reached(ends):
                        return
        finally:
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(consumer.stop(), _STOP)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Read each partition from where the ledger is, whatever Kafka thinks."""
        self._gaps.clear()
        for place in assigned:
            self._consumer.seek(place, self._ledger.offset(self._topic(place), place.partition))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is held in memory."""

    def _topic(self, place: TopicPartition) -> str:
        return str(place.topic).removeprefix(self._kafka.prefix)

    def _book(self, place: TopicPartition, records: list[object]) -> None:
        messages = [read(record.value, record.headers, record.offset) for record in records]  # type: ignore[attr-defined]
        outcome = self._ledger.book(self._topic(place), place.partition, messages)
        if outcome.again is not None:
            self._gaps.pop(place, None)
            self._consumer.seek(place, outcome.again)
        elif outcome.gap is not None and place not in self._gaps:
            log.info("gap in %s[%d]: after %d comes %d", *place, outcome.gap.after, outcome.gap.found)
            self._gaps[place] = _OpenGap(outcome.gap, self._now() + self._alarm)

    def _alarms(self) -> None:
        """A gap closes by itself when the relay sends again; if not, say so and look through the partition once more,
        as a topic that was made anew has other offsets."""
        for place, one in self._gaps.items():
            if self._now() >= one.alarm_at:
                one.alarm_at = self._now() + 2 * self._alarm
                one.alarms += 1
                log.error(
                    "ALARM: %s[%d] lacks what comes after position %d. Nothing behind it is booked. If it stays: "
                    "`voronka relay --from %d`",
                    *place,
                    one.gap.after,
                    one.gap.after,
                )
                self._consumer.seek(place, 0)

    async def _tell_kafka(self, places: Iterable[TopicPartition]) -> None:
        """Let Kafka's tools see how far we are; nothing depends on it."""
        assigned = self._consumer.assignment()
        offsets = {
            place: self._ledger.offset(self._topic(place), place.partition) for place in places if place in assigned
        }
        with suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(self._consumer.commit(offsets), _STOP)

    async def _ends(self) -> dict[TopicPartition, int]:
        assigned = self._consumer.assignment()
        return dict(await self._consumer.end_offsets(assigned)) if assigned else {}

    def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        """Everything that was there is booked, or passed over behind a gap that stays."""
        for place, end in ends.items():
            if self._ledger.offset(self._topic(place), place.partition) < end:
                one = self._gaps.get(place)
                if one is None or one.alarms < 2:
                    return False
        return True

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
