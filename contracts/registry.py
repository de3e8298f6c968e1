"""All event types by name; the one list that codecs, schemas and tests read."""

from __future__ import annotations

from inspect import isclass

from contracts.analytics import events as analytics
from contracts.base import Event
from contracts.clients import events as clients
from contracts.clients import import_events as imports
from contracts.gateway import account_events as accounts
from contracts.gateway import bulk_events as bulk
from contracts.gateway import events as gateway
from contracts.gateway import view_events as views
from contracts.pipeline import events as pipeline
from contracts.pipeline import order_events as orders


def _collect() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for module in (clients, imports, pipeline, orders, analytics, gateway, accounts, bulk, views):
        for item in vars(module).values():
            if isclass(item) and issubclass(item, Event) and "type" in vars(item):
                found[item.type] = item
    return found


EVENTS: dict[str, type[Event]] = _collect()
TOPICS: tuple[str, ...] = tuple(sorted({event.topic() for event in EVENTS.values()}))
REFERENCE_TYPES: frozenset[str] = frozenset(name for name, event in EVENTS.items() if event.reference)
KNOWN_TYPES: frozenset[str] = REFERENCE_TYPES | {"pipeline.RateSet.v1"}
"""What edges keep in memory (DESIGN 4): reference events and exchange rates. Stores can read these alone, quickly."""
