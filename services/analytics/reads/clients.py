"""The metrics of one client or contact person, and how they are shown (S1.4 to S1.12, S2.9 to S2.16, P3)."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from contracts.base import Id
from contracts.problem import NotFound
from services.analytics.export.texts import decimal
from services.analytics.projections.calendar import month_of, months_between
from services.analytics.projections.shapes import Row
from services.analytics.queries.numbers import Numbers
from services.analytics.reads.shared import Numeric, Six, head, numbers_of, seen_by
from services.kit.query import Params, Reading

_DAY_MS = 86_400_000


class InCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """Unconverted counts and sums of one currency, minor units of it; `currency` is empty for amounts without one."""

    currency: str
    sales_count: int
    sales_sum: int
    in_work_count: int
    in_work_sum: int
    refused_count: int
    refused_sum: int


class Metrics(Six, frozen=True, kw_only=True):
    """The metrics of a client or contact person; times UTC ms.

    `profit` is null while no cost was ever stored; `billed`, `paid` and `balance` while no payment was, and for contact
    persons. `mean_days_between_sales` (decimal text, four decimals) is null below two sales, `sales_per_month` without
    any. `unclassified_*`: deals and orders on stages of no class (P2)."""

    id: str
    subject: Literal["client", "contact"]
    owner_id: str | None
    country: str | None
    segment: str | None
    category: str | None
    status: str | None
    temperature: str | None
    unclassified_count: int
    unclassified_sum: int
    first_sale_at: int | None
    last_sale_at: int | None
    first_shipment_at: int | None
    last_shipment_at: int | None
    profit: int | None
    billed: int | None
    paid: int | None
    balance: int | None
    mean_days_between_sales: str | None
    sales_per_month: str | None
    changed_at: int | None
    by_currency: list[InCurrency]


class MetricsAnswer(Numeric, frozen=True, kw_only=True):
    """The metrics of one client or contact person."""

    item: Metrics


class ClientMetricsParams(Params):
    """One client."""

    client_id: Id


async def client_metrics(reading: Reading, params: ClientMetricsParams) -> MetricsAnswer:
    """Show a client's metrics."""
    numbers = await numbers_of(reading)
    row = await numbers.row(params.client_id)
    if row is None or row.subject != "client" or numbers.hides(row):
        raise NotFound(f"there is no client {params.client_id}")
    return MetricsAnswer(**head(reading), item=metrics(numbers, row, await seen_by(reading, numbers)))


def metrics(numbers: Numbers, row: Row, seen: frozenset[str]) -> Metrics:
    """Return a row as it is shown."""
    paid = "payment" in seen and row.subject == "client"
    between, per_month = _pace(row, numbers.rules.zone)
    return Metrics(
        id=row.subject_id,
        subject="contact" if row.subject == "contact" else "client",
        owner_id=row.owner_id or None,
        country=row.country or None,
        segment=row.segment or None,
        category=row.category or None,
        status=row.status or None,
        temperature=row.temperature or None,
        sales_count=row.sales_count,
        sales_sum=row.sales_sum,
        avg_check=row.avg_check,
        in_work_count=row.in_work_count,
        in_work_sum=row.in_work_sum,
        refused_count=row.refused_count,
        refused_sum=row.refused_sum,
        unclassified_count=row.none_count,
        unclassified_sum=row.none_sum,
        first_sale_at=row.first_sale_at,
        last_sale_at=row.last_sale_at,
        first_shipment_at=row.first_shipment_at,
        last_shipment_at=row.last_shipment_at,
        profit=row.profit if "cost" in seen else None,
        billed=row.billed if paid else None,
        paid=row.paid if paid else None,
        balance=row.balance if paid else None,
        mean_days_between_sales=between,
        sales_per_month=per_month,
        changed_at=row.changed_at or None,
        by_currency=[_in_currency(currency, sums) for currency, sums in sorted(row.currencies.items())],
    )


def _pace(row: Row, zone: str) -> tuple[str | None, str | None]:
    """Return mean days between sales and sales per calendar month (DEFINITIONS 2)."""
    if row.first_sale_at is None or row.last_sale_at is None:
        return None, None
    months = months_between(month_of(row.first_sale_at, zone), month_of(row.last_sale_at, zone))
    per_month = decimal(Fraction(row.sales_count, months), 4)
    if row.sales_count < 2:
        return None, per_month
    return decimal(Fraction(row.last_sale_at - row.first_sale_at, _DAY_MS * (row.sales_count - 1)), 4), per_month


def _in_currency(currency: str, sums: tuple[int, int, int, int, int, int]) -> InCurrency:
    return InCurrency(
        currency=currency,
        sales_count=sums[0],
        sales_sum=sums[1],
        in_work_count=sums[2],
        in_work_sum=sums[3],
        refused_count=sums[4],
        refused_sum=sums[5],
    )
