"""Explain a number: the facts behind it, with arithmetic that sums exactly to it (X2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.money import half_up
from contracts.problem import Invalid, NotFound
from services.analytics.projections.model import PARTS, STAGES, VISITS
from services.analytics.projections.shapes import Part, Row, Visit
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter

FIELDS: dict[str, tuple[str, str]] = {
    "sales_count": ("bought", "count"),
    "sales_sum": ("bought", "sum"),
    "avg_check": ("bought", "mean"),
    "in_work_count": ("in_work", "count"),
    "in_work_sum": ("in_work", "sum"),
    "refused_count": ("refused", "count"),
    "refused_sum": ("refused", "sum"),
    "profit": ("bought", "profit"),
}
"""Field of a row → the class of the facts behind it and how they add up. The eighth field, "as of", is a moment."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one fact gives: a deal, an order or a client's purchase; or one completed stay in a stage."""

    fact_id: str
    kind: str
    at: int
    """When it came into its class, or when the stay ended; UTC ms."""
    amount: int
    """What it adds to `total`: 1, minor units, or ms."""
    counted: bool = True
    """False: an imputed stay, shown but in no timing."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A value with the arithmetic that gives it: `value` = `total` for counts and sums, `total` / `count` half-up for
    means. `total` and `count` are over all contributions, of which `parts` is one page."""

    field: str
    value: int
    total: int
    count: int
    formula: str
    parts: list[Contribution]
    next: str | None


async def explain_client(
    numbers: Numbers, row: Row | None, subject_id: str, field: str, cursor: str | None = None, limit: int = 50
) -> Explanation:
    """Explain one of the eight fields (or profit) of a client or contact person.

    `row`: theirs, if there is one. A contact person's reach is that of the client, which is not known here.
    Raises Invalid for a field that has no facts behind it, NotFound if there is no such client or contact."""
    if field not in FIELDS:
        raise Invalid(f"choose one of {', '.join(FIELDS)}", field="field")
    if row is None or numbers.hides(row):
        raise NotFound(f"there is no client or contact {subject_id}")
    kind, how = FIELDS[field]
    where = [
        Filter("rules", "=", numbers.rules.id),
        Filter("row_id", "=", subject_id),
        Filter("kind", "=", kind),
    ]
    page = await numbers.reader.find(numbers.group, PARTS.name, where, [("at", False)], cursor=cursor, limit=limit)
    parts = [_contribution(stored.document, how) for stored in page.rows]
    count = {"bought": row.sales_count, "in_work": row.in_work_count, "refused": row.refused_count}[kind]
    total: int = count if how == "count" else row.sales_sum if how == "mean" else getattr(row, field)
    value = half_up(total, count) if how == "mean" else total
    formula = {
        "count": f"{count} facts of class {kind}",
        "mean": f"{total} / {count} = {value}",
    }.get(how, f"sum of {count} facts of class {kind}")
    return Explanation(field, value, total, count, formula, parts, page.next)


def _contribution(part: Part, how: str) -> Contribution:
    amount = {"count": 1, "profit": part.profit}.get(how, part.value)
    return Contribution(part.fact_id, part.fact_kind, part.at, amount)


async def explain_stage(
    numbers: Numbers, funnel_id: str, stage_id: str, cursor: str | None = None, limit: int = 50
) -> Explanation:
    """Explain a stage's mean time: its completed stays, in ms. Raises NotFound for a stage nobody was ever in."""
    where = [Filter("funnel_id", "=", funnel_id), Filter("stage_id", "=", stage_id)]
    row: dict[str, Any] = await numbers.total(STAGES.name, where)
    if not row:
        raise NotFound(f"nobody was ever in stage {stage_id} of funnel {funnel_id}")
    if numbers.owners is not None:
        where.append(Filter("owner_id", "in", numbers.owners))
    page = await numbers.reader.find(
        numbers.group, VISITS.name, where, [("left_at", False)], cursor=cursor, limit=limit
    )
    stays: list[Visit] = [stored.document for stored in page.rows]
    parts = [
        Contribution(stay.fact_id, "stay", stay.left_at, stay.took_ms or 0, stay.took_ms is not None) for stay in stays
    ]
    total, count = row["sum_ms"], row["completed"]
    value = half_up(total, count)
    return Explanation("mean", value, total, count, f"{total} ms / {count} stays = {value} ms", parts, page.next)
