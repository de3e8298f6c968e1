"""The group `analytics`: all its folds on one position, so that every number is of the same moment (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import DealTouched
from services.analytics.projections.change import lane_rules
from services.analytics.projections.clients import CLIENTS
from services.analytics.projections.deals import DEALS
from services.analytics.projections.derive import put_off, work
from services.analytics.projections.model import COLLECTIONS, COUNTERS, PARTS, ROWS
from services.analytics.projections.orders import ORDERS
from services.analytics.projections.payments import RECEIVED
from services.analytics.projections.reference import REFERENCE
from services.analytics.projections.rows import row_id
from services.kit.projection import Context, Key, Projection


def _prefetch(context: Context, data: Any, event: RecordedEvent) -> Iterable[Key]:
    """Name the rows and parts that a fact's change will read, under each ruleset kept."""
    client_id = getattr(data, "client_id", None)
    if client_id is None or event.type == DealTouched.type:
        return  # a touch changes no row, and so has not named the lane's rules
    lane = lane_rules(context)
    fact_id = getattr(data, "deal_id", None) or getattr(data, "order_id", None)
    for rules in (lane.active, *lane.previous, lane.building):
        if rules is not None:
            for subject_id in (client_id, *getattr(data, "contact_ids", ())):
                yield (ROWS.name, row_id(rules, subject_id))
                if fact_id is not None:
                    yield (PARTS.name, f"{rules.id}:{subject_id}:{fact_id}")


ANALYTICS = Projection("analytics", 4, COLLECTIONS, COUNTERS).include(CLIENTS, DEALS, ORDERS, RECEIVED, REFERENCE)
ANALYTICS.prefetch = _prefetch
ANALYTICS.work = work
ANALYTICS.prepare = put_off
