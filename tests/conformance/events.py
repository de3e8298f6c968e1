"""Events and waiting for the conformance suites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from contracts.envelope import NewEvent, RecordedEvent
from services.kit.ports import EventStore
from tests.support.patience import PATIENCE

DEAL = "pipeline.DealStageChanged.v1"


def new(id: str, type: str = DEAL, key: str = "client-1", data: bytes = b'{"a":1}') -> NewEvent:
    """Return an event with this id; its command is named after it."""
    return NewEvent(
        id=id,
        type=type,
        key=key,
        occurred_at=1_700_000_000_000,
        actor="employee-1",
        command_id=f"command-{id}",
        command_hash="hash",
        data=data,
    )


def several(name: str, count: int) -> list[NewEvent]:
    """Return events `name`.1 to `name`.count."""
    return [new(f"{name}.{n}") for n in range(1, count + 1)]


async def everything(store: EventStore) -> list[RecordedEvent]:
    """Return the whole log."""
    return await store.read_all(0, 10_000_000)


def ids(events: Sequence[NewEvent]) -> list[str]:
    """Return the ids of events."""
    return [event.id for event in events]


async def followed(batches: AsyncIterator[list[RecordedEvent]], until: int) -> list[RecordedEvent]:
    """Return what a follower gets until there are so many."""
    got: list[RecordedEvent] = []
    async with asyncio.timeout(PATIENCE):
        async for events in batches:
            assert events, "a follower never gets an empty batch"
            got += events
            if len(got) >= until:
                return got
    raise AssertionError(f"the log ended after {len(got)} of {until} events")


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


def check_log(events: list[RecordedEvent], *, gapless: bool) -> None:
    """Check what must hold for every log at any time: order, gapless versions, no event twice."""
    versions: dict[str, int] = {}
    recorded_at = 0
    for event, before in zip(events, [0, *(event.position for event in events)], strict=False):
        assert event.position == before + 1 if gapless else event.position > before
        assert event.version == versions.get(event.stream, 0) + 1, f"a gap in {event.stream}"
        assert event.recorded_at >= recorded_at
        versions[event.stream] = event.version
        recorded_at = event.recorded_at
    assert len({event.id for event in events}) == len(events), "an event is there twice"
