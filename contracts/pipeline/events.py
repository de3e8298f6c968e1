"""What happened to funnels, deals, products and rates; version 1. Orders and payments: order_events.py."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from contracts.base import (
    PERSONAL,
    Day,
    Event,
    Fraction,
    Id,
    Instant,
    LanguageCode,
    Line,
    Minor,
    Name,
    Price,
    Rate,
    Text,
)
from contracts.money import Currency
from contracts.pipeline.facts import DealLine, Visit

Subject = Literal["deal", "order", "client"]
StageKind = Literal["in_work", "bought", "refused", "none"]
"""Class of a stage in the eight fields (P2). `won` of the import bundle is `bought`, `lost` is `refused`."""


class _OfFunnel(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("funnel_id",)
    reference: ClassVar[bool] = True
    funnel_id: Id


class FunnelDefined(_OfFunnel):
    type = "pipeline.FunnelDefined.v1"
    name: Name
    subject: Subject
    external_id: Line | None = None


class StageAdded(_OfFunnel):
    """`kind` is the class the stage has until the sales rules name it (P2)."""

    type = "pipeline.StageAdded.v1"
    stage_id: Id
    name: Name
    position: int
    kind: StageKind = "none"
    probability: Fraction | None = None
    external_id: Line | None = None


class StageRenamed(_OfFunnel):
    type = "pipeline.StageRenamed.v1"
    stage_id: Id
    name: Name


class StageMoved(_OfFunnel):
    type = "pipeline.StageMoved.v1"
    stage_id: Id
    position: int


class StageProbabilityChanged(_OfFunnel):
    type = "pipeline.StageProbabilityChanged.v1"
    stage_id: Id
    probability: Fraction | None = None


class StageArchived(_OfFunnel):
    type = "pipeline.StageArchived.v1"
    stage_id: Id


class _OfDeal(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id", "deal_id")
    sealed_under: ClassVar[tuple[str, ...]] = ("client_id", "deal_id")
    deal_id: Id
    client_id: Id | None = None


class _DealFacts(_OfDeal):
    """What every deal event tells, as it is after the event. Money in minor units; `rate` is pinned (P10)."""

    contact_ids: list[Id] = []
    owner_id: Id | None = None
    funnel_id: Id
    stage_id: Id
    value: Minor = 0
    currency: Currency | None = None
    rate: Rate = "1"
    base_value: Minor = 0


class DealOpened(_DealFacts):
    type = "pipeline.DealOpened.v1"
    number: int
    title: Annotated[Line, PERSONAL] = ""
    lines: list[DealLine] = []
    country: Line | None = None
    external_id: Annotated[Line | None, PERSONAL] = None


class DealStageChanged(_DealFacts):
    """`stage_id` is the stage entered; `from_entered_at` tells since when (UTC ms) the deal was in `from_stage`."""

    type = "pipeline.DealStageChanged.v1"
    from_stage: Id
    from_entered_at: Instant


class DealValueChanged(_DealFacts):
    type = "pipeline.DealValueChanged.v1"
    lines: list[DealLine] = []


class DealLinesChanged(_DealFacts):
    type = "pipeline.DealLinesChanged.v1"
    lines: list[DealLine] = []


class DealContactsChanged(_DealFacts):
    type = "pipeline.DealContactsChanged.v1"


class DealAssigned(_DealFacts):
    """`owner_id` is the new owner."""

    type = "pipeline.DealAssigned.v1"
    from_owner: Id | None = None


class DealTouched(_OfDeal):
    """Somebody worked on the deal without moving it; no stage change (DEFINITIONS)."""

    type = "pipeline.DealTouched.v1"
    funnel_id: Id
    stage_id: Id


class DealLeftClient(_OfDeal):
    """Keyed by the client it left (or by its own id)."""

    type = "pipeline.DealLeftClient.v1"
    to_client: Id | None = None


class DealJoinedClient(_DealFacts):
    """Keyed by the client it joined, with the whole fact and all its visits."""

    type = "pipeline.DealJoinedClient.v1"
    number: int
    from_client: Id | None = None
    title: Annotated[Line, PERSONAL] = ""
    lines: list[DealLine] = []
    country: Line | None = None
    external_id: Annotated[Line | None, PERSONAL] = None
    opened_at: Instant
    opened_imputed: bool = False
    touched_at: Instant | None = None
    visits: list[Visit]


class _OfProduct(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("product_id",)
    reference: ClassVar[bool] = True
    product_id: Id


class _ProductDetails(_OfProduct):
    """Names and descriptions by language code, with `""` as the one for all others (P27)."""

    names: dict[LanguageCode, Name]
    descriptions: dict[LanguageCode, Text] = {}
    category: Line | None = None
    unit: Line | None = None


class ProductAdded(_ProductDetails):
    type = "pipeline.ProductAdded.v1"
    external_id: Line | None = None


class ProductChanged(_ProductDetails):
    type = "pipeline.ProductChanged.v1"


class PriceSet(_OfProduct):
    type = "pipeline.PriceSet.v1"
    price: Price
    currency: Currency
    valid_from: Instant


class CostSet(_OfProduct):
    type = "pipeline.CostSet.v1"
    cost: Price
    currency: Currency
    valid_from: Instant


class ProductArchived(_OfProduct):
    type = "pipeline.ProductArchived.v1"


class RateSet(Event):
    """Units of `currency` for one unit of `base` on that UTC day. Needed by edges alone: folds use pinned rates."""

    type = "pipeline.RateSet.v1"
    key_fields: ClassVar[tuple[str, ...]] = ("currency",)
    currency: Currency
    base: Currency
    day: Day
    rate: Rate
