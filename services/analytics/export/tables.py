"""Tables by client, fact and funnel: customers, deals, orders, stages, conversion, transitions (DEFINITIONS 2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from services.analytics.export.names import FunnelName, Names
from services.analytics.export.texts import decimal, instant, money, ratio, seconds
from services.analytics.projections.calendar import month_of, months_between
from services.analytics.projections.model import FACTS, PEOPLE, ROWS
from services.analytics.projections.sale import sale_of
from services.analytics.projections.shapes import Fact, Row
from services.analytics.queries.boards import currencies
from services.analytics.queries.funnels import conversion, stages, transitions
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter

Table = list[dict[str, str]]
KINDS = {"bought": "won", "refused": "lost", "in_work": "in_work", "none": "none"}
_PAGE = 2_000
_DAY_MS = 86_400_000


@dataclass
class Export:
    """What all tables are made from."""

    numbers: Numbers
    names: Names
    seen: frozenset[str]

    def money(self, minor: Fraction | int) -> str:
        """Write an amount of the base currency."""
        return money(minor, self.names.base_currency)

    def profit(self, minor: int) -> str:
        """Write a profit; empty when no cost was ever stored."""
        return self.money(minor) if "cost" in self.seen else ""

    def paid(self, minor: int) -> str:
        """Write an amount of billing; empty when no payment was ever stored."""
        return self.money(minor) if "payment" in self.seen else ""

    def six(self, row: Any) -> dict[str, str]:
        """Write counts and sums of sales, in work and refused, with the average check."""
        count, total = row.get("sales_count", 0), row.get("sales_sum", 0)
        return {
            "sales_count": str(count),
            "sales_sum": self.money(total),
            "avg_check": self.money(Fraction(total, count) if count else 0),
            "in_work_count": str(row.get("in_work_count", 0)),
            "in_work_sum": self.money(row.get("in_work_sum", 0)),
            "refused_count": str(row.get("refused_count", 0)),
            "refused_sum": self.money(row.get("refused_sum", 0)),
        }


async def documents(numbers: Numbers, collection: str, where: list[Filter]) -> AsyncIterator[Any]:
    """Yield all documents of a collection that match."""
    cursor = None
    while True:
        page = await numbers.reader.find(numbers.group, collection, where, cursor=cursor, limit=_PAGE)
        for row in page.rows:
            yield row.document
        cursor = page.next
        if cursor is None:
            return


async def customers(export: Export) -> tuple[Table, Table]:
    """Return a row per client, also those without any fact, and their unconverted sums by currency."""
    numbers = export.numbers
    rows: dict[str, Row] = {}
    where = [Filter("rules", "=", numbers.rules.id), Filter("subject", "=", "client")]
    async for row in documents(numbers, ROWS.name, where):
        rows[row.subject_id] = row
    table: Table = []
    unconverted: Table = []
    foreign = await is_foreign(export)
    async for person in documents(numbers, PEOPLE.name, []):
        row = rows.get(person.id)
        if person.registered and row is not None:
            table.append(customer(export, row))
            unconverted += _currencies(export, row) if foreign else []
    return table, unconverted


async def is_foreign(export: Export) -> bool:
    """Tell whether any counted fact is in another currency than the base: only then sums by currency are shown."""
    rows = await currencies(export.numbers)
    return any(row["currency"] not in ("", export.names.base_currency) for row in rows)


def customer(export: Export, row: Row) -> dict[str, str]:
    """Return a client's metrics in the file's columns."""
    zone = export.numbers.rules.zone
    between = per_month = ""
    if row.first_sale_at is not None and row.last_sale_at is not None:
        months = months_between(month_of(row.first_sale_at, zone), month_of(row.last_sale_at, zone))
        per_month = decimal(Fraction(row.sales_count, months), 4)
        if row.sales_count > 1:
            apart = Fraction(row.last_sale_at - row.first_sale_at, _DAY_MS * (row.sales_count - 1))
            between = decimal(apart, 4)
    return {
        "customer_id": export.names.client(row.subject_id),
        **export.six({name: getattr(row, name) for name in Row.__struct_fields__}),
        "actual_at": instant(export.numbers.now),
        "first_sale_at": instant(row.first_sale_at),
        "last_sale_at": instant(row.last_sale_at),
        "mean_days_between_sales": between,
        "sales_per_month": per_month,
        "first_shipment_at": instant(row.first_shipment_at),
        "last_shipment_at": instant(row.last_shipment_at),
        "profit": export.profit(row.profit),
        "billed_sum": export.paid(row.billed),
        "paid_sum": export.paid(row.paid),
        "balance": export.paid(row.balance),
    }


def _currencies(export: Export, row: Row) -> Table:
    names = ("sales_count", "sales_sum", "in_work_count", "in_work_sum", "refused_count", "refused_sum")
    table: Table = []
    for currency, sums in sorted(row.currencies.items()):
        if currency:
            values = [str(n) if i % 2 == 0 else money(n, currency) for i, n in enumerate(sums)]
            line = {"customer_id": export.names.client(row.subject_id), "currency": currency}
            table.append(line | dict(zip(names, values, strict=True)))
    return table


async def facts(export: Export) -> tuple[Table, Table]:
    """Return a row per deal and a row per order, with their final state: for debugging."""
    deals: Table = []
    orders: Table = []
    async for fact in documents(export.numbers, FACTS.name, []):
        if fact.kind == "deal":
            deals.append(_deal(export, fact))
        elif fact.kind == "order":
            orders.append(_order(export, fact))
    return deals, orders


def _deal(export: Export, fact: Fact) -> dict[str, str]:
    numbers = export.numbers
    sale = sale_of(fact, numbers.lane, numbers.rules)
    return {
        "deal_id": export.names.deals.get(fact.id, fact.id),
        "customer_id": export.names.client(fact.client_id) if fact.client_id else "",
        "stage": export.names.stage(fact.funnel_id, fact.stage_id),
        "kind": KINDS[sale.kind],
        "amount": export.money(fact.value),
        "won_at": instant(sale.at) if sale.kind == "bought" else "",
        "lost_at": instant(sale.at) if sale.kind == "refused" else "",
    }


def _order(export: Export, fact: Fact) -> dict[str, str]:
    numbers = export.numbers
    return {
        "order_id": export.names.orders.get(fact.id, fact.id),
        "customer_id": export.names.client(fact.client_id) if fact.client_id else "",
        "kind": KINDS[numbers.kind(fact.funnel_id, fact.stage_id)],
        "currency": fact.currency,
        "total_local": money(fact.local, fact.currency),
        "total": export.money(fact.value),
        "cost_of_goods": "" if "cost" not in export.seen else export.money(fact.cost or 0),
    }


async def stage_tables(export: Export, funnel: FunnelName) -> tuple[Table, Table, Table, Fraction]:
    """Return stages, conversion and transitions of a funnel, and its expected revenue (rounded per stage)."""
    table: Table = []
    expected = Fraction(0)
    for stage in await stages(export.numbers, funnel.funnel_id, funnel.stages):
        revenue = "" if stage.expected_revenue is None else export.money(stage.expected_revenue)
        expected += Fraction(revenue or 0)
        table.append(
            {
                "pipeline_id": funnel.shown,
                "stage_id": funnel.stage_names[stage.stage.stage_id],
                "position": str(stage.stage.position),
                "kind": KINDS[stage.kind],
                "entered_deals": str(stage.entered),
                "visits": str(stage.visits),
                "reached_deals": "" if stage.reached is None else str(stage.reached),
                "current_deals": str(stage.current),
                "current_sum": export.money(stage.current_sum),
                "completed_visits": str(stage.visits - stage.current),
                "mean_seconds": seconds(stage.mean),
                "median_seconds": seconds(stage.stays.median),
                "min_seconds": seconds(stage.stays.least),
                "max_seconds": seconds(stage.stays.most),
                "per_deal_mean_seconds": seconds(stage.subject_mean),
                "per_deal_median_seconds": seconds(stage.subject.median),
                "open_visits": str(stage.open_visits),
                "open_mean_age_seconds": seconds(stage.open_age),
                "mean_seconds_incl_open": seconds(stage.mean_with_open),
                "probability": stage.stage.probability or "",
                "expected_revenue": revenue,
            }
        )
    return table, await _conversion(export, funnel), await _transitions(export, funnel), expected


async def _conversion(export: Export, funnel: FunnelName) -> Table:
    return [
        {
            "pipeline_id": funnel.shown,
            "from_stage": funnel.stage_names[step.from_stage],
            "to_stage": funnel.stage_names[step.to_stage],
            "from_entered": str(step.from_entered),
            "both_entered": str(step.both),
            "conversion_entered": ratio(step.both, step.from_entered),
            "from_reached": str(step.from_reached),
            "to_reached": str(step.to_reached),
            "conversion_reached": ratio(step.to_reached, step.from_reached),
        }
        for step in await conversion(export.numbers, funnel.funnel_id, funnel.stages)
    ]


async def _transitions(export: Export, funnel: FunnelName) -> Table:
    return [
        {
            "from_stage": export.names.stage(funnel.funnel_id, move.from_stage),
            "to_stage": export.names.stage(funnel.funnel_id, move.to_stage),
            "count": str(move.moves),
            "deals": str(move.subjects),
            "share_of_exits": decimal(move.share, 6),
            "mean_seconds": seconds(move.mean),
            "median_seconds": seconds(move.spread.median),
        }
        for move in await transitions(export.numbers, funnel.funnel_id)
    ]
