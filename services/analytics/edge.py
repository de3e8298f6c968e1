"""The edge of the analytics service: sales rules name stages that exist."""

from __future__ import annotations

from typing import cast

from contracts.analytics.commands import SetSalesRules
from contracts.problem import UnknownReference
from services.analytics.known import AnalyticsKnown
from services.kit.handle import Meta
from services.kit.service import Desk


async def set_sales_rules(desk: Desk, command: SetSalesRules, _: Meta) -> SetSalesRules:
    """Check that every stage named is there. Raises UnknownReference naming the field."""
    known = cast(AnalyticsKnown, desk.known["analytics"])
    for index, entry in enumerate(command.classes):
        if (entry.funnel_id, entry.stage_id) not in known.stages:
            raise UnknownReference(
                f"funnel {entry.funnel_id} has no stage {entry.stage_id}", field=f"classes.{index}.stage_id"
            )
    return command.model_copy(update={"rules_id": "sales"})
