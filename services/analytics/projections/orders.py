"""Orders as facts: goods, costs, billing, statuses as stays of an order funnel, the shipment (P1, P11, P15)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderShipped,
    OrderStatusChanged,
)
from services.analytics.projections.change import LANE_ID, change_fact
from services.analytics.projections.clients import moved
from services.analytics.projections.model import FACTS, LANE
from services.analytics.projections.revenue import in_base
from services.analytics.projections.shapes import MICRO, Fact, FactLine, Stay
from services.kit.projection import Context, Key, Projection

ORDERS = Projection("orders", 1)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield (FACTS.name, data.order_id)
    yield (LANE.name, LANE_ID)


def _facts(base: Fact, data: Any) -> Fact:
    """Return the fact with what every order event tells. Money as pinned in the event."""
    return replace(
        base,
        stage_id=data.status,
        client_id=data.client_id,
        contact_ids=tuple(data.contact_ids),
        owner_id=data.owner_id or "",
        value=data.base_total,
        local=data.total,
        currency=data.currency or "",
        cost=data.base_cost,
        extra=data.base_shipping + data.base_tax,
        deal_id=data.deal_id,
    )


def _lines(data: Any) -> tuple[FactLine, ...]:
    """Return the products with their revenue."""
    return tuple(
        FactLine(
            line.product_id,
            int(Decimal(line.quantity) * MICRO),
            in_base(line.total, data.total, data.base_total, data.rate),
        )
        for line in data.lines
    )


@ORDERS.on(OrderPlaced, keys=_keys)
def placed(context: Context, data: Any, event: RecordedEvent) -> None:
    """An order came to be in its first status; imputed if the source tells only the last one."""
    at = event.occurred_at
    base = Fact(data.order_id, "order", data.funnel_id, data.status, at, imputed=event.imputed)
    fact = replace(
        _facts(base, data),
        lines=_lines(data),
        required_at=data.required_at,
        branch=data.branch or "",
        stays=moved((), data.status, at, event.imputed),
    )
    change_fact(context, None, fact, at)


@ORDERS.on(OrderLinesChanged, keys=_keys)
def lines_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """Other goods, other totals."""
    old = _known(context, data.order_id)
    change_fact(context, old, replace(_facts(old, data), lines=_lines(data)), event.occurred_at)


@ORDERS.on(OrderStatusChanged, keys=_keys)
def status_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    """The order entered another status."""
    old = _known(context, data.order_id)
    stays = moved(old.stays, data.status, event.occurred_at, event.imputed)
    change_fact(context, old, replace(_facts(old, data), stays=stays), event.occurred_at)


@ORDERS.on(OrderAssigned, keys=_keys)
def assigned(context: Context, data: Any, event: RecordedEvent) -> None:
    """The owner is a dimension of every board (P17)."""
    old = _known(context, data.order_id)
    change_fact(context, old, _facts(old, data), event.occurred_at)


@ORDERS.on(OrderShipped, keys=_keys)
def shipped(context: Context, data: Any, event: RecordedEvent) -> None:
    """Shipped, whatever the status (DEFINITIONS)."""
    old = _known(context, data.order_id)
    new = replace(
        _facts(old, data),
        shipped_at=event.occurred_at,
        shipped=(data.base_total, data.base_cost, data.base_shipping),
        branch=data.branch or "",
    )
    change_fact(context, old, new, event.occurred_at)


@ORDERS.on(OrderLeftClient, keys=_keys)
def left_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The fact leaves this client's lane."""
    change_fact(context, _known(context, data.order_id), None, event.occurred_at)


@ORDERS.on(OrderJoinedClient, keys=_keys)
def joined_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The whole fact with all its stays and its shipment."""
    stays = tuple(Stay(v.stage_id, v.entered_at, v.left_at, v.imputed) for v in data.visits)
    base = Fact(data.order_id, "order", data.funnel_id, data.status, data.ordered_at, imputed=data.ordered_imputed)
    sent = data.shipment
    fact = replace(
        _facts(base, data),
        lines=_lines(data),
        required_at=data.required_at,
        branch=(sent.branch if sent is not None else data.branch) or "",
        stays=stays,
        shipped_at=None if sent is None else sent.shipped_at,
        shipped=None if sent is None else (sent.goods, sent.cost, sent.shipping),
    )
    change_fact(context, None, fact, event.occurred_at)


def _known(context: Context, order_id: str) -> Fact:
    fact: Fact | None = context.get(FACTS.name, order_id)
    if fact is None:
        raise LookupError(f"order {order_id} changed before it was placed")
    return fact
