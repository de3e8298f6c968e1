"""What an order is after its events: its sums, lines, stays in statuses and shipment (P15). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.pipeline.facts import OrderLine, Shipment, Visit
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderShipped,
    OrderStatusChanged,
)
from services.pipeline.domain.visits import entered, moved


@dataclass(frozen=True)
class New:
    """Not placed yet."""


@dataclass(frozen=True)
class Placed:
    """An order in a status. `total` in minor units of `currency`, `base_*` in those of the base currency; UTC ms."""

    order_id: str
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
    number: int
    lines: tuple[OrderLine, ...]
    required_at: int | None
    country: str | None
    branch: str | None
    external_id: str | None
    ordered_at: int
    ordered_imputed: bool
    visits: tuple[Visit, ...]
    shipment: Shipment | None = None

    def facts(self) -> dict[str, Any]:
        """Return what every order event tells."""
        return {
            "order_id": self.order_id,
            "client_id": self.client_id,
            "contact_ids": list(self.contact_ids),
            "owner_id": self.owner_id,
            "deal_id": self.deal_id,
            "funnel_id": self.funnel_id,
            "status": self.status,
            "currency": self.currency,
            "rate": self.rate,
            "total": self.total,
            "base_total": self.base_total,
            "base_cost": self.base_cost,
            "base_shipping": self.base_shipping,
            "base_tax": self.base_tax,
        }


Order = New | Placed
OrderEvent = (
    OrderPlaced
    | OrderLinesChanged
    | OrderStatusChanged
    | OrderAssigned
    | OrderShipped
    | OrderLeftClient
    | OrderJoinedClient
)


def evolve(order: Order, event: OrderEvent) -> Order:
    """Return the order after the event."""
    match order, event:
        case _, OrderPlaced():
            return _begun(event)
        case New(), _:
            return order
        case Placed(), OrderLinesChanged():
            return replace(
                order,
                rate=event.rate,
                total=event.total,
                base_total=event.base_total,
                base_cost=event.base_cost,
                lines=tuple(event.lines),
            )
        case Placed(), OrderStatusChanged():
            return replace(order, status=event.status, visits=moved(order.visits, event.status, event))
        case Placed(), OrderAssigned():
            return replace(order, owner_id=event.owner_id)
        case Placed(), OrderShipped():
            return replace(order, shipment=_shipment(event))
        case Placed(), OrderLeftClient():
            return order
        case Placed(), OrderJoinedClient():
            # The external id is under the new client's key, while the old one's may be destroyed (DESIGN 8).
            return replace(order, client_id=event.client_id, external_id=event.external_id)
        case _:
            assert_never((order, event))


def _shipment(event: OrderShipped) -> Shipment:
    return Shipment(
        shipped_at=event.occurred_at,
        branch=event.branch,
        manager_id=event.manager_id,
        goods=event.base_total,
        cost=event.base_cost,
        shipping=event.base_shipping,
    )


def _begun(event: OrderPlaced) -> Placed:
    return Placed(
        order_id=event.order_id,
        client_id=event.client_id,
        contact_ids=tuple(event.contact_ids),
        owner_id=event.owner_id,
        deal_id=event.deal_id,
        funnel_id=event.funnel_id,
        status=event.status,
        currency=event.currency,
        rate=event.rate,
        total=event.total,
        base_total=event.base_total,
        base_cost=event.base_cost,
        base_shipping=event.base_shipping,
        base_tax=event.base_tax,
        number=event.number,
        lines=tuple(event.lines),
        required_at=event.required_at,
        country=event.country,
        branch=event.branch,
        external_id=event.external_id,
        ordered_at=event.occurred_at,
        ordered_imputed=event.imputed,
        visits=entered(event.status, event),
    )
