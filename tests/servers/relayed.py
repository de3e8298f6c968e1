"""A Kafka bus with its relay, on topics of its own: what tests put between a log and a group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from itertools import count
from os import getpid
from typing import Any, cast

from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_clients import ENDING
from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_topics import ensure
from services.kit.ports import Batch, EventStore, OpenLane
from services.kit.relay import Relay
from tests.support.patience import PATIENCE

_numbers = count()


def own(address: str, **changes: Any) -> KafkaSettings:
    """Return settings with a prefix that no other test has, and patience for a test."""
    settings = KafkaSettings(address, prefix=f"test-{getpid()}-{next(_numbers)}.", stalled=5.0, send=5.0)
    return replace(settings, **changes)


def relay_of(store: EventStore, settings: KafkaSettings, **options: Any) -> Relay:
    """Return a relay that looks more often than a real one."""
    return Relay(store, KafkaTopics(settings), settings.lanes, **({"check_every": 1.0} | options))


async def eventually(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Let others run until the condition holds; a test that waits longer has failed."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not in {seconds:.0f} s: {what}"
        await asyncio.sleep(0.01)


async def all_ended() -> None:
    """Wait until every client of Kafka has ended, also those that others ended meanwhile."""
    while ENDING:
        await asyncio.wait(set(ENDING))


class RelayedBus:
    """The port Bus; the relay begins with the first deliveries, and when it ends (log closed) so do they."""

    def __init__(self, settings: KafkaSettings, store: EventStore) -> None:
        self._settings = settings
        self._store = store
        self._bus = KafkaBus(settings, store)
        self._relaying: asyncio.Task[None] | None = None
        self._reading = 0

    @property
    def lanes(self) -> int:
        return self._bus.lanes

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        if self._relaying is None:
            self._relaying = asyncio.create_task(self._relay())
            await ensure(self._settings)
        batches = cast("AsyncGenerator[Batch]", self._bus.deliveries(group, open_lane, most))
        self._reading += 1
        try:
            async for batch in batches:
                yield batch
        finally:
            await batches.aclose()
            self._reading -= 1

    def passed(self, group: str) -> int:
        return self._bus.passed(group)

    def owned(self, group: str) -> frozenset[int]:
        return self._bus.owned(group)

    async def resend(self, group: str, lane: int) -> None:
        await self._bus.resend(group, lane)

    async def finish(self) -> None:
        """Stop the relay, wait for deliveries that were cancelled. Raises what the relay ended with."""
        await eventually(lambda: self._reading == 0, "deliveries end when they are cancelled")
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.wait({self._relaying})
            if not self._relaying.cancelled():
                self._relaying.result()
        await all_ended()

    async def _relay(self) -> None:
        await relay_of(self._store, self._settings).run()
        await self._bus.close()
