"""A relay beside an application in this process, for those who follow its topics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kit.adapters.kafka_relay import KafkaTopics
from services.kit.adapters.kafka_settings import KafkaSettings
from tests.servers.relayed import relay_of
from tests.support.app import App
from tests.support.patience import PATIENCE


@asynccontextmanager
async def relayed(app: App, settings: KafkaSettings) -> AsyncIterator[None]:
    """Run a relay from the application's log."""
    relaying = asyncio.create_task(relay_of(app.engine.ports.store, settings).run())
    try:
        yield
    finally:
        relaying.cancel()
        await asyncio.wait({relaying})


async def eventually_relayed(app: App, settings: KafkaSettings) -> None:
    """Wait until all of the application's log is noted as sent."""
    topics = KafkaTopics(settings)
    await topics.open()
    try:
        head = await app.engine.ports.store.head()
        async with asyncio.timeout(PATIENCE):
            while (progress := await topics.progress()) is None or progress.position < head:
                await asyncio.sleep(0.05)
    finally:
        await topics.close()
