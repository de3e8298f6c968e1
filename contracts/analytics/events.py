"""What was decided about the numbers; version 1."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Model
from contracts.pipeline.events import StageKind

Source = Literal["deals", "orders", "clients"]
"""What may feed the eight fields: deals, orders, and client funnels (P1, P20)."""


class StageClass(Model):
    """The class of one stage or order status."""

    funnel_id: Id
    stage_id: Id
    kind: StageKind


class SalesRulesSet(Event):
    """The whole form (S1.36). Stages not named keep the class they were added with."""

    type = "analytics.SalesRulesSet.v1"
    key_fields: ClassVar[tuple[str, ...]] = ("rules_id",)
    reference: ClassVar[bool] = True
    rules_id: Id = "sales"
    sources: list[Source]
    classes: list[StageClass]
    promote_on_first_sale: bool = True
    """The first sale makes a potential client current (P16)."""
