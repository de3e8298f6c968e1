"""A canonical bundle (DEFINITIONS 1) as read and checked: rows by id, and all that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.importer import cells, columns
from services.importer.deal_events import Chains, DealEvents
from services.importer.deal_events import columns as event_columns
from services.importer.errors import BundleError, RowError
from services.importer.meta import read_meta
from services.importer.rows import Customer, Deal, Line, Meta, Note, Order, Payment, Product, Rate, Stage, User
from services.importer.tables import Folder, Progress, Table


@dataclass(slots=True)
class Bundle:
    """All tables. `base`: base currency of the workspace after the import, None while no money was seen."""

    meta: Meta
    base: str | None
    customers: Table[Customer] = field(default_factory=lambda: Table("customers.csv"))
    users: Table[User] = field(default_factory=lambda: Table("users.csv"))
    products: Table[Product] = field(default_factory=lambda: Table("products.csv"))
    stages: Table[Stage] = field(default_factory=lambda: Table("stages.csv"))
    places: list[Stage] = field(default_factory=list)
    """All stages by their place."""
    deals: Table[Deal] = field(default_factory=lambda: Table("deals.csv"))
    events: DealEvents = field(default_factory=DealEvents)
    orders: Table[Order] = field(default_factory=lambda: Table("orders.csv"))
    payments: Table[Payment] = field(default_factory=lambda: Table("payments.csv"))
    notes: Table[Note] = field(default_factory=lambda: Table("notes.csv"))
    rates: Table[Rate] = field(default_factory=lambda: Table("fx_rates.csv"))

    def money(self, currency: str | None) -> str | None:
        """Return the currency of an amount: its own, else the base; the first one seen becomes the base."""
        if self.base is None:
            self.base = currency
        return currency or self.base


def read_bundle(folder: Path, now: int, base: str | None, errors: list[RowError], progress: Progress) -> Bundle:
    """Read and check the folder; what is wrong is appended to `errors`. `base`: the workspace's base currency, if set.

    Raises BundleError if nothing of it can be imported."""
    meta = read_meta(folder, now)
    if base and meta.base_currency and base != meta.base_currency:
        reason = f"the workspace counts in {base}, the bundle in {meta.base_currency}: import it into a new workspace"
        raise BundleError(RowError("meta.json", 0, "base_currency", reason))
    bundle = Bundle(meta, meta.base_currency or base)
    _Reading(Folder(folder, errors, progress), bundle, now).all()
    return bundle


class _Reading:
    """The files in the order of their references."""

    def __init__(self, folder: Folder, bundle: Bundle, now: int) -> None:
        self.folder = folder
        self.bundle = bundle
        self.now = now

    def all(self) -> None:
        """Read every file there is."""
        self._references()
        self._deals()
        self._orders()
        self._payments()
        self._notes()

    def _references(self) -> None:
        b, load = self.bundle, self.folder.load
        load(
            b.users, columns.USERS, lambda row: (row.values[0], User(row.line, *row.values)) if row.values[0] else None
        )
        load(b.products, columns.PRODUCTS, self._product)
        load(b.stages, columns.STAGES, self._stage)
        load(b.rates, columns.rates(self.now), self._rate)
        load(b.customers, columns.customers(self.now), self._customer)

    def _product(self, row: columns.Row) -> tuple[str, Product] | None:
        product = Product(row.line, *row.values)
        if not product.id:
            return None
        if product.price or product.cost:
            product.currency = self.bundle.money(product.currency)
            if product.currency is None and not row.bad:
                self._wrong(row, "products.csv", "currency", "must not be empty: the product has a price or a cost")
        return product.id, product

    def _stage(self, row: columns.Row) -> tuple[str, Stage] | None:
        stage = Stage(row.line, *row.values)
        stage.place = len(self.bundle.places)
        if not stage.pipeline or not stage.id:
            return None
        self.bundle.places.append(stage)
        return f"{stage.pipeline}\x1f{stage.id}", stage

    def _rate(self, row: columns.Row) -> tuple[str, Rate] | None:
        rate = Rate(row.line, *row.values)
        if not rate.day or not rate.currency:
            return None
        if self.bundle.base is None:
            self._wrong(row, "fx_rates.csv", "currency", "meta.json names no base_currency that the rate is for")
        elif rate.currency == self.bundle.base:
            self._wrong(row, "fx_rates.csv", "currency", "the base currency needs no rate")
        return f"{rate.day}/{rate.currency}", rate

    def _customer(self, row: columns.Row) -> tuple[str, Customer] | None:
        customer = Customer(row.line, *row.values)
        if not customer.id:
            return None
        self._refer(row, "customers.csv", ("owner_id", self.bundle.users, customer.owner))
        customer.begin = customer.created_at
        return customer.id, customer

    def _deals(self) -> None:
        b, folder = self.bundle, self.folder
        pipelines: Table[None] = Table("stages.csv")
        pipelines.absent, pipelines.broken = b.stages.absent, b.stages.broken
        pipelines.rows = dict.fromkeys(stage.pipeline for stage in b.places)

        def make(row: columns.Row) -> tuple[str, Deal] | None:
            deal_id, pipeline, customer, owner, product, country, _, currency, created = row.values
            if not deal_id:
                return None
            self._refer(
                row,
                "deals.csv",
                ("pipeline_id", pipelines, pipeline),
                ("customer_id", b.customers, customer),
                ("owner_id", b.users, owner),
                ("product_id", b.products, product),
            )
            return deal_id, Deal(row.line, deal_id, pipeline, customer, owner, product, country, currency, created)

        folder.load(b.deals, columns.deals(self.now), make)
        events: Table[None] = Table("deal_events.csv")
        events.absent = not folder.has(events.file)
        chains = Chains(folder, b.deals, b.stages, b.users, b.base)
        for row in folder.rows(events, event_columns(self.now)):
            chains.take(row)
        b.events = chains.events
        if b.deals.rows and not folder.needs("deals.csv", events):
            b.deals.broken = True
        for deal in [] if b.deals.broken else b.deals.good():
            self._deal(deal)

    def _deal(self, deal: Deal) -> None:
        """Tell the customer of the deal's facts; see to its money."""
        if deal.first >= 0 and any(event.amount is not None for event in self.bundle.events.of(deal)):
            deal.currency = self.bundle.money(deal.currency)
        if deal.customer is None:
            return
        customer = self.bundle.customers.rows[deal.customer]
        if deal.created_at is not None:
            customer.fact(deal.created_at)
        for event in self.bundle.events.of(deal):
            customer.fact(event.at)
            if self.bundle.places[event.stage].kind == "won":
                customer.sale(event.at)
                break

    def _orders(self) -> None:
        b, folder = self.bundle, self.folder
        folder.load(b.orders, columns.orders(self.now), self._order)
        lines: Table[None] = Table("order_lines.csv")
        seen: set[tuple[str, int]] = set()
        for row in folder.rows(lines, columns.LINES):
            self._line(row, seen)
        if b.orders.rows and not folder.needs("orders.csv", lines):
            b.orders.broken = True
        for order in [] if b.orders.broken else list(b.orders.good()):
            if not self._priced(order):
                b.orders.bad.add(order.id)
            elif order.customer is not None:
                customer = b.customers.rows[order.customer]
                customer.fact(order.ordered_at)
                if order.kind == "won":
                    customer.sale(order.ordered_at)

    def _order(self, row: columns.Row) -> tuple[str, Order] | None:
        order = Order(row.line, *row.values)
        if not order.id:
            return None
        b = self.bundle
        self._refer(row, "orders.csv", ("customer_id", b.customers, order.customer), ("owner_id", b.users, order.owner))
        if order.shipped_at is not None and order.ordered_at is not None and order.shipped_at < order.ordered_at:
            self._wrong(row, "orders.csv", "shipped_at", "wrong order: lies before ordered_at")
        return order.id, order

    def _line(self, row: columns.Row, seen: set[tuple[str, int]]) -> None:
        order_id, line = row.values[0], Line(*row.values[1:])
        orders = self.bundle.orders
        if order_id is None or order_id in orders.bad:
            return
        if not self.folder.refers("order_lines.csv", row.line, "order_id", orders, order_id):
            return
        self._refer(row, "order_lines.csv", ("product_id", self.bundle.products, line.product))
        if line.number is not None and (order_id, line.number) in seen:
            self._wrong(row, "order_lines.csv", "line_no", f"the order has a line {line.number} already")
        seen.add((order_id, line.number))
        if row.bad:
            orders.bad.add(order_id)
        else:
            orders.rows[order_id].lines.append(line)

    def _priced(self, order: Order) -> bool:
        """Find the rate of the order's day, if its goods need one."""
        if order.lines or order.shipping or order.tax:
            order.currency = self.bundle.money(order.currency)
        if not order.lines or order.currency == self.bundle.base or order.currency is None:
            return True
        day = cells.day_of(order.ordered_at)
        key = f"{day}/{order.currency}"
        rate = self.bundle.rates.rows.get(key)
        if rate is None or key in self.bundle.rates.bad:
            if not self.bundle.rates.broken:
                reason = f"no rate of {order.currency} on {day} in fx_rates.csv"
                self.folder.error("orders.csv", order.line, "currency", reason)
            return False
        order.rate = rate.rate
        return True

    def _payments(self) -> None:
        b = self.bundle

        def make(row: columns.Row) -> tuple[str, Payment] | None:
            payment = Payment(row.line, *row.values)
            if not payment.id:
                return None
            self._refer(
                row,
                "payments.csv",
                ("customer_id", b.customers, payment.customer),
                ("order_id", b.orders, payment.order),
            )
            order = b.orders.rows.get(payment.order or "")
            payment.currency = b.money(payment.currency or (order.currency if order else None))
            if payment.currency is None and not row.bad:
                self._wrong(row, "payments.csv", "currency", "must not be empty: there is no base currency")
            return payment.id, payment

        self.folder.load(b.payments, columns.payments(self.now), make)
        for payment in b.payments.good():
            if payment.customer is not None:
                b.customers.rows[payment.customer].fact(payment.paid_at)

    def _notes(self) -> None:
        b = self.bundle

        def make(row: columns.Row) -> tuple[str, Note] | None:
            note = Note(row.line, *row.values)
            if not note.id:
                return None
            self._refer(
                row, "notes.csv", ("customer_id", b.customers, note.customer), ("order_id", b.orders, note.order)
            )
            order = b.orders.rows.get(note.order or "")
            note.customer = note.customer or (order.customer if order else None) or ""
            if not note.customer and not row.bad:
                self._wrong(row, "notes.csv", "customer_id", "must not be empty: a note is about a customer")
            return note.id, note

        self.folder.load(b.notes, columns.notes(self.now), make)
        for note in b.notes.good():
            if note.created_at is not None:
                b.customers.rows[note.customer].fact(note.created_at)

    def _refer(self, row: columns.Row, file: str, *references: tuple[str, Table[Any], str | None]) -> None:
        for column, table, key in references:
            if key is not None and not self.folder.refers(file, row.line, column, table, key):
                row.bad = True

    def _wrong(self, row: columns.Row, file: str, column: str, reason: str) -> None:
        self.folder.error(file, row.line, column, reason)
        row.bad = True
