"""The first sale makes a potential client current (P16), if the sales rules say so. Live events only (P18)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.base import Command
from contracts.clients.commands import ChangeClientStatus
from contracts.clients.events import ClientStageChanged
from contracts.envelope import RecordedEvent
from contracts.pipeline.events import DealJoinedClient, DealOpened, DealStageChanged
from contracts.pipeline.order_events import OrderJoinedClient, OrderPlaced, OrderStatusChanged
from services.analytics.known import AnalyticsKnown
from services.kit.reaction import Reaction

_SOURCES = {"deal": "deals", "order": "orders", "client": "clients"}


def react(data: Any, event: RecordedEvent, known: AnalyticsKnown) -> Sequence[Command]:
    """Ask for the status `current` whenever a client comes to stand in a bought stage; no event if it is already."""
    _ = event
    stage_id = getattr(data, "status", None) or getattr(data, "to_stage", None) or data.stage_id
    counts = _SOURCES.get(known.funnels.get(data.funnel_id, "")) in known.sources
    if data.client_id is None or not known.promotes or not counts:
        return []
    if known.kind(data.funnel_id, stage_id) != "bought":
        return []
    return [ChangeClientStatus(client_id=data.client_id, status="current")]


FIRST_SALE = Reaction(
    "first-sale",
    (
        DealOpened,
        DealStageChanged,
        DealJoinedClient,
        OrderPlaced,
        OrderStatusChanged,
        OrderJoinedClient,
        ClientStageChanged,
    ),
    react,
    known="analytics",
)
