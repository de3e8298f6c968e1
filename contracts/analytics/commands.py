"""What may be asked of the numbers."""

from __future__ import annotations

from contracts.analytics.events import Source, StageClass
from contracts.base import Command, Id


class SetSalesRules(Command):
    """The whole form of S1.27 to S1.36: sources that count and the class of each stage. An overlap is refused (P2)."""

    rules_id: Id = "sales"
    sources: list[Source]
    classes: list[StageClass]
    promote_on_first_sale: bool = True
