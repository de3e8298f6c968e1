"""What boards count of facts: totals, months, products, currencies, shipments, receipts (DEFINITIONS, Boards)."""

from __future__ import annotations

from services.analytics.projections.calendar import month_of
from services.analytics.projections.distribution import LEAD_DIST, count_value, cycle_dist
from services.analytics.projections.model import (
    CLIENT_SHIPMENTS,
    CURRENCIES,
    DEAL_MONTHS,
    DEAL_TOTALS,
    FULFILMENT,
    MONTHS,
    PRODUCTS,
    RECEIPTS,
    SEEN,
    SHIPMENTS,
    TOTALS,
)
from services.analytics.projections.sale import Sale
from services.analytics.projections.shapes import MICRO, Fact, Payment, Ruleset
from services.kit.projection import Context

_PLACE = {"bought": 0, "in_work": 2, "refused": 4, "none": 6}


def count_sale(context: Context, rules: Ruleset, sale: Sale, sign: int) -> None:
    """Count a fact that feeds the eight fields in totals, currencies, months and products; `sign` -1 takes it back."""
    if not sale.counted:
        return
    place = _PLACE[sale.kind]
    sums = [0] * 10
    sums[place], sums[place + 1] = sign, sign * sale.value
    local = [0] * 6
    if place < 6:
        local[place], local[place + 1] = sign, sign * sale.local
    if sale.kind == "bought":
        sums[8], sums[9] = sign * sale.profit, sign * sale.billed
        month = month_of(sale.at, rules.zone)
        context.add(MONTHS.name, (rules.id, month, sale.owner_id), (sign, sign * sale.value, sign * sale.profit, 0))
        _count_products(context, rules, sale, sign)
    context.add(TOTALS.name, (rules.id, sale.owner_id, int(sale.client_id is not None)), tuple(sums))
    context.add(CURRENCIES.name, (rules.id, sale.currency, sale.owner_id), tuple(local))


def _count_products(context: Context, rules: Ruleset, sale: Sale, sign: int) -> None:
    products: dict[str, list[int]] = {}
    for line in sale.lines:
        sums = products.setdefault(line.product_id, [0, 0])
        sums[0] += line.quantity
        sums[1] += sale.value * MICRO if line.revenue is None else line.revenue
    for product_id, (quantity, micro) in products.items():
        whole, rest = divmod(micro, MICRO)
        deltas = (sign, sign * quantity, sign * whole, sign * rest)
        context.add(PRODUCTS.name, (rules.id, product_id, sale.owner_id), deltas)


def count_deal(context: Context, rules: Ruleset, sale: Sale, sign: int) -> None:
    """Count a deal in its funnel's totals and months, whatever the sources are (P22: deals won / all deals)."""
    key = (rules.id, sale.funnel_id, sale.owner_id)
    won, lost, in_work = sale.kind == "bought", sale.kind == "refused", sale.kind == "in_work"
    cycle = (sale.cycle or 0) if won else 0
    deltas = (sign, sign * won, sign * lost, sign * in_work, sign * sale.value * in_work, sign * cycle)
    context.add(DEAL_TOTALS.name, key, deltas)
    created = month_of(sale.created_at, rules.zone)
    context.add(DEAL_MONTHS.name, (rules.id, created, sale.funnel_id, sale.owner_id), (sign, 0, 0))
    if won or lost:
        month = month_of(sale.at, rules.zone)
        context.add(DEAL_MONTHS.name, (rules.id, month, sale.funnel_id, sale.owner_id), (0, sign * won, sign * lost))
    if won and sale.cycle is not None:
        count_value(context, cycle_dist(rules.id), sale.funnel_id, sale.owner_id, cycle, sign)


def count_shipment(context: Context, rules: Ruleset, fact: Fact, sign: int) -> None:
    """Count a shipped order by month, branch and client, whatever its status (DEFINITIONS)."""
    if fact.shipped_at is None or fact.shipped is None:
        return
    goods, cost, shipping = fact.shipped
    month = month_of(fact.shipped_at, rules.zone)
    deltas = (sign, sign * goods, sign * (cost or 0), sign * shipping)
    context.add(SHIPMENTS.name, (rules.id, month, fact.branch, fact.owner_id), deltas)
    if fact.client_id is not None:
        context.add(CLIENT_SHIPMENTS.name, (rules.id, month, fact.client_id), (sign, sign * goods))


def count_receipt(context: Context, rules: Ruleset, payment: Payment, sign: int) -> None:
    """Count a payment in its month; a reversed one also as a negative receipt at its own date (DEFINITIONS)."""
    key = (payment.branch, payment.owner_id)
    month = month_of(payment.paid_at, rules.zone)
    context.add(RECEIPTS.name, (rules.id, month, *key), (sign, sign * payment.amount))
    if payment.reversed_at is not None:
        month = month_of(payment.reversed_at, rules.zone)
        context.add(RECEIPTS.name, (rules.id, month, *key), (sign, -sign * payment.amount))


def count_fulfilment(context: Context, fact: Fact, sign: int) -> None:
    """Count an order and, if it is shipped, its lead time (ms from ordered to shipped)."""
    lead = 0 if fact.shipped_at is None else fact.shipped_at - fact.created_at
    shipped = fact.shipped_at is not None
    late = shipped and fact.required_at is not None and fact.shipped_at > fact.required_at  # type: ignore[operator]
    required = fact.required_at is not None
    context.add(FULFILMENT.name, (fact.owner_id,), (sign, sign * shipped, sign * late, sign * required, sign * lead))
    if shipped:
        count_value(context, LEAD_DIST, "", fact.owner_id, lead, sign)


def count_seen(context: Context, fact: Fact, sign: int) -> None:
    """Note whether costs and money were ever stored."""
    if fact.cost is not None or (fact.shipped is not None and fact.shipped[1] is not None):
        context.add(SEEN.name, ("cost",), (sign,))
    if fact.currency:
        context.add(SEEN.name, ("money",), (sign,))
