"""`voronka relay` and `voronka topics`: what stands between the event store and Kafka's readers (DESIGN 10)."""

from __future__ import annotations

import asyncio

import typer

from services.cli.attend import attend
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.ports import EventStore
from services.kit.profiles import event_store, topics
from services.kit.relay import Relay
from services.kit.settings import Settings
from services.kit.tracing.sending import SENDING
from services.kit.web import Door, probe_app

_FINDINGS = 1


async def relay(settings: Settings, from_position: int | None) -> int:
    """Relay until SIGINT or SIGTERM. `from_position`: send all behind it again. Raises Unusable."""
    settings.check_distributed()
    SENDING.start(("relay",))

    async def work(door: Door, patience: Patience) -> None:
        store = await event_store(settings, patience)
        try:
            await _relay(settings, store, door, from_position)
        finally:
            await store.close()

    return await attend(settings, "relay", work)


async def _relay(settings: Settings, store: EventStore, door: Door, from_position: int | None) -> None:
    kafka = topics(settings)
    relaying = Relay(store, kafka.topics, kafka.lanes, from_position=from_position)

    def missing() -> str:
        return "" if relaying.position >= 0 else "the relay has not found its place in the topics yet"

    door.app = probe_app(missing)
    typer.echo("ready")
    try:
        await relaying.run()
    finally:
        await asyncio.shield(kafka.topics.close())
    raise Unusable("the event store was closed under the relay; start it again")


async def check_topics(settings: Settings) -> int:
    """Create the topics that are missing, tell what is wrong with those that are there."""
    settings.check_distributed()
    kafka = topics(settings)
    for name in await kafka.ensure():
        typer.echo(f"created {name}")
    found = await kafka.check()
    for finding in found:
        typer.echo(finding)
    if not found:
        typer.echo("all topics are as they must be")
    return _FINDINGS if found else 0
