"""A canonical bundle (DEFINITIONS 1) as read and checked: rows by id, and the events of deals."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.importer.deal_events import DealEvents
from services.importer.rows import Customer, Deal, Meta, Note, Order, Payment, Product, Rate, Stage, User
from services.importer.tables import Table


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
