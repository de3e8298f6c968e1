"""Parts of the summary: deals, orders, and the ends of the time line of sales (DEFINITIONS 2)."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from services.analytics.export.tables import Export
from services.analytics.export.texts import decimal, instant, ratio, seconds
from services.analytics.projections.model import ROWS, SEEN, STAGES, TRANSITIONS
from services.analytics.queries import boards
from services.analytics.queries.funnels import starts
from services.kit.documents import Filter


async def deals(export: Export, expected: Fraction) -> dict[str, Any]:
    """Return how deals stand; `expected` = weighted revenue in units, rounded per stage."""
    numbers = export.numbers
    total = await boards.deal_totals(numbers)
    cycle = await boards.won_cycle(numbers)
    won, lost, all_ = total.get("won", 0), total.get("lost", 0), total.get("deals", 0)
    moves = 0
    begun: Counter[str] = Counter()
    for funnel in export.names.funnels:
        if funnel.subject == "deal":
            rows = await numbers.sums(TRANSITIONS.name, [Filter("funnel_id", "=", funnel.funnel_id)])
            moves += sum(row["moves"] for row in rows)
            for stage_id, count in (await starts(numbers, funnel.funnel_id)).items():
                begun[export.names.stage(funnel.funnel_id, stage_id)] += count
    touched = await numbers.total(SEEN.name, [Filter("what", "=", "touched")])
    return {
        "deals_total": all_,
        "deals_won": won,
        "deals_lost": lost,
        "deals_in_work": total.get("in_work", 0),
        "conversion_won_of_all": ratio(won, all_),
        "win_rate_won_of_closed": ratio(won, won + lost),
        "expected_revenue_unweighted": export.money(total.get("in_work_sum", 0)),
        "expected_revenue_weighted": decimal(expected, 2),
        "stage_changes": moves,
        "deals_created_in": dict(begun),
        "repeated_stage_events_ignored": touched.get("times", 0),
        "won_cycle_mean_seconds": seconds(Fraction(total["cycle_ms"], cycle.count)) if cycle.count else "",
        "won_cycle_median_seconds": seconds(cycle.median),
    }


async def orders(export: Export) -> dict[str, Any]:
    """Return how many orders stand in which status."""
    statuses: Counter[str] = Counter()
    for funnel in export.names.funnels:
        if funnel.subject == "order":
            where = [Filter("funnel_id", "=", funnel.funnel_id)]
            for row in await export.numbers.sums(STAGES.name, where, ("stage_id",)):
                if row["current"]:
                    statuses[export.names.stage(funnel.funnel_id, row["stage_id"])] += row["current"]
    return {"orders_total": sum(statuses.values()), "orders_by_status": dict(statuses)}


async def sale_ends(export: Export) -> dict[str, Any]:
    """Return the first and the last sale of all, with a client or without."""
    numbers = export.numbers
    firsts: list[int] = []
    lasts: list[int] = []
    for subject in ("client", "nobody"):
        where = [Filter("rules", "=", numbers.rules.id), Filter("subject", "=", subject)]
        for column, found, descending in (("first_sale_at", firsts, False), ("last_sale_at", lasts, True)):
            page = await numbers.reader.find(
                numbers.group, ROWS.name, where, [(column, descending)], limit=1, columns=(column,)
            )
            found += [row.columns[column] for row in page.rows if row.columns and row.columns[column] is not None]
    return {
        "first_sale_at": instant(min(firsts, default=None)),
        "last_sale_at": instant(max(lasts, default=None)),
    }
