"""Reads and checks orders with their lines, payments and notes."""

from __future__ import annotations

from services.importer import cells, columns
from services.importer.bundle import Bundle
from services.importer.rows import Line, Note, Order, Payment
from services.importer.tables import Folder, Table


def read_orders(folder: Folder, bundle: Bundle, now: int) -> None:
    """Read orders with their lines; times up to now (UTC ms)."""
    _Orders(folder, bundle, now).read()


class _Orders:
    def __init__(self, folder: Folder, bundle: Bundle, now: int) -> None:
        self.folder = folder
        self.bundle = bundle
        self.now = now

    def read(self) -> None:
        """Read orders and lines; find their rates; tell customers of their facts."""
        b, folder = self.bundle, self.folder
        folder.load(b.orders, columns.orders(self.now), self._order)
        lines: Table[None] = Table("order_lines.csv")
        seen: set[tuple[str, int]] = set()
        for row in folder.rows(lines, columns.LINES):
            self._line(row, seen)
        if b.orders.rows and not folder.needs("orders.csv", lines):
            b.orders.broken = True
        for order in list(b.orders.good()):
            if not self._priced(order):
                b.orders.bad.add(order.id)
            elif order.customer is not None:
                customer = b.customers.rows[order.customer]
                customer.fact(order.ordered_at)
                if order.kind == "won" and b.meta.sales_source == "orders":
                    customer.sale(order.ordered_at)

    def _order(self, row: columns.Row) -> tuple[str, Order] | None:
        order = Order(row.line, *row.values)
        if not order.id:
            return None
        b = self.bundle
        self.folder.refer(
            row, "orders.csv", ("customer_id", b.customers, order.customer), ("owner_id", b.users, order.owner)
        )
        ordered, shipped = row.values[3], row.values[5]
        if ordered is not None and shipped is not None and shipped < ordered:
            self.folder.wrong(row, "orders.csv", "shipped_at", "wrong order: lies before ordered_at")
        return order.id, order

    def _line(self, row: columns.Row, seen: set[tuple[str, int]]) -> None:
        order_id, line = row.values[0], Line(*row.values[1:])
        orders = self.bundle.orders
        if order_id is None or order_id in orders.bad:
            return
        if not self.folder.refers("order_lines.csv", row.line, "order_id", orders, order_id):
            return
        self.folder.refer(row, "order_lines.csv", ("product_id", self.bundle.products, line.product))
        if not row.bad and (order_id, line.number) in seen:
            self.folder.wrong(row, "order_lines.csv", "line_no", f"the order has a line {line.number} already")
        seen.add((order_id, line.number))
        self.folder.spoil(orders, order_id, row)
        if not row.bad:
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
            if self.bundle.rates.broken:
                self.bundle.orders.silent.add(order.id)
            else:
                reason = f"no rate of {order.currency} on {day} in fx_rates.csv"
                self.folder.error("orders.csv", order.line, "currency", reason)
            return False
        order.rate = rate.rate
        return True


def read_payments(folder: Folder, b: Bundle, now: int) -> None:
    """Read payments; times up to now (UTC ms)."""

    def make(row: columns.Row) -> tuple[str, Payment] | None:
        payment = Payment(row.line, *row.values)
        if not payment.id:
            return None
        folder.refer(
            row,
            "payments.csv",
            ("customer_id", b.customers, payment.customer),
            ("order_id", b.orders, payment.order),
        )
        order = b.orders.rows.get(payment.order or "")
        payment.currency = b.money(payment.currency or (order.currency if order else None))
        if payment.currency is None and not row.bad:
            folder.wrong(row, "payments.csv", "currency", "must not be empty: there is no base currency")
        return payment.id, payment

    folder.load(b.payments, columns.payments(now), make)
    for payment in b.payments.good():
        if payment.customer is not None:
            b.customers.rows[payment.customer].fact(payment.paid_at)


def read_notes(folder: Folder, b: Bundle, now: int) -> None:
    """Read notes; times up to now (UTC ms)."""

    def make(row: columns.Row) -> tuple[str, Note] | None:
        note = Note(row.line, *row.values)
        if not note.id:
            return None
        folder.refer(row, "notes.csv", ("customer_id", b.customers, note.customer), ("order_id", b.orders, note.order))
        order = b.orders.rows.get(note.order or "")
        note.customer = note.customer or (order.customer if order else None) or ""
        if not note.customer and not row.bad:
            folder.wrong(row, "notes.csv", "customer_id", "must not be empty: a note is about a customer")
        return note.id, note

    folder.load(b.notes, columns.notes(now), make)
    for note in b.notes.good():
        if note.created_at is not None:
            b.customers.rows[note.customer].fact(note.created_at)
