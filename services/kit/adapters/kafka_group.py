"""What the broker knows of a group: to whom its lanes are given."""

from __future__ import annotations

from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import for_code

from contracts.registry import TOPICS
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import admin


async def given_lanes(settings: KafkaSettings, group: str) -> set[int] | None:
    """Return the lanes of which all partitions are given to members of the group; None while they are being given out.

    Raises Unavailable."""
    async with admin(settings) as client:
        answers: list[Any] = await client.describe_consumer_groups([settings.group(group)])
        [[code, _, state, _, _, members, *_]] = answers[0].groups
        if code:
            raise for_code(code)(settings.group(group))
    if state != "Stable":
        return None
    given = {
        (one.topic, one.partition)
        for member in members
        for one in ConsumerProtocol.ASSIGNMENT.decode(member[-1]).partitions()
    }
    names = [settings.topic(topic) for topic in TOPICS]
    return {lane for lane in range(settings.lanes) if given.issuperset((name, lane) for name in names)}
