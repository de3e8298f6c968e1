"""What a fact is worth under a ruleset: its class, since when, and how much (DEFINITIONS, P1, P2, P6). Pure."""

from __future__ import annotations

from typing import NamedTuple

from services.analytics.projections.shapes import Fact, FactLine, LaneRules, Ruleset, stage_key

_SOURCE = {"deal": "deals", "order": "orders", "client": "clients"}


class Sale(NamedTuple):
    """A fact under a ruleset. `counted`: feeds the eight fields. `at`: when it came into its class, UTC ms."""

    kind: str
    at: int
    counted: bool
    value: int
    local: int
    currency: str
    profit: int
    billed: int
    owner_id: str
    client_id: str | None
    contact_ids: tuple[str, ...]
    lines: tuple[FactLine, ...]
    funnel_id: str
    created_at: int
    cycle: int | None
    """From the first event to `at`, ms; None: the first event, or the stay before `at`, is imputed."""


def kind_of(lane: LaneRules, rules: Ruleset, funnel_id: str, stage_id: str) -> str:
    """Return the class of a stage: as the sales rules name it, else as it was added, else none."""
    key = stage_key(funnel_id, stage_id)
    return rules.classes.get(key) or lane.stages.get(key, "none")


def sale_of(fact: Fact, lane: LaneRules, rules: Ruleset) -> Sale:
    """Return what the fact is worth.

    A sale of a deal dates from the start of its present unbroken run of bought stages; of an order from the day it was
    placed. An order made from a deal counts through its deal, unless deals are no source (P1)."""
    kind = kind_of(lane, rules, fact.funnel_id, fact.stage_id)
    at, imputed = fact.created_at, fact.imputed
    if fact.kind != "order" and kind != "in_work":
        for stay in reversed(fact.stays):
            if kind_of(lane, rules, fact.funnel_id, stay.stage_id) != kind:
                imputed = imputed or stay.imputed
                break
            at = stay.entered_at
    counted = _SOURCE[fact.kind] in rules.sources and not (fact.deal_id is not None and "deals" in rules.sources)
    return Sale(
        kind,
        at,
        counted,
        fact.value,
        fact.local,
        fact.currency,
        fact.value - (fact.cost or 0),
        fact.value + fact.extra,
        fact.owner_id,
        fact.client_id,
        fact.contact_ids,
        fact.lines,
        fact.funnel_id,
        fact.created_at,
        None if imputed else at - fact.created_at,
    )
