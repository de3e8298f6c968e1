"""An order: placed, moved along its statuses, shipped once (P15, S3.35). All sums are pinned by the edge (P10)."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from contracts.pipeline.commands import (
    AssignOrder,
    ChangeOrderClient,
    ChangeOrderLines,
    ChangeOrderStatus,
    OrderCommand,
    PlaceOrder,
    ShipOrder,
)
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderShipped,
    OrderStatusChanged,
)
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.decider import Decider
from services.pipeline.domain.order_moves import may_follow
from services.pipeline.domain.order_state import New, Order, OrderEvent, Placed, evolve


def decide(command: OrderCommand, order: Order) -> list[OrderEvent]:
    """Raise AlreadyExists, NotFound, Invalid (funnel_id, status) or IllegalMove (status, lines, shipped twice)."""
    match command, order:
        case PlaceOrder(), New():
            return [_placed(command)]
        case PlaceOrder(), _:
            raise AlreadyExists(f"the order {command.order_id} is placed already", field="order_id")
        case _, New():
            raise NotFound(f"there is no order {command.order_id}", field="order_id")
        case ChangeOrderLines(), Placed():
            return _lines_changed(command, order)
        case ChangeOrderStatus(), Placed():
            return _moved(command.status, order, legal=command.legal)
        case AssignOrder(), Placed():
            if command.owner_id == order.owner_id:
                return []
            return [OrderAssigned(**replace(order, owner_id=command.owner_id).facts(), from_owner=order.owner_id)]
        case ShipOrder(), Placed():
            return _shipped(command, order)
        case ChangeOrderClient(), Placed():
            return [] if command.client_id == order.client_id else _handed_over(command.client_id, order)
        case _:
            assert_never((command, order))


def _placed(command: PlaceOrder) -> OrderPlaced:
    if command.funnel_id is None:
        raise Invalid("name the order funnel", field="funnel_id")
    if command.status is None:
        raise Invalid("name the status in which the order begins", field="status")
    return OrderPlaced(
        order_id=command.order_id,
        client_id=command.client_id,
        contact_ids=command.contact_ids,
        owner_id=command.owner_id,
        deal_id=command.deal_id,
        funnel_id=command.funnel_id,
        status=command.status,
        currency=command.currency,
        rate=command.rate,
        total=command.total,
        base_total=command.base_total,
        base_cost=command.base_cost,
        base_shipping=command.base_shipping,
        base_tax=command.base_tax,
        number=command.number,
        lines=command.priced,
        required_at=command.required_at,
        country=command.country,
        branch=command.branch,
        external_id=command.external_id,
    )


def _lines_changed(command: ChangeOrderLines, order: Placed) -> list[OrderEvent]:
    if order.shipment is not None:
        raise IllegalMove("the order is shipped: its lines stay as they are", field="lines")
    if tuple(command.priced) == order.lines:
        return []
    now = replace(
        order,
        rate=command.rate,
        total=command.total,
        base_total=command.base_total,
        base_cost=command.base_cost,
    )
    return [OrderLinesChanged(**now.facts(), lines=command.priced)]


def _moved(status: str, order: Placed, *, legal: list[str] | None) -> list[OrderEvent]:
    """`legal` None: any status. A list is what the edge saw; that the order has moved meanwhile is noticed here."""
    if status == order.status:
        return []
    if legal is not None and (status not in legal or not may_follow(order.funnel_id, status, order.status)):
        raise IllegalMove(f"an order cannot go from {order.status} to {status}", field="status")
    facts = replace(order, status=status).facts()
    since = order.visits[-1].entered_at
    return [OrderStatusChanged(**facts, from_status=order.status, from_entered_at=since)]


def _shipped(command: ShipOrder, order: Placed) -> list[OrderEvent]:
    if order.shipment is not None:
        raise IllegalMove("order already shipped", field="order_id")
    shipped = OrderShipped(
        **order.facts(),
        lines=list(order.lines),
        branch=command.branch or order.branch,
        manager_id=command.manager_id,
        ordered_at=order.ordered_at,
    )
    return [shipped, *(_moved(command.status, order, legal=None) if command.status else ())]


def _handed_over(client_id: str | None, order: Placed) -> list[OrderEvent]:
    joined = OrderJoinedClient(
        **replace(order, client_id=client_id).facts(),
        number=order.number,
        lines=list(order.lines),
        required_at=order.required_at,
        country=order.country,
        branch=order.branch,
        external_id=order.external_id,
        from_client=order.client_id,
        ordered_at=order.ordered_at,
        ordered_imputed=order.ordered_imputed,
        visits=list(order.visits),
        shipment=order.shipment,
    )
    return [OrderLeftClient(order_id=order.order_id, client_id=order.client_id, to_client=client_id), joined]


ORDER: Decider[OrderCommand, Order, OrderEvent] = Decider("order", New(), decide, evolve)
