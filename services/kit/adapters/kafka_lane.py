"""A lane as the Kafka bus fills it: partition n of every topic; repeats are dropped, gaps are waited out (DESIGN 5)."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from contracts.envelope import RecordedEvent
from services.kit.adapters.kafka_wire import NotAnEvent, Received, read
from services.kit.documents import LaneState
from services.kit.ports import Delivered
from services.kit.telemetry import METRICS

log = structlog.get_logger(__name__)
FOREIGN = "NotAnEvent"


@dataclass
class Gap:
    """An event came whose `prev` is not the one before it. Times are those of the event loop, seconds."""

    since: float
    next_try: float
    tries: int = 0


class KafkaLane:
    """What was read of a lane and not delivered yet, and how far it is.

    A gap is no error by itself: a relay that was interrupted sends what failed behind what did not, so the message that
    closes the gap may come later in the partition. What does not fit is passed over and read again once it is closed.
    """

    def __init__(self, state: LaneState, log_id: str, gaps: dict[str, Gap] | None = None) -> None:
        self.number = state.lane
        self.last = {topic: position for topic, (position, _) in state.positions.items()}
        """Position of the last event in each topic, delivered or ready to be."""
        self.gaps = gaps if gaps is not None else {}
        self.ready: deque[tuple[Delivered, TopicPartition, int]] = deque()
        self._log_id = log_id

    def offer(self, topic: str, record: ConsumerRecord, now: float) -> None:
        """Take a message of one of the lane's partitions; called in the order of its offsets."""
        try:
            received = self._read(topic, record)
        except NotAnEvent as error:
            received = self._foreign(topic, record, str(error))
        event = received.event
        last = self.last.get(event.topic, 0)
        if event.position <= last:
            return
        if received.prev != last:
            if topic not in self.gaps:
                self.gaps[topic] = Gap(now, now + 1.0)
                log.info("gap in a partition", topic=topic, lane=self.number, after=last, found=event.position)
            return
        self.gaps.pop(event.topic, None)
        self.last[event.topic] = event.position
        place = TopicPartition(record.topic, record.partition)
        self.ready.append((Delivered(event, received.prev), place, record.offset + 1))

    def take(self, most: int) -> tuple[list[Delivered], dict[TopicPartition, int]]:
        """Return up to `most` events to deliver now, and the offsets behind them."""
        events: list[Delivered] = []
        offsets: dict[TopicPartition, int] = {}
        while self.ready and len(events) < most:
            delivered, place, offset = self.ready.popleft()
            events.append(delivered)
            offsets[place] = offset
        return events, offsets

    def _read(self, topic: str, record: ConsumerRecord) -> Received:
        received = read(record.value, record.headers)
        if received.log_id != self._log_id:
            raise NotAnEvent(f"it belongs to the log {received.log_id}, this one is {self._log_id}")
        if received.event.topic != topic:
            raise NotAnEvent(f"a {received.event.type} does not belong into this topic")
        return received

    def _foreign(self, topic: str, record: ConsumerRecord, why: str) -> Received:
        """Return an event of a type that nobody knows, so that it stops the lane and `voronka skip` passes it (R5).

        It has a topic of its own, in which its offset is its position: once skipped it is a repeat."""
        kind = topic.removesuffix(".events") + "-foreign." + FOREIGN
        place = f"{record.topic}/{record.partition}/{record.offset}"
        event = RecordedEvent(
            id=place,
            type=kind,
            key="",
            occurred_at=record.timestamp,
            actor="",
            command_id="",
            command_hash="",
            data=json.dumps({"message": place, "reason": why}).encode(),
            stream=place,
            version=1,
            position=record.offset + 1,
            recorded_at=record.timestamp,
        )
        prev = self.last.get(event.topic, 0)
        if event.position > prev:
            METRICS.foreign.labels(topic).inc()
            log.error(
                "a message that is no event: its lane stops; find out who writes there, then `voronka skip`",
                message=place,
                reason=why,
            )
        return Received(event, prev, self._log_id)
