"""Tables by month, seller, product, attribute, shipment and receipt, and the summary (DEFINITIONS 2, Boards)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from services.analytics.export import summary_parts
from services.analytics.export.tables import Export, Table, customers, facts, is_foreign, stage_tables
from services.analytics.export.texts import instant, money, quantity, ratio, seconds
from services.analytics.projections.shapes import MICRO
from services.analytics.queries import boards
from services.analytics.queries.funnels import starts

Tables = dict[str, Table]


async def all_tables(export: Export) -> tuple[Tables, dict[str, Any]]:
    """Return every CSV table by name and the JSON files (`summary`, `fulfilment`) by name."""
    tables: Tables = {}
    tables["customers"], tables["customers_by_currency"] = await customers(export)
    tables["deals"], tables["orders"] = await facts(export)
    expected = Fraction(0)
    for funnel in export.names.funnels:
        if funnel.subject == "deal" and await starts(export.numbers, funnel.funnel_id):
            one, steps, moves, revenue = await stage_tables(export, funnel)
            tables.setdefault("stages", []).extend(one)
            tables.setdefault("conversion", []).extend(steps)
            tables.setdefault("transitions", []).extend(moves)
            expected += revenue
    tables |= await _months(export)
    tables |= await _sellers(export)
    tables["popular_products"] = await _products(export)
    tables |= await _attributes(export)
    tables |= await _shipments(export)
    tables |= await _receipts(export)
    json_files = {"summary": await summary(export, tables, expected), "fulfilment": await _fulfilment(export)}
    return {name: table for name, table in tables.items() if table}, json_files


async def _months(export: Export) -> Tables:
    revenue = [
        {
            "month": row["month"],
            "sales_count": str(row["sales_count"]),
            "sales_sum": export.money(row["sales_sum"]),
            "avg_check": export.money(Fraction(row["sales_sum"], row["sales_count"]) if row["sales_count"] else 0),
            "profit": export.profit(row["profit"]),
            "new_customers": str(row["new_clients"]),
        }
        for row in await boards.months(export.numbers)
    ]
    deals = [
        {"month": row["month"], "created": str(row["created"]), "won": str(row["won"]), "lost": str(row["lost"])}
        for row in await boards.deal_months(export.numbers)
    ]
    return {"revenue_by_month": revenue, "deals_by_month": deals}


async def _sellers(export: Export) -> Tables:
    rows = await boards.sellers(export.numbers)
    rows.sort(key=lambda r: (-r["sales_sum"], -r["sales_count"], export.names.owner(r["owner_id"])))
    top = [
        {
            "rank": str(rank),
            "owner_id": export.names.owner(row["owner_id"]),
            "name": export.names.owner_names.get(row["owner_id"], ""),
            **export.six(row),
            "profit": export.profit(row["profit"]),
            "win_rate": ratio(row["sales_count"], row["sales_count"] + row["refused_count"]),
        }
        for rank, row in enumerate(rows, 1)
    ]
    monthly = [
        {
            "month": row["month"],
            "owner_id": export.names.owner(row["owner_id"]),
            "sales_count": str(row["sales_count"]),
            "sales_sum": export.money(row["sales_sum"]),
        }
        for row in await boards.sellers_by_month(export.numbers)
    ]
    return {"top_sellers": top, "sellers_by_month": monthly}


async def _products(export: Export) -> Table:
    sold = [(export.names.product(p.product_id), p) for p in await boards.products(export.numbers) if p.sales_count]
    by_quantity = {p.product_id: i for i, (_, p) in enumerate(sorted(sold, key=lambda s: (-s[1].quantity, s[0])), 1)}
    by_revenue = {p.product_id: i for i, (_, p) in enumerate(sorted(sold, key=lambda s: (-s[1].revenue, s[0])), 1)}
    return [
        {
            "product_id": shown,
            "name": export.names.product_names.get(product.product_id, ""),
            "sales_count": str(product.sales_count),
            "quantity": quantity(product.quantity),
            "revenue": export.money(Fraction(product.revenue, MICRO)),
            "rank_by_quantity": str(by_quantity[product.product_id]),
            "rank_by_revenue": str(by_revenue[product.product_id]),
        }
        for shown, product in sorted(sold, key=lambda s: by_quantity[s[1].product_id])
    ]


async def _attributes(export: Export) -> Tables:
    tables: Tables = {}
    for name in ("country", "segment"):
        rows = await boards.by_attribute(export.numbers, name)
        if any(row["value"] for row in rows):
            tables[f"by_{name}"] = [
                {name: row["value"], "customers": str(row["clients"]), **export.six(row)} for row in rows
            ]
    return tables


async def _shipments(export: Export) -> Tables:
    cost = "cost" in export.seen
    monthly = [
        {
            "month": row["month"],
            "shipments": str(row["shipments"]),
            "goods_value": export.money(row["goods"]),
            "cost_of_goods": export.money(row["cost"]) if cost else "",
            "shipping_cost": export.money(row["shipping"]),
        }
        for row in await boards.shipments(export.numbers)
    ]
    clients = [
        {
            "month": row["month"],
            "customer_id": export.names.client(row["client_id"]),
            "shipments": str(row["shipments"]),
            "goods_value": export.money(row["goods"]),
        }
        for row in await boards.client_shipments(export.numbers)
    ]
    return {"shipments_by_month": monthly, "shipments_by_customer_month": clients}


async def _receipts(export: Export) -> Tables:
    def line(row: dict[str, Any]) -> dict[str, str]:
        return {"payments": str(row["payments"]), "amount": export.money(row["amount"])}

    monthly = [{"month": row["month"], **line(row)} for row in await boards.receipts(export.numbers)]
    owners = [
        {"month": row["month"], "owner_id": export.names.owner(row["owner_id"]), **line(row)}
        for row in await boards.receipts(export.numbers, ("month", "owner_id"))
    ]
    return {"receipts_by_month": monthly, "receipts_by_owner_month": owners}


async def _fulfilment(export: Export) -> dict[str, Any]:
    found = await boards.fulfilment(export.numbers)
    if not found.orders:
        return {}
    mean = Fraction(found.lead_ms, found.shipped) if found.shipped else None
    return {
        "orders": found.orders,
        "shipped": found.shipped,
        "not_shipped": found.orders - found.shipped,
        "conversion": ratio(found.shipped, found.orders),
        "mean_seconds_ordered_to_shipped": seconds(mean),
        "median_seconds_ordered_to_shipped": seconds(found.lead.median),
        "max_seconds_ordered_to_shipped": seconds(found.lead.most),
        "shipped_after_required": found.late,
    }


async def summary(export: Export, tables: Tables, expected: Fraction) -> dict[str, Any]:
    """Return the summary; parts without facts are left out."""
    numbers = export.numbers
    total = await boards.totals(numbers)
    sales = [row["first_sale_at"] for row in tables["customers"] if row["first_sale_at"]]
    result: dict[str, Any] = {
        "as_of": instant(numbers.now),
        "base_currency": export.names.base_currency,
        "sales_source": "+".join(s for s in ("deals", "orders", "clients") if s in numbers.rules.sources),
        "customers_total": len(tables["customers"]),
        "customers_with_sales": len(sales),
        **_numbers(export, total),
        "without_customer": _numbers(export, await boards.totals(numbers, attached=False)),
        **await summary_parts.sale_ends(export),
    }
    if "cost" in export.seen:
        result["profit"] = export.profit(total.get("profit", 0))
    if "payment" in export.seen:
        paid = sum(row["amount"] for row in await boards.receipts(numbers, ()))
        result["billed_sum"] = export.money(total.get("billed", 0))
        result["paid_sum"] = export.money(paid)
        result["balance"] = export.money(paid - total.get("billed", 0))
    if tables.get("deals"):
        result |= await summary_parts.deals(export, expected)
    if tables.get("orders"):
        result |= await summary_parts.orders(export)
    unconverted = [row for row in await boards.currencies(numbers) if row["currency"]]
    if await is_foreign(export):
        result["by_currency_unconverted"] = {row["currency"]: _local(row) for row in unconverted}
    return result


def _numbers(export: Export, row: dict[str, Any]) -> dict[str, Any]:
    return {name: int(text) if name.endswith("count") else text for name, text in export.six(row).items()}


def _local(row: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}_{what}": row[f"{name}_{what}"] if what == "count" else money(row[f"{name}_sum"], row["currency"])
        for name in ("sales", "in_work", "refused")
        for what in ("count", "sum")
    }
