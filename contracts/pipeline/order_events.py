"""What happened to orders and payments; version 1."""

from __future__ import annotations

from typing import Annotated, ClassVar

from contracts.base import PERSONAL, Event, Id, Instant, Line, Minor, Rate, Text
from contracts.money import Currency
from contracts.pipeline.facts import OrderLine, Shipment, Visit


class _OfOrder(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id", "order_id")
    sealed_under: ClassVar[tuple[str, ...]] = ("client_id", "order_id")
    order_id: Id
    client_id: Id | None = None


class _OrderFacts(_OfOrder):
    """What every order event tells, as it is after the event. `base_*` are pinned minor units of the base currency."""

    contact_ids: list[Id] = []
    owner_id: Id | None = None
    deal_id: Id | None = None
    funnel_id: Id
    status: Id
    """A stage of the order funnel."""
    currency: Currency | None = None
    rate: Rate = "1"
    total: Minor = 0
    base_total: Minor = 0
    base_cost: Minor | None = None
    base_shipping: Minor = 0
    base_tax: Minor = 0


class _OrderWhole(_OrderFacts):
    number: int
    lines: list[OrderLine] = []
    required_at: Instant | None = None
    country: Line | None = None
    branch: Line | None = None
    external_id: Annotated[Line | None, PERSONAL] = None


class OrderPlaced(_OrderWhole):
    """`imputed`: the status shown is the source's last one, its time is not known."""

    type = "pipeline.OrderPlaced.v1"


class OrderLinesChanged(_OrderFacts):
    type = "pipeline.OrderLinesChanged.v1"
    lines: list[OrderLine] = []


class OrderStatusChanged(_OrderFacts):
    """`status` is the status entered."""

    type = "pipeline.OrderStatusChanged.v1"
    from_status: Id
    from_entered_at: Instant


class OrderAssigned(_OrderFacts):
    type = "pipeline.OrderAssigned.v1"
    from_owner: Id | None = None


class OrderShipped(_OrderFacts):
    """Never changes the status (DEFINITIONS). Shipped at `occurred_at`."""

    type = "pipeline.OrderShipped.v1"
    lines: list[OrderLine] = []
    branch: Line | None = None
    manager_id: Id | None = None
    ordered_at: Instant


class OrderLeftClient(_OfOrder):
    type = "pipeline.OrderLeftClient.v1"
    to_client: Id | None = None


class OrderJoinedClient(_OrderWhole):
    """With the whole fact, all its visits and its shipment."""

    type = "pipeline.OrderJoinedClient.v1"
    from_client: Id | None = None
    ordered_at: Instant
    ordered_imputed: bool = False
    visits: list[Visit]
    shipment: Shipment | None = None


class _OfPayment(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id", "payment_id")
    sealed_under: ClassVar[tuple[str, ...]] = ("client_id", "payment_id")
    payment_id: Id
    client_id: Id | None = None


class _PaymentFacts(_OfPayment):
    """`owner_id` is pinned when the payment is stored: owner of the paid order, else of the client (DEFINITIONS)."""

    order_id: Id | None = None
    owner_id: Id | None = None
    amount: Minor
    currency: Currency
    rate: Rate = "1"
    base_amount: Minor
    branch: Line | None = None


class PaymentReceived(_PaymentFacts):
    type = "pipeline.PaymentReceived.v1"
    external_id: Annotated[Line | None, PERSONAL] = None


class PaymentReversed(_PaymentFacts):
    """A negative receipt at its own date; amounts are those received, positive."""

    type = "pipeline.PaymentReversed.v1"
    reason: Annotated[Text, PERSONAL] = ""


class PaymentLeftClient(_OfPayment):
    type = "pipeline.PaymentLeftClient.v1"
    to_client: Id | None = None


class PaymentJoinedClient(_PaymentFacts):
    type = "pipeline.PaymentJoinedClient.v1"
    from_client: Id | None = None
    external_id: Annotated[Line | None, PERSONAL] = None
    paid_at: Instant
    reversed_at: Instant | None = None
