"""`voronka relay` on a bus that tells topics shuffled against each other: of all it has, one topic after the other.

    python -m tests.servers.shuffling relay --port PORT

Within a partition the order stays; between topics Kafka promises none (DESIGN 5, R4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import structlog

from services.cli.main import command
from services.kit.adapters import kafka_relay
from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.relay import Outgoing

log = structlog.get_logger(__name__)
SHUFFLED = "topics are told one after the other"
"""Said for each run of events that had several topics."""
_PAUSE = 0.3
_chance = Random(11)


class Shuffling(KafkaTopics):
    """Sends the messages of each topic by themselves, in any order of the topics, with pauses."""

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        """See Topics."""
        by_topic: dict[str, list[Outgoing]] = {}
        for message in messages:
            by_topic.setdefault(message.event.topic, []).append(message)
        order = list(by_topic)
        _chance.shuffle(order)
        for topic in order:
            await super().send(by_topic[topic], log_id)
            await asyncio.sleep(_PAUSE)
        if len(order) > 1:
            log.warning(SHUFFLED, order=order, events=len(messages))


if __name__ == "__main__":
    kafka_relay.KafkaTopics = Shuffling  # type: ignore[misc]
    command()
