"""A desk for edges: streams folded from given events, and what the services know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from contracts.base import Event
from services.kit.adapters.local_limits import LocalLimits
from services.kit.decider import Decider
from services.kit.service import Desk
from tests.support.memory import stream_of

NOW = 1_780_000_000_000


class Handled:
    """Loads streams from events in memory."""

    def __init__(self, *events: Event) -> None:
        self.events = events

    @property
    def store(self) -> Any:
        return self

    async def read_types(self, types: frozenset[str], after: int, limit: int) -> list[Event]:
        return [event for event in self.events if event.type in types][after : after + limit]

    def clock(self) -> int:
        return NOW

    async def load(self, decider: Decider[Any, Any, Any], key: str) -> Any:
        mine = [event for event in self.events if stream_of(event) == decider.stream(key)]
        return SimpleNamespace(state=decider.fold(mine), version=len(mine))


def desk(*events: Event, **known: Any) -> Desk:
    """Return a desk where these events happened and the services know this."""
    handler: Any = Handled(*events)
    codec: Any = None
    return Desk(handler, codec, known, LocalLimits())
