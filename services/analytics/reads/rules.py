"""The sales rules as they are, with the class of every stage (S1.27 to S1.36, P1, P2)."""

from __future__ import annotations

from typing import cast

import msgspec

from services.analytics.known import AnalyticsKnown
from services.analytics.queries import boards
from services.analytics.reads.shared import Numeric, head, numbers_of, pipeline
from services.kit.query import Params, Reading


class StageRule(msgspec.Struct, frozen=True, kw_only=True):
    """A stage with its class; `chosen` false: no rule names it, it has the class it was added with."""

    funnel_id: str
    funnel: str
    subject: str
    stage_id: str
    stage: str
    archived: bool
    kind: str
    chosen: bool


class SalesRules(Numeric, frozen=True, kw_only=True):
    """The rules as last set. `version`: of their stream, for If-Match. `applied` false: the numbers are still those of
    the rules before; these are being derived. `unclassified_*`: what stands on stages of no class (P2)."""

    version: int
    sources: list[str]
    promote_on_first_sale: bool
    stages: list[StageRule]
    applied: bool
    unclassified_count: int
    unclassified_sum: int


async def sales_rules(reading: Reading, params: Params) -> SalesRules:
    """Show which sources count and the class of every stage."""
    _ = params
    numbers = await numbers_of(reading)
    known = cast(AnalyticsKnown, reading.known["analytics"])
    total = await boards.totals(numbers)
    wanted = numbers.lane.wanted
    stages = [
        StageRule(
            funnel_id=funnel_id,
            funnel=funnel.name,
            subject=funnel.subject,
            stage_id=stage_id,
            stage=stage.name,
            archived=stage.archived,
            kind=known.kind(funnel_id, stage_id),
            chosen=(funnel_id, stage_id) in known.classes,
        )
        for funnel_id, funnel in pipeline(reading).funnels.items()
        for stage_id, stage in sorted(funnel.stages.items(), key=lambda item: item[1].position)
    ]
    return SalesRules(
        **head(reading),
        version=wanted.rules_version,
        sources=sorted(known.sources),
        promote_on_first_sale=known.promotes,
        stages=stages,
        applied=numbers.rules.id == wanted.id,
        unclassified_count=total.get("none_count", 0),
        unclassified_sum=total.get("none_sum", 0),
    )
