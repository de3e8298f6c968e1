"""Boards of all sales: totals, deals and revenue by month (S0.5, S0.6, S0.8, P22)."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from contracts.base import Id
from contracts.money import half_up
from services.analytics.queries import boards
from services.analytics.reads.clients import InCurrency
from services.analytics.reads.shared import Durations, Numeric, Six, durations, head, numbers_of, seen_by, share, six
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


class DealsParams(Params):
    """Deals of one funnel or of all."""

    funnel_id: Id | None = None


async def totals_board(reading: Reading, params: Params) -> TotalsBoard:
    """Show totals of all sales, in work and refused."""
    _ = params
    numbers = await numbers_of(reading)
    seen = await seen_by(reading, numbers)
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
        cycle=durations(cycle, Fraction(total["cycle_ms"], cycle.count) if cycle.count else None),
        months=[
            DealMonth(month=row["month"], created=row["created"], won=row["won"], lost=row["lost"])
            for row in await boards.deal_months(numbers, params.funnel_id)
        ],
    )


async def revenue_board(reading: Reading, params: Params) -> RevenueBoard:
    """Show sales by month (S0.8)."""
    _ = params
    numbers = await numbers_of(reading)
    costs = "cost" in await seen_by(reading, numbers)
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
