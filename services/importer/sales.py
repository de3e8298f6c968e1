"""Deals, orders and payments of a bundle; amounts of deals and payments are never converted (DEFINITIONS, details)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from contracts.base import Command, Event
from contracts.money import converted, to_minor
from contracts.pipeline.commands import AssignDeal, AssignOrder, ChangeDealClient, ChangeDealLines, ChangeDealValue
from contracts.pipeline.commands import ChangeOrderClient, ChangeOrderLines, ChangeOrderStatus, ChangePaymentClient
from contracts.pipeline.commands import MoveDeal, OpenDeal, PlaceOrder, ReceivePayment, ShipOrder, TouchDeal
from contracts.pipeline.events import DealAssigned, DealJoinedClient, DealLinesChanged, DealOpened, DealValueChanged
from contracts.pipeline.facts import DealLine, OrderLine
from contracts.pipeline.order_events import OrderAssigned, OrderJoinedClient, OrderLinesChanged, OrderPlaced
from contracts.pipeline.order_events import OrderStatusChanged, PaymentJoinedClient, PaymentReceived
from services.importer import cells
from services.importer.bundle import Bundle
from services.importer.deal_events import MOVED, TOUCHED, DealEvent
from services.importer.offers import stage_id, status_id
from services.importer.rows import Deal, Order, Payment
from services.importer.subject import CannotChange, Facts, Step, Subject, imported
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.payment import PAYMENT

ORDERS = "orders"
"""External id of the funnel that holds a source's order statuses."""


class ImportedDeal(Subject):
    """A row of deals.csv with its events."""

    table, file, decider, numbered = "deals", "deals.csv", DEAL, "deal"

    def __init__(self, source: str, row: Deal, bundle: Bundle) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.bundle = bundle

    def owner(self) -> str | None:
        """Return the client."""
        return imported(self.source, "customers", self.row.customer) if self.row.customer else None

    def steps(self) -> Iterable[Step]:
        """Opened, then moved, valued and touched."""
        for event in self.bundle.events.of(self.row):
            stage = self.bundle.places[event.stage]
            amount = "" if event.amount is None else str(event.amount)
            for command in self._commands(event, stage_id(self.source, stage.pipeline, stage.id)):
                yield Step(command, event.at, event.imputed, stage.id, timed=not event.imputed, fact=amount)

    def _commands(self, event: DealEvent, stage: str) -> list[Command]:
        currency, value = self.row.currency, event.amount
        base_value = 0 if value is None else unconverted(value, currency, self.bundle.base)
        if event.type == MOVED:
            return [
                MoveDeal(deal_id=self.id, stage_id=stage, value=value, currency=currency, base_value=base_value)
            ]
        if event.type == TOUCHED:
            touched = TouchDeal(deal_id=self.id)
            if value is None:
                return [touched]
            return [ChangeDealValue(deal_id=self.id, value=value, currency=currency, base_value=base_value), touched]
        row, source = self.row, self.source
        return [
            OpenDeal(
                deal_id=self.id,
                client_id=self.owner(),
                owner_id=imported(source, "users", row.owner) if row.owner else None,
                funnel_id=imported(source, "pipelines", row.pipeline),
                stage_id=stage,
                value=value or 0,
                currency=currency,
                lines=self._lines(),
                country=row.country,
                number=self.number,
                base_value=base_value,
                external_id=row.id,
            )
        ]

    def _lines(self) -> list[DealLine]:
        product = self.row.product
        return [DealLine(product_id=imported(self.source, "products", product))] if product else []

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return funnel, client, owner, product, country and currency; values are history."""
        facts: Facts = {}
        for event in events:
            match event:
                case DealOpened():
                    facts = {
                        "pipeline_id": event.funnel_id,
                        "customer_id": event.client_id,
                        "owner_id": event.owner_id,
                        "product_id": [line.product_id for line in event.lines],
                        "country": event.country,
                        "currency": event.currency,
                    }
                case DealAssigned():
                    facts["owner_id"] = event.owner_id
                case DealLinesChanged():
                    facts["product_id"] = [line.product_id for line in event.lines]
                case DealJoinedClient():
                    facts["customer_id"] = event.client_id
                case DealValueChanged():
                    facts["currency"] = event.currency
        return facts

    def change(self, column: str, old: Facts, new: Facts, state: Any) -> Command:
        """Client, owner and product can change."""
        match column:
            case "customer_id":
                return ChangeDealClient(deal_id=self.id, client_id=new[column])
            case "owner_id":
                return AssignDeal(deal_id=self.id, owner_id=new[column])
            case "product_id":
                return ChangeDealLines(deal_id=self.id, lines=self._lines())
        raise CannotChange(column)


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
        return facts

    def change(self, column: str, old: Facts, new: Facts, state: Any) -> Command:
        """Client, owner, status and lines can change."""
        match column:
            case "customer_id":
                return ChangeOrderClient(order_id=self.id, client_id=new[column])
            case "owner_id":
                return AssignOrder(order_id=self.id, owner_id=new[column])
            case "status":
                return ChangeOrderStatus(order_id=self.id, status=new[column])
            case "line_total":
                return ChangeOrderLines(order_id=self.id, lines=[], **self._sums())
        raise CannotChange(column)


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

    def change(self, column: str, old: Facts, new: Facts, state: Any) -> Command:
        """Only the client can change."""
        if column != "customer_id":
            raise CannotChange(column)
        return ChangePaymentClient(payment_id=self.id, client_id=new[column])


def order_funnel(source: str) -> str:
    """Return the external id of the funnel of the source's order statuses, which no pipeline of it can have."""
    return f"{ORDERS}\x1f{source}"


def unconverted(value: int, currency: str | None, base: str | None) -> int:
    """Return minor units of the base that stand for the same number: 12 JPY count as 12.00 USD."""
    return converted(value, currency or "", base or currency or "", "1")
