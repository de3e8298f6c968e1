"""Boards: totals, months, sellers, products, countries, segments (S0.5 to S0.8, S0.24 to S0.28)."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from contracts.base import Id
from contracts.money import half_up
from services.analytics.export.texts import decimal, quantity
from services.analytics.projections.shapes import MICRO
from services.analytics.queries import boards
from services.analytics.reads.clients import InCurrency
from services.analytics.reads.shared import Durations, Numeric, Six, durations, head, numbers_of, share, six
from services.kit.documents import Row as Sums
from services.kit.query import Params, Reading


class Totals(Six, frozen=True, kw_only=True):
    """`unclassified_*`: on stages of no class (P2). `profit` and `billed` are null while no cost (no payment) was ever
    stored."""

    unclassified_count: int
    unclassified_sum: int
    profit: int | None
    billed: int | None


class TotalsBoard(Numeric, frozen=True, kw_only=True):
    """Everything, what has no client, and unconverted by currency."""

    all: Totals
    without_client: Totals
    by_currency: list[InCurrency]


class DealMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Deals opened, won and lost in a month `YYYY-MM` of the workspace's zone."""

    month: str
    created: int
    won: int
    lost: int


class DealsBoard(Numeric, frozen=True, kw_only=True):
    """Deals by month and in all. `conversion` = won / all, `win_rate` = won / (won + lost): decimal text, six decimals.
    `cycle`: from a won deal's first event to when it was won."""

    deals: int
    won: int
    lost: int
    in_work: int
    in_work_sum: int
    conversion: str | None
    win_rate: str | None
    cycle: Durations
    months: list[DealMonth]


class RevenueMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of a month. `new_clients`: whose first sale falls in it."""

    month: str
    sales_count: int
    sales_sum: int
    avg_check: int
    profit: int | None
    new_clients: int


class RevenueBoard(Numeric, frozen=True, kw_only=True):
    """Sales by month."""

    months: list[RevenueMonth]


class Seller(Six, frozen=True, kw_only=True):
    """An owner's sales; `win_rate` = sales / (sales + refused), decimal text with six decimals."""

    rank: int
    owner_id: str
    profit: int | None
    win_rate: str | None


class SellersBoard(Numeric, frozen=True, kw_only=True):
    """Sellers by sum of sales, then their number (S0.24)."""

    sellers: list[Seller]


class SellerMonth(msgspec.Struct, frozen=True, kw_only=True):
    """An owner's sales in a month."""

    month: str
    owner_id: str
    sales_count: int
    sales_sum: int
    avg_check: int


class SellersByMonthBoard(Numeric, frozen=True, kw_only=True):
    """Sales by month and seller."""

    rows: list[SellerMonth]


class ProductSales(msgspec.Struct, frozen=True, kw_only=True):
    """A product's sales: `quantity` as decimal text, `revenue` in minor units, half-up. Ranks over all products."""

    product_id: str
    sales_count: int
    quantity: str
    revenue: int
    rank_by_quantity: int
    rank_by_revenue: int


class ProductsBoard(Numeric, frozen=True, kw_only=True):
    """The most popular products (S0.25)."""

    products: list[ProductSales]


class AttributeRow(Six, frozen=True, kw_only=True):
    """Clients with this value and their sales; an empty value is unknown."""

    value: str
    clients: int


class AttributeBoard(Numeric, frozen=True, kw_only=True):
    """Clients and sales by country or segment."""

    rows: list[AttributeRow]


class DealsParams(Params):
    """Deals of one funnel or of all."""

    funnel_id: Id | None = None


class ProductsParams(Params):
    """The best first."""

    by: Literal["revenue", "quantity"] = "revenue"
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def totals_board(reading: Reading, params: Params) -> TotalsBoard:
    """Show totals of all sales, in work and refused."""
    _ = params
    numbers = await numbers_of(reading)
    seen = await numbers.seen()
    currencies = [
        InCurrency(currency=row["currency"], **_without_check(six(row))) for row in await boards.currencies(numbers)
    ]
    return TotalsBoard(
        **head(reading),
        all=_totals(await boards.totals(numbers), seen),
        without_client=_totals(await boards.totals(numbers, attached=False), seen),
        by_currency=currencies,
    )


def _without_check(found: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in found.items() if name != "avg_check"}


def _totals(row: Sums, seen: frozenset[str]) -> Totals:
    return Totals(
        **six(row),
        unclassified_count=row.get("none_count", 0),
        unclassified_sum=row.get("none_sum", 0),
        profit=row.get("profit", 0) if "cost" in seen else None,
        billed=row.get("billed", 0) if "payment" in seen else None,
    )


async def deals_board(reading: Reading, params: DealsParams) -> DealsBoard:
    """Show deals opened, won and lost (S0.6, P22)."""
    numbers = await numbers_of(reading)
    total = await boards.deal_totals(numbers, params.funnel_id)
    won, lost, deals = total.get("won", 0), total.get("lost", 0), total.get("deals", 0)
    cycle = await boards.won_cycle(numbers, params.funnel_id)
    return DealsBoard(
        **head(reading),
        deals=deals,
        won=won,
        lost=lost,
        in_work=total.get("in_work", 0),
        in_work_sum=total.get("in_work_sum", 0),
        conversion=share(won, deals),
        win_rate=share(won, won + lost),
        cycle=durations(cycle, Fraction(total["cycle_ms"], won) if won else None),
        months=[
            DealMonth(month=row["month"], created=row["created"], won=row["won"], lost=row["lost"])
            for row in await boards.deal_months(numbers, params.funnel_id)
        ],
    )


async def revenue_board(reading: Reading, params: Params) -> RevenueBoard:
    """Show sales by month (S0.8)."""
    _ = params
    numbers = await numbers_of(reading)
    costs = "cost" in await numbers.seen()
    months = [
        RevenueMonth(
            month=row["month"],
            sales_count=row["sales_count"],
            sales_sum=row["sales_sum"],
            avg_check=half_up(row["sales_sum"], row["sales_count"]),
            profit=row["profit"] if costs else None,
            new_clients=row["new_clients"],
        )
        for row in await boards.months(numbers)
    ]
    return RevenueBoard(**head(reading), months=months)


async def sellers_board(reading: Reading, params: Params) -> SellersBoard:
    """Show the sellers, the best first (S0.24, S0.46)."""
    _ = params
    numbers = await numbers_of(reading)
    costs = "cost" in await numbers.seen()
    rows = sorted(
        await boards.sellers(numbers), key=lambda row: (-row["sales_sum"], -row["sales_count"], row["owner_id"])
    )
    sellers = [
        Seller(
            rank=rank,
            owner_id=row["owner_id"],
            **six(row),
            profit=row["profit"] if costs else None,
            win_rate=share(row["sales_count"], row["sales_count"] + row["refused_count"]),
        )
        for rank, row in enumerate(rows, 1)
    ]
    return SellersBoard(**head(reading), sellers=sellers)


async def sellers_by_month_board(reading: Reading, params: Params) -> SellersByMonthBoard:
    """Show sales by month and seller."""
    _ = params
    rows = [
        SellerMonth(
            month=row["month"],
            owner_id=row["owner_id"],
            sales_count=row["sales_count"],
            sales_sum=row["sales_sum"],
            avg_check=half_up(row["sales_sum"], row["sales_count"]),
        )
        for row in await boards.sellers_by_month(await numbers_of(reading))
    ]
    return SellersByMonthBoard(**head(reading), rows=rows)


async def products_board(reading: Reading, params: ProductsParams) -> ProductsBoard:
    """Show the most popular products (S0.25)."""
    sold = [each for each in await boards.products(await numbers_of(reading)) if each.sales_count]
    by_quantity = sorted(sold, key=lambda each: (-each.quantity, each.product_id))
    by_revenue = sorted(sold, key=lambda each: (-each.revenue, each.product_id))
    quantity_rank = {each.product_id: rank for rank, each in enumerate(by_quantity, 1)}
    revenue_rank = {each.product_id: rank for rank, each in enumerate(by_revenue, 1)}
    shown = by_quantity if params.by == "quantity" else by_revenue
    products = [
        ProductSales(
            product_id=each.product_id,
            sales_count=each.sales_count,
            quantity=quantity(each.quantity),
            revenue=int(decimal(Fraction(each.revenue, MICRO), 0)),
            rank_by_quantity=quantity_rank[each.product_id],
            rank_by_revenue=revenue_rank[each.product_id],
        )
        for each in shown[: params.limit]
    ]
    return ProductsBoard(**head(reading), products=products)


async def countries_board(reading: Reading, params: Params) -> AttributeBoard:
    """Show clients and their sales by country (S0.27)."""
    _ = params
    return await _attribute(reading, "country")


async def segments_board(reading: Reading, params: Params) -> AttributeBoard:
    """Show clients and their sales by segment (S0.9)."""
    _ = params
    return await _attribute(reading, "segment")


async def _attribute(reading: Reading, name: str) -> AttributeBoard:
    found = await boards.by_attribute(await numbers_of(reading), name)
    rows = [AttributeRow(value=row["value"], clients=row["clients"], **six(row)) for row in found]
    return AttributeBoard(**head(reading), rows=rows)
