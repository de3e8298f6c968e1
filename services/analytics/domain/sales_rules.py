"""The sales rules: which sources count and which class each stage has (P1, P2, S1.27 to S1.36). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.analytics.commands import SetSalesRules
from contracts.analytics.events import SalesRulesSet
from contracts.problem import Overlap
from services.kit.decider import Decider


@dataclass(frozen=True)
class Rules:
    """The rules as last set; None: the defaults (all sources, each stage in the class it was added with)."""

    present: SalesRulesSet | None = None


def decide(command: SetSalesRules, rules: Rules) -> list[SalesRulesSet]:
    """Set the whole form. Raises Overlap if a stage stands in two classes."""
    seen: dict[tuple[str, str], str] = {}
    for entry in command.classes:
        kind = seen.setdefault((entry.funnel_id, entry.stage_id), entry.kind)
        if kind != entry.kind:
            raise Overlap(
                f"stage {entry.stage_id} of funnel {entry.funnel_id} is in two classes: {kind} and {entry.kind}; "
                "leave it in one",
                field="classes",
            )
    wanted = SalesRulesSet(
        rules_id=command.rules_id,
        sources=sorted(set(command.sources)),
        classes=sorted(set(command.classes), key=lambda c: (c.funnel_id, c.stage_id)),
        promote_on_first_sale=command.promote_on_first_sale,
    )
    present = rules.present
    same = present is not None and present.model_dump() == wanted.model_dump()
    return [] if same else [wanted]


def evolve(_: Rules, event: SalesRulesSet) -> Rules:
    """The last form counts."""
    return Rules(event)


SALES_RULES: Decider[SetSalesRules, Rules, SalesRulesSet] = Decider("rules", Rules(), decide, evolve)
