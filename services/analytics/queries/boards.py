"""Boards: totals, months, sellers, products, countries, shipments, receipts (DEFINITIONS, Boards; S0.24 to S0.28)."""

from __future__ import annotations

from dataclasses import dataclass

from services.analytics.projections.distribution import LEAD_DIST, cycle_dist
from services.analytics.projections.model import (
    ATTRIBUTES,
    CLIENT_SHIPMENTS,
    CURRENCIES,
    DEAL_MONTHS,
    DEAL_TOTALS,
    FULFILMENT,
    MONTHS,
    PRODUCTS,
    RECEIPTS,
    SHIPMENTS,
    TOTALS,
)
from services.analytics.projections.shapes import MICRO
from services.analytics.queries.medians import Spread, spread
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter
from services.kit.documents import Row as Sums


@dataclass(frozen=True, slots=True)
class Product:
    """A product's sales: quantity and revenue in millionths (of a unit, of a minor base unit)."""

    product_id: str
    sales_count: int
    quantity: int
    revenue: int


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """Orders from ordered to shipped; times in ms. `late` None: no order has a required date."""

    orders: int
    shipped: int
    lead_ms: int
    late: int | None
    lead: Spread


async def totals(numbers: Numbers, *, attached: bool | None = None) -> Sums:
    """Return counts and sums by class, profit and billed, of facts with (without) a client or of all."""
    where = [] if attached is None else [Filter("attached", "=", int(attached))]
    return await numbers.total(TOTALS.name, where)


async def sellers(numbers: Numbers) -> list[Sums]:
    """Return totals by owner; those without an owner are left out."""
    rows = await numbers.sums(TOTALS.name, by=("owner_id",))
    return [row for row in rows if row["owner_id"]]


async def months(numbers: Numbers) -> list[Sums]:
    """Return sales, profit and first-time buyers by month of the sale."""
    return await numbers.sums(MONTHS.name, by=("month",), sort=("month",))


async def sellers_by_month(numbers: Numbers) -> list[Sums]:
    """Return sales by month and owner."""
    rows = await numbers.sums(MONTHS.name, by=("month", "owner_id"), sort=("month", "owner_id"))
    return [row for row in rows if row["owner_id"] and row["sales_count"]]


async def deal_months(numbers: Numbers, funnel_id: str | None = None) -> list[Sums]:
    """Return deals created, won and lost by month."""
    where = [] if funnel_id is None else [Filter("funnel_id", "=", funnel_id)]
    return await numbers.sums(DEAL_MONTHS.name, where, ("month",), sort=("month",))


async def deal_totals(numbers: Numbers, funnel_id: str | None = None) -> Sums:
    """Return how many deals there are, won, lost and in work."""
    where = [] if funnel_id is None else [Filter("funnel_id", "=", funnel_id)]
    return await numbers.total(DEAL_TOTALS.name, where)


async def won_cycle(numbers: Numbers, funnel_id: str | None = None) -> Spread:
    """Return how long won deals took from their first event, in ms."""
    return await spread(numbers, cycle_dist(numbers.rules.id), funnel_id)


async def products(numbers: Numbers) -> list[Product]:
    """Return the products sold."""
    rows = await numbers.sums(PRODUCTS.name, by=("product_id",))
    return [
        Product(row["product_id"], row["sales_count"], row["quantity"], row["revenue"] * MICRO + row["revenue_micro"])
        for row in rows
    ]


async def by_attribute(numbers: Numbers, name: str) -> list[Sums]:
    """Return totals of clients by country, segment or category; `value` "" is unknown."""
    rows = await numbers.sums(ATTRIBUTES.name, [Filter("name", "=", name)], ("value",), sort=("value",))
    return [row for row in rows if row["clients"]]


async def currencies(numbers: Numbers) -> list[Sums]:
    """Return unconverted totals by currency."""
    return await numbers.sums(CURRENCIES.name, by=("currency",), sort=("currency",))


async def shipments(numbers: Numbers, by: tuple[str, ...] = ("month",)) -> list[Sums]:
    """Return shipments by month, or by branch or owner too."""
    return await numbers.sums(SHIPMENTS.name, by=by, sort=by)


async def client_shipments(numbers: Numbers, month: str | None = None) -> list[Sums]:
    """Return shipments by month and client (S4.5)."""
    where = [] if month is None else [Filter("month", "=", month)]
    return await numbers.sums(CLIENT_SHIPMENTS.name, where, ("month", "client_id"), sort=("month", "client_id"))


async def receipts(numbers: Numbers, by: tuple[str, ...] = ("month",)) -> list[Sums]:
    """Return receipts by month, or by branch or owner too (S4.3, S4.4)."""
    return await numbers.sums(RECEIPTS.name, by=by, sort=by)


async def fulfilment(numbers: Numbers) -> Fulfilment:
    """Return how orders get shipped."""
    row = await numbers.total(FULFILMENT.name)
    late = row["late"] if row.get("required") else None
    return Fulfilment(
        row.get("orders", 0), row.get("shipped", 0), row.get("lead_ms", 0), late, await spread(numbers, LEAD_DIST)
    )
