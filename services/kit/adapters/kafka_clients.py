"""What every aiokafka client needs: a bounded end, and errors in words that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog
from aiokafka.errors import (
    AuthenticationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from services.kit.adapters.kafka_settings import KafkaSettings

log = structlog.get_logger(__name__)
STOP = 3.0
"""Seconds that a client gets to end; with its broker gone it would wait for ever."""


class Client(Protocol):
    """A consumer or producer of aiokafka."""

    async def start(self) -> Any: ...

    async def stop(self) -> Any: ...


ENDING: set[asyncio.Task[None]] = set()
"""Clients that are being ended, whoever asked for it may be gone."""


async def start(client: Client, seconds: float) -> None:
    """Connect the client. Raises KafkaError or TimeoutError; then, and if it is cancelled, the client is stopped."""
    starting = asyncio.ensure_future(client.start())
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(starting)
    except BaseException:
        await _whatever_happens(_abandon(client, starting))
        raise


async def stop(client: Client, seconds: float = STOP) -> None:
    """End the client, politely if it can be done in time; if the caller is cancelled meanwhile, it goes on."""
    await _whatever_happens(_stop(client, seconds))


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task that has a client and wait until it has ended; if the caller is cancelled meanwhile, it goes on."""
    task.cancel()
    _note(task)
    await asyncio.wait({task})


async def _whatever_happens(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _note(task)
    await asyncio.shield(task)


def _note(task: asyncio.Task[None]) -> None:
    ENDING.add(task)
    task.add_done_callback(ENDING.discard)


async def _abandon(client: Client, starting: asyncio.Future[Any]) -> None:
    # Cut off in the middle it would lose a connection without closing it, so it gets a moment to come to an end.
    await asyncio.wait({starting}, timeout=1.0)
    starting.cancel()
    await asyncio.wait({starting}, timeout=1.0)
    if starting.done() and not starting.cancelled():
        starting.exception()  # seen
    await _stop(client, STOP)


async def _stop(client: Client, seconds: float) -> None:
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait({stopping}, timeout=seconds)
    if not stopping.done():
        stopping.cancel()
        await asyncio.wait({stopping}, timeout=1.0)
        # It marks itself as closed first and closes its connections last: that is left to do.
        connections = getattr(client, "_client", None) or getattr(client, "client", None)
        if connections is not None:
            closing = asyncio.ensure_future(connections.close())
            await asyncio.wait({closing}, timeout=1.0)
            closing.cancel()
        log.info("a Kafka client did not end in time and was cut off", client=type(client).__name__)
    elif (error := stopping.exception()) is not None:
        log.info("a Kafka client ended with an error", client=type(client).__name__, error=repr(error))


def explain(error: Exception, settings: KafkaSettings) -> str:
    """Return what is wrong and what to do, in words for the person who runs it."""
    where = settings.servers
    match error:
        case AuthenticationFailedError():
            return f"Kafka at {where} refuses our name or password: check username, password and mechanism."
        case TopicAuthorizationFailedError() | GroupAuthorizationFailedError():
            return (
                f"Kafka at {where} gives {settings.username or 'us'} no right to {error}: see the ACLs in the manual."
            )
        case KafkaConnectionError():
            return (
                f"Kafka does not answer at {where} ({error}): start it, check the address, and whether it wants "
                f"{settings.security} (a wrong password looks the same)."
            )
        case UnknownTopicOrPartitionError():
            return f"A topic is missing at {where}: create them with `voronka topics`."
        case TimeoutError():
            return f"Kafka at {where} does not answer in time."
        case KafkaError():
            return f"Kafka at {where}: {error!r}"
        case _:
            return str(error)
