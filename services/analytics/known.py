"""What the analytics edge and its reactions must know: stages with their classes, and the sales rules."""

from __future__ import annotations

from typing import Any

from contracts.analytics.events import SalesRulesSet
from contracts.envelope import RecordedEvent
from contracts.pipeline.events import FunnelDefined, StageAdded
from services.kit.service import Known


class AnalyticsKnown(Known):
    """Classes of stages as the numbers use them (P2)."""

    types = frozenset({SalesRulesSet.type, StageAdded.type, FunnelDefined.type})

    def __init__(self) -> None:
        self.funnels: dict[str, str] = {}
        """Funnel → its subject: deal, order or client."""
        self.stages: dict[tuple[str, str], str] = {}
        self.classes: dict[tuple[str, str], str] = {}
        self.sources: frozenset[str] = frozenset({"deals", "orders", "clients"})
        self.promotes = True

    def apply(self, data: Any, event: RecordedEvent) -> None:
        """Take in a funnel, a stage, or the rules as set."""
        if event.type == FunnelDefined.type:
            self.funnels[data.funnel_id] = data.subject
        elif event.type == StageAdded.type:
            self.stages[data.funnel_id, data.stage_id] = data.kind
        else:
            self.classes = {(c.funnel_id, c.stage_id): c.kind for c in data.classes}
            self.sources = frozenset(data.sources)
            self.promotes = data.promote_on_first_sale

    def kind(self, funnel_id: str, stage_id: str) -> str:
        """Return the class of a stage."""
        key = (funnel_id, stage_id)
        return self.classes.get(key) or self.stages.get(key, "none")
