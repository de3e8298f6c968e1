"""Explain a number: the facts behind it, a page at a time, with arithmetic that sums exactly to it (X2)."""

from __future__ import annotations

from typing import Literal

import msgspec

from contracts.base import Id
from services.analytics.queries import explain as queries
from services.analytics.reads.contacts import contact_row, contact_within
from services.analytics.reads.shared import Numeric, head, numbers_of, specs_of
from services.kit.query import PageParams, Reading
from services.kit.rights import needs


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one deal, order, client's purchase or stay gives to the number: 1, minor units, or ms. `at`: since when it
    is in its class, or when the stay ended, UTC ms. `counted` false: a stay without a known time, in no mean."""

    fact_id: str
    kind: str
    at: int
    amount: int
    counted: bool


class ExplainAnswer(Numeric, frozen=True, kw_only=True):
    """`value` = `total` for counts and sums; `total` / `count` rounded half-up for means. `total` and `count` are over
    all parts, of which this is one page."""

    field: str
    value: int
    total: int
    count: int
    formula: str
    parts: list[Part]
    next: str | None


class ExplainClientParams(PageParams):
    """A field of a client's or contact person's metrics."""

    subject_id: Id
    field: Literal[
        "sales_count",
        "sales_sum",
        "avg_check",
        "in_work_count",
        "in_work_sum",
        "refused_count",
        "refused_sum",
        "profit",
    ]


class ExplainStageParams(PageParams):
    """The mean time of a stage."""

    funnel_id: Id
    stage_id: Id


async def explain_client(reading: Reading, params: ExplainClientParams) -> ExplainAnswer:
    """Explain a field of a client or contact person."""
    if params.field == "profit":
        needs("profit").check(reading.caller)
    numbers = await numbers_of(reading)
    row = await contact_row(reading, numbers, params.subject_id)
    if row is not None and row.subject == "contact":
        await contact_within(reading, params.subject_id)
    found = await queries.explain_client(numbers, row, params.subject_id, params.field, params.cursor, params.limit)
    return _answer(reading, found)


async def explain_stage(reading: Reading, params: ExplainStageParams) -> ExplainAnswer:
    """Explain the mean time in a stage: its completed stays, in ms."""
    specs_of(reading, params.funnel_id)
    numbers = await numbers_of(reading)
    found = await queries.explain_stage(numbers, params.funnel_id, params.stage_id, params.cursor, params.limit)
    return _answer(reading, found)


def _answer(reading: Reading, found: queries.Explanation) -> ExplainAnswer:
    parts = [
        Part(fact_id=each.fact_id, kind=each.kind, at=each.at, amount=each.amount, counted=each.counted)
        for each in found.parts
    ]
    return ExplainAnswer(
        **head(reading),
        field=found.field,
        value=found.value,
        total=found.total,
        count=found.count,
        formula=found.formula,
        parts=parts,
        next=found.next,
    )
