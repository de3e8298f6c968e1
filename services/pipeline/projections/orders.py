"""Orders as lists and cards show them: one document an order, in the lane of its client (P15, S3.34)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
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
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection
from services.pipeline.projections.erased import erased_key, may_name
from services.pipeline.projections.present import present


class Line(msgspec.Struct, frozen=True):
    """A line as pinned; `total` and `cost` in minor units of the order's currency."""

    line_no: int
    product_id: str
    quantity: str
    unit_price: str
    discount: str
    total: int
    unit_cost: str | None
    cost: int | None


class Shipment(msgspec.Struct, frozen=True):
    """What left, from which branch and by whom; money in minor units of the base currency, time UTC ms."""

    shipped_at: int
    branch: str | None
    manager_id: str | None
    goods: int
    cost: int | None
    shipping: int


class Order(msgspec.Struct, frozen=True):
    """`total` in minor units of `currency`, `base_*` of the base currency; times UTC ms. `entered_at`: the present
    status. `personal` 1: the external id may be a name. `version`: the stream's, for If-Match."""

    order_id: str
    number: int
    client_id: str | None
    contact_ids: tuple[str, ...]
    owner_id: str | None
    deal_id: str | None
    funnel_id: str
    status: str
    currency: str | None
    rate: str
    total: int
    base_total: int
    base_cost: int | None
    base_shipping: int
    base_tax: int
    lines: tuple[Line, ...]
    required_at: int | None
    country: str | None
    branch: str | None
    external_id: str | None
    personal: int
    ordered_at: int
    ordered_imputed: bool
    entered_at: int
    changed_at: int
    shipped_at: int | None
    shipment: Shipment | None
    version: int


def words(order: Order) -> str:
    """Return what search looks in (P21: `#123`)."""
    return " ".join(filter(None, (f"#{order.number}", order.external_id)))


ORDERS = Projection(
    "orders",
    1,
    [
        Collection(
            "orders",
            Order,
            {
                "client_id": "text",
                "owner_id": "text",
                "deal_id": "text",
                "funnel_id": "text",
                "status": "text",
                "number": "int",
                "base_total": "int",
                "personal": "int",
                "ordered_at": "int",
                "changed_at": "int",
                "shipped_at": "int",
            },
            (
                ("client_id",),
                ("owner_id", "ordered_at"),
                ("deal_id",),
                ("funnel_id", "status", "ordered_at"),
                ("number",),
                ("base_total",),
                ("ordered_at",),
                ("changed_at",),
                ("shipped_at",),
            ),
            words,
        )
    ],
)


def _keys(data: Any, _event: RecordedEvent) -> Iterable[Key]:
    return [("orders", data.order_id)]


def _whole_keys(data: Any, event: RecordedEvent) -> Iterable[Key]:
    return [*_keys(data, event), *erased_key(data.client_id)]


@ORDERS.on(OrderPlaced, keys=_whole_keys)
def _placed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    at = event.occurred_at
    _put_whole(ctx, data, event, ordered_at=at, ordered_imputed=event.imputed, entered_at=at, shipment=None)


@ORDERS.on(OrderJoinedClient, keys=_whole_keys)
def _joined(ctx: Context, data: Any, event: RecordedEvent) -> None:
    sent = data.shipment
    _put_whole(
        ctx,
        data,
        event,
        ordered_at=data.ordered_at,
        ordered_imputed=data.ordered_imputed,
        entered_at=data.visits[-1].entered_at,
        shipment=sent and Shipment(sent.shipped_at, sent.branch, sent.manager_id, sent.goods, sent.cost, sent.shipping),
    )


def _put_whole(
    ctx: Context,
    data: Any,
    event: RecordedEvent,
    *,
    ordered_at: int,
    ordered_imputed: bool,
    entered_at: int,
    shipment: Shipment | None,
) -> None:
    external_id = data.external_id or None if may_name(ctx, data.client_id) else None
    order = Order(
        order_id=data.order_id,
        number=data.number,
        client_id=data.client_id,
        contact_ids=tuple(data.contact_ids),
        owner_id=data.owner_id,
        deal_id=data.deal_id,
        funnel_id=data.funnel_id,
        status=data.status,
        currency=data.currency,
        rate=data.rate,
        total=data.total,
        base_total=data.base_total,
        base_cost=data.base_cost,
        base_shipping=data.base_shipping,
        base_tax=data.base_tax,
        lines=_lines(data),
        required_at=data.required_at,
        country=data.country,
        branch=data.branch,
        external_id=external_id,
        personal=int(external_id is not None),
        ordered_at=ordered_at,
        ordered_imputed=ordered_imputed,
        entered_at=entered_at,
        changed_at=event.occurred_at,
        shipped_at=shipment.shipped_at if shipment else None,
        shipment=shipment,
        version=event.version,
    )
    ctx.put("orders", data.order_id, order)


def _lines(data: Any) -> tuple[Line, ...]:
    return tuple(
        Line(
            line.line_no,
            line.product_id,
            line.quantity,
            line.unit_price,
            line.discount,
            line.total,
            line.unit_cost,
            line.cost,
        )
        for line in data.lines
    )


@ORDERS.on(OrderLinesChanged, keys=_keys)
def _lines_changed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(
        ctx,
        data,
        event,
        lines=_lines(data),
        rate=data.rate,
        total=data.total,
        base_total=data.base_total,
        base_cost=data.base_cost,
    )


@ORDERS.on(OrderStatusChanged, keys=_keys)
def _moved(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, status=data.status, entered_at=event.occurred_at)


@ORDERS.on(OrderAssigned, keys=_keys)
def _assigned(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _change(ctx, data, event, owner_id=data.owner_id)


@ORDERS.on(OrderShipped, keys=_keys)
def _shipped(ctx: Context, data: Any, event: RecordedEvent) -> None:
    at = event.occurred_at
    shipment = Shipment(at, data.branch, data.manager_id, data.base_total, data.base_cost, data.base_shipping)
    _change(ctx, data, event, shipment=shipment, shipped_at=at)


@ORDERS.on(OrderLeftClient, keys=_keys)
def _left(ctx: Context, data: Any, event: RecordedEvent) -> None:
    order = ctx.get("orders", data.order_id)
    if order is not None and order.version < event.version:
        ctx.delete("orders", data.order_id)


def _change(ctx: Context, data: Any, event: RecordedEvent, **fields: Any) -> None:
    order: Order = present(ctx, "orders", data.order_id)
    ctx.put("orders", data.order_id, replace(order, changed_at=event.occurred_at, version=event.version, **fields))
