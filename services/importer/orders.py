"""Orders and payments of a bundle. Goods and their cost are converted; shipping, tax and payments are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from contracts.base import Command, Event
from contracts.money import converted, to_minor
from contracts.pipeline.commands import (
    AssignOrder,
    ChangeOrderClient,
    ChangeOrderLines,
    ChangeOrderStatus,
    ChangePaymentClient,
    PlaceOrder,
    ReceivePayment,
    ShipOrder,
)
from contracts.pipeline.facts import OrderLine
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderStatusChanged,
    PaymentJoinedClient,
    PaymentReceived,
)
from services.importer import cells
from services.importer.bundle import Bundle
from services.importer.offers import order_funnel, status_id
from services.importer.rows import Order, Payment
from services.importer.subject import CannotChange, Change, Facts, Step, Subject, imported
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.payment import PAYMENT


class ImportedOrder(Subject):
    """A row of orders.csv with its lines."""

    table, file, decider, numbered = "orders", "orders.csv", ORDER, "order"

    def __init__(self, source: str, row: Order, bundle: Bundle) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.bundle = bundle

    def owner(self) -> str | None:
        """Return the client."""
        return imported(self.source, "customers", self.row.customer) if self.row.customer else None

    def steps(self) -> Iterable[Step]:
        """Placed in its last known status, the way there not being known (imputed); then shipped."""
        row, source, base = self.row, self.source, self.bundle.base
        seller = imported(source, "users", row.owner) if row.owner else None
        placed = PlaceOrder(
            order_id=self.id,
            client_id=self.owner(),
            owner_id=seller,
            funnel_id=imported(source, "pipelines", order_funnel(source)),
            status=status_id(source, row.status, row.kind),
            currency=row.currency,
            required_at=row.required_at,
            country=row.country,
            number=self.number,
            **self._sums(),
            base_shipping=cells.minor(row.shipping, base) if row.shipping else 0,
            base_tax=cells.minor(row.tax, base) if row.tax else 0,
            external_id=row.id,
        )
        yield Step(placed, row.ordered_at, imputed=True)
        if row.shipped_at is not None:
            yield Step(ShipOrder(order_id=self.id, manager_id=seller), row.shipped_at)

    def _sums(self) -> dict[str, Any]:
        """Return lines and pinned sums: goods and their cost in base = the sum, divided by the day's rate, rounded."""
        row, base = self.row, self.bundle.base or ""
        currency = row.currency or base
        lines = [
            OrderLine(
                line_no=line.number,
                product_id=imported(self.source, "products", line.product),
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount or "0",
                total=cells.minor(line.total, currency),
                unit_cost=line.unit_cost,
                cost=None
                if line.unit_cost is None
                else to_minor(Decimal(line.unit_cost) * Decimal(line.quantity), currency),
            )
            for line in sorted(row.lines, key=lambda line: line.number)
        ]
        total = sum(line.total for line in lines)
        costs = [line.cost for line in lines if line.cost is not None]
        return {
            "priced": lines,
            "rate": row.rate,
            "total": total,
            "base_total": converted(total, currency, base, row.rate),
            "base_cost": converted(sum(costs), currency, base, row.rate) if costs else None,
        }

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return all columns but the times, which are history."""
        facts: Facts = {}
        for event in events:
            match event:
                case OrderPlaced():
                    facts = {
                        "customer_id": event.client_id,
                        "owner_id": event.owner_id,
                        "line_total": event.lines,
                        "status": event.status,
                        "required_at": event.required_at,
                        "country": event.country,
                        "currency": event.currency,
                        "shipping_cost": event.base_shipping,
                        "tax": event.base_tax,
                    }
                case OrderAssigned():
                    facts["owner_id"] = event.owner_id
                case OrderLinesChanged():
                    facts["line_total"] = event.lines
                case OrderStatusChanged():
                    facts["status"] = event.status
                case OrderJoinedClient():
                    facts["customer_id"] = event.client_id
                case _:
                    pass
        return facts

    def change(self, change: Change) -> Command:
        """Client, owner, status and lines can change."""
        match change.column:
            case "customer_id":
                return ChangeOrderClient(order_id=self.id, client_id=change.value)
            case "owner_id":
                return AssignOrder(order_id=self.id, owner_id=change.value)
            case "status":
                return ChangeOrderStatus(order_id=self.id, status=change.value)
            case "line_total":
                return ChangeOrderLines(order_id=self.id, lines=[], **self._sums())
            case _:
                raise CannotChange(change.column)


class ImportedPayment(Subject):
    """A row of payments.csv."""

    table, file, decider = "payments", "payments.csv", PAYMENT

    def __init__(self, source: str, row: Payment, bundle: Bundle) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.bundle = bundle

    def owner(self) -> str | None:
        """Return the client."""
        return imported(self.source, "customers", self.row.customer) if self.row.customer else None

    def steps(self) -> Iterable[Step]:
        """Received by the owner of the paid order, else of the customer."""
        row, bundle, source = self.row, self.bundle, self.source
        order = bundle.orders.rows[row.order] if row.order else None
        customer = bundle.customers.rows[row.customer] if row.customer else None
        seller = (order.owner if order else None) or (customer.owner if customer else None)
        currency = row.currency or bundle.base or ""
        received = ReceivePayment(
            payment_id=self.id,
            client_id=self.owner(),
            order_id=imported(source, "orders", row.order) if row.order else None,
            amount=cells.minor(row.amount, currency),
            currency=currency,
            owner_id=imported(source, "users", seller) if seller else None,
            base_amount=cells.minor(row.amount, bundle.base),
            external_id=row.id,
        )
        yield Step(received, row.paid_at)

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return client, order, amount and currency."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, PaymentReceived):
                facts = {
                    "customer_id": event.client_id,
                    "order_id": event.order_id,
                    "amount": event.amount,
                    "currency": event.currency,
                }
            if isinstance(event, PaymentJoinedClient):
                facts["customer_id"] = event.client_id
        return facts

    def change(self, change: Change) -> Command:
        """Only the client can change."""
        if change.column != "customer_id":
            raise CannotChange(change.column)
        return ChangePaymentClient(payment_id=self.id, client_id=change.value)
