"""Deals as facts: the latest value, owner, client, and the ordered stays (P6, P7)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
)
from services.analytics.projections.change import LANE_ID, change_fact
from services.analytics.projections.clients import moved
from services.analytics.projections.model import FACTS, LANE, SEEN
from services.analytics.projections.revenue import in_base
from services.analytics.projections.shapes import MICRO, Fact, FactLine, Stay
from services.kit.projection import Context, Key, Projection

DEALS = Projection("deals", 1)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield (FACTS.name, data.deal_id)
    yield (LANE.name, LANE_ID)


def _facts(base: Fact, data: Any) -> Fact:
    """Return the fact with what every deal event tells."""
    return replace(
        base,
        client_id=data.client_id,
        contact_ids=tuple(data.contact_ids),
        owner_id=data.owner_id or "",
        value=data.base_value,
        local=data.value,
        currency=data.currency or "",
    )


def _lines(data: Any) -> tuple[FactLine, ...]:
    """Return the products: one without a total is worth the whole value (DEFINITIONS: 1 unit per deal)."""
    lines = []
    for line in data.lines:
        revenue = None
        if line.total is not None:
            revenue = in_base(line.total, data.value, data.base_value, data.rate)
        lines.append(FactLine(line.product_id, int(Decimal(line.quantity) * MICRO), revenue))
    return tuple(lines)


def _cost(data: Any) -> int | None:
    costs = [line.cost for line in data.lines if line.cost is not None]
    return sum(costs) if costs else None


@DEALS.on(DealOpened, keys=_keys)
def opened(context: Context, data: Any, event: RecordedEvent) -> None:
    """A deal came to be, in its first stage."""
    at = event.occurred_at
    base = Fact(data.deal_id, "deal", data.funnel_id, data.stage_id, at, imputed=event.imputed)
    stays = moved((), data.stage_id, at, event.imputed)
    fact = replace(_facts(base, data), lines=_lines(data), cost=_cost(data), stays=stays)
    change_fact(context, None, fact, at)


@DEALS.on(DealStageChanged, keys=_keys)
def stage_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """The deal entered another stage."""
    old = _known(context, data.deal_id)
    stays = moved(old.stays, data.stage_id, event.occurred_at, event.imputed)
    new = replace(_facts(old, data), stage_id=data.stage_id, stays=stays)
    change_fact(context, old, new, event.occurred_at)


@DEALS.on(DealValueChanged, DealLinesChanged, keys=_keys)
def value_or_lines_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """The latest value counts (P6)."""
    old = _known(context, data.deal_id)
    new = replace(_facts(old, data), lines=_lines(data), cost=_cost(data))
    change_fact(context, old, new, event.occurred_at)


@DEALS.on(DealContactsChanged, DealAssigned, keys=_keys)
def people_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Contacts have metrics too (P3); the owner is a dimension of every board (P17)."""
    old = _known(context, data.deal_id)
    change_fact(context, old, _facts(old, data), event.occurred_at)


@DEALS.on(DealTouched)
def touched(context: Context, data: Any, event: RecordedEvent) -> None:
    """No stage change; only their number is shown (DEFINITIONS)."""
    _ = data, event
    context.add(SEEN.name, ("touched",), (1,))


@DEALS.on(DealLeftClient, keys=_keys)
def left_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The fact leaves this client's lane; it comes again, whole, in that of the client it joined."""
    change_fact(context, _known(context, data.deal_id), None, event.occurred_at)


@DEALS.on(DealJoinedClient, keys=_keys)
def joined_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The whole fact with all its stays."""
    stays = tuple(Stay(v.stage_id, v.entered_at, v.left_at, v.imputed) for v in data.visits)
    base = Fact(
        data.deal_id, "deal", data.funnel_id, data.stage_id, data.opened_at, imputed=data.opened_imputed, stays=stays
    )
    change_fact(context, None, replace(_facts(base, data), lines=_lines(data), cost=_cost(data)), event.occurred_at)


def _known(context: Context, deal_id: str) -> Fact:
    fact: Fact | None = context.get(FACTS.name, deal_id)
    if fact is None:
        raise LookupError(f"deal {deal_id} changed before it was opened")
    return fact
