"""Logs to be relayed, and what must hold of what a group folded."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from contracts.envelope import RecordedEvent
from contracts.registry import REFERENCE_TYPES, TOPICS
from services.kit.lanes import lane_of
from services.kit.ports import Append, EventStore
from tests.conformance.events import everything, ids, new

TYPES = (
    "pipeline.DealStageChanged.v1",
    "pipeline.DealStageChanged.v1",
    "clients.NoteAdded.v1",
    "clients.ClientStageChanged.v1",
    "pipeline.ProductAdded.v1",
    "analytics.SalesRulesSet.v1",
)


async def fill(store: EventStore, count: int, name: str = "e", keys: int = 60) -> list[RecordedEvent]:
    """Append so many events of several topics, reference events among them; return the whole log."""
    chance = Random(f"{name}{count}")
    appends = []
    for start in range(0, count, 10):
        some = [
            new(f"{name}-{n}", chance.choice(TYPES), f"client-{chance.randrange(keys)}")
            for n in range(start, min(start + 10, count))
        ]
        appends.append(Append(f"{name}-{start}", some, 0))
    await store.append_many(appends)
    return await everything(store)


def of_lane(log: list[RecordedEvent], lane: int, lanes: int = 12) -> list[RecordedEvent]:
    """Return the events that belong into a lane, in log order."""
    return [event for event in log if event.type in REFERENCE_TYPES or lane_of(event.key, lanes) == lane]


def copies(log: list[RecordedEvent], lanes: int = 12) -> int:
    """Return how many deliveries a group must fold."""
    return sum(lanes if event.type in REFERENCE_TYPES else 1 for event in log)


def check_folded(folded: Mapping[int, list[RecordedEvent]], log: list[RecordedEvent], lanes: int = 12) -> None:
    """Check that every lane folded its events, each once, each topic in order: lost 0, doubled 0."""
    for lane in range(lanes):
        expected = of_lane(log, lane, lanes)
        for topic in TOPICS:
            got = ids([event for event in folded[lane] if event.topic == topic])
            assert got == ids([event for event in expected if event.topic == topic]), f"{topic} in lane {lane}"
