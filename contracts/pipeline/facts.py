"""Values inside pipeline events: lines, visits, shipments."""

from __future__ import annotations

from contracts.base import Fraction, Id, Instant, Minor, Model, Price, Quantity


class DealLine(Model):
    """A product in a deal. `total` in minor units of the deal's currency; None: the whole value (of a single line)."""

    product_id: Id
    quantity: Quantity = "1"
    total: Minor | None = None
    unit_cost: Price | None = None
    cost: Minor | None = None
    """Pinned cost of the whole line in minor units of the base currency."""


class OrderLine(Model):
    """A line of an order; totals are pinned and never recomputed (DESIGN 4)."""

    line_no: int
    product_id: Id
    quantity: Price
    """0 or more: imported orders have lines without units (a new order's line needs some: LineSpec)."""
    unit_price: Price
    discount: Fraction = "0"
    total: Minor
    """After discount, minor units of the order's currency."""
    unit_cost: Price | None = None
    """In the order's currency, up to four decimals."""
    cost: Minor | None = None
    """Of the whole line, rounded to minor units of the order's currency."""


class Visit(Model):
    """One stay of a subject in a stage; `left_at` None: still there. Times UTC ms."""

    stage_id: Id
    entered_at: Instant
    left_at: Instant | None = None
    imputed: bool = False
    """The source had no time for entering or leaving: counted, but in no timing."""


class Shipment(Model):
    """What was shipped, from which branch and by whom (P15). Money in minor units of the base currency."""

    shipped_at: Instant
    branch: str | None = None
    manager_id: Id | None = None
    goods: Minor
    cost: Minor | None = None
    shipping: Minor = 0
