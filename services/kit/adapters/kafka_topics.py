"""The topics: created as they must be, and checked, with what to do where they are not (DESIGN 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from contracts.problem import Unavailable
from services.kit.adapters.kafka_clients import explain, start, stop
from services.kit.adapters.kafka_settings import KafkaSettings

log = structlog.get_logger(__name__)
LARGEST = 16 << 20
"""Bytes of the largest message; the codec's events are far below."""
EVENTS_CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": str(LARGEST),
    "message.timestamp.type": "CreateTime",
    "segment.ms": str((1 << 63) - 1),
    "segment.index.bytes": str(1 << 20),
}
"""Nothing is ever thrown away; a message's time is when its event was recorded: readers find their place by it.

Files of a partition begin anew by size alone: by time, which is that of the messages, filling topics from a log of some
years would make a file, with its indexes, for each week of each partition."""
NOTES_CONFIG = {"cleanup.policy": "compact", "max.message.bytes": str(LARGEST)}
_EXISTS, _UNKNOWN, _NO_LEADER = 36, 3, 5
_TIMEOUT = 20.0


@dataclass(frozen=True)
class Finding:
    """Something wrong with a topic. `fatal`: lanes cannot be read like this."""

    topic: str
    text: str
    fatal: bool = True


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an administration client. Raises Unavailable, saying what is wrong, also for what is done with it."""
    try:
        options = settings.options()
    except OSError as error:
        raise Unavailable(f"A certificate or key for Kafka cannot be read: {error}") from error
    client = _Admin(AIOKafkaAdminClient(**options, request_timeout_ms=int(_TIMEOUT * 1000)))
    try:
        await start(client, _TIMEOUT)
        async with asyncio.timeout(_TIMEOUT):
            yield client.admin
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unavailable(explain(error, settings)) from error
    finally:
        await stop(client)


class _Admin:
    """The one client whose `stop` is called `close`."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self.admin = admin

    async def start(self) -> None:
        await self.admin.start()

    async def stop(self) -> None:
        await self.admin.close()


async def ensure(settings: KafkaSettings) -> list[str]:
    """Create the topics that are missing; return their names. Raises Unavailable."""
    async with admin(settings) as client:
        missing = [name for name, found in (await _partitions(client, settings)).items() if not found]
        wanted = [
            NewTopic(settings.notes, 1, settings.replicas, topic_configs=dict(NOTES_CONFIG))
            if name == settings.notes
            else NewTopic(name, settings.lanes, settings.replicas, topic_configs=dict(EVENTS_CONFIG))
            for name in missing
        ]
        if wanted:
            answer: Any = await client.create_topics(wanted)
            for name, code, *more in answer.topic_errors:
                if code not in {0, _EXISTS}:  # errors are returned, not raised
                    why = next((text for text in more if text), for_code(code).__name__)
                    raise Unavailable(f"The topic {name} cannot be created: {why}")
            log.info("topics created", topics=missing, partitions=settings.lanes, replicas=settings.replicas)
        return missing


async def check(settings: KafkaSettings) -> list[Finding]:
    """Return what is wrong with the topics, nothing if all is well. Raises Unavailable."""
    async with admin(settings) as client:
        partitions = await _partitions(client, settings)
        findings = [finding for name, found in partitions.items() for finding in _counted(settings, name, found)]
        there = [name for name in settings.topics if partitions[name]]
        if there:
            for name, values in (await _configs(client, there)).items():
                findings += _configured(settings, name, values)
        return findings


def _counted(settings: KafkaSettings, name: str, partitions: int) -> list[Finding]:
    wanted = 1 if name == settings.notes else settings.lanes
    if not partitions:
        return [Finding(name, f"The topic {name} is missing: create it with `voronka topics`.")]
    if partitions != wanted:
        remedy = "Delete it and run `voronka topics`; the relay fills it again from the log."
        return [Finding(name, f"The topic {name} has {partitions} partitions and must have {wanted}. {remedy}")]
    return []


def _configured(settings: KafkaSettings, name: str, values: dict[str, str]) -> list[Finding]:
    findings = []
    for option in ("retention.ms", "retention.bytes"):
        if values.get(option, "-1") != "-1":
            remedy = f"Set it: kafka-configs.sh --alter --topic {name} --add-config {option}=-1"
            text = f"The topic {name} throws old events away ({option}={values[option]}). {remedy}"
            findings.append(Finding(name, text, fatal=False))
    if values.get("cleanup.policy", "delete") != "delete":
        remedy = f"Set it: kafka-configs.sh --alter --topic {name} --add-config cleanup.policy=delete"
        text = f"The topic {name} is compacted, which removes events. {remedy}"
        findings.append(Finding(name, text, fatal=False))
    if settings.replicas > 1 and int(values.get("min.insync.replicas", "1")) < 2:
        remedy = f"Set it: kafka-configs.sh --alter --topic {name} --add-config min.insync.replicas=2"
        text = f"The topic {name} acknowledges with a single copy (the relay would resend what is lost). {remedy}"
        findings.append(Finding(name, text, fatal=False))
    return findings


async def _partitions(client: AIOKafkaAdminClient, settings: KafkaSettings) -> dict[str, int]:
    """Return how many partitions each of our topics has, 0: it is not there. Asks for all topics, because asking for
    one that is missing would create it where brokers do that."""
    names = [*settings.topics, settings.notes]
    found = dict.fromkeys(names, 0)
    for topic in await client.describe_topics():
        if topic["topic"] in found:
            if topic["error_code"] not in {0, _UNKNOWN, _NO_LEADER}:
                raise for_code(topic["error_code"])(topic["topic"])
            found[topic["topic"]] = len(topic["partitions"])
    return found


async def _configs(client: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    answers: list[Any] = await client.describe_configs(asked)
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(name)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found
