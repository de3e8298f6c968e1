"""Who and what sells: sellers, products, countries, segments (S0.9, S0.24, S0.25, S0.27, S0.46)."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from contracts.money import half_up
from services.analytics.export.texts import decimal, quantity
from services.analytics.projections.shapes import MICRO
from services.analytics.queries import boards
from services.analytics.reads.shared import Numeric, Six, head, numbers_of, seen_by, share, six
from services.kit.query import Params, Reading


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


class ProductsParams(Params):
    """The best first."""

    by: Literal["revenue", "quantity"] = "revenue"
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def sellers_board(reading: Reading, params: Params) -> SellersBoard:
    """Show the sellers, the best first (S0.24, S0.46)."""
    _ = params
    numbers = await numbers_of(reading)
    costs = "cost" in await seen_by(reading, numbers)
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
