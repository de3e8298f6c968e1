"""What edges must know of funnels, products, rates and settings: kept in memory, fed in log order (DESIGN 4)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.gateway.events import WorkspaceSettingsChanged
from contracts.pipeline import events as happened
from contracts.problem import MissingRate
from services.kit.service import Known


@dataclass
class KnownStage:
    """A stage as it stands."""

    name: str
    position: int
    kind: str
    probability: str | None = None
    archived: bool = False
    external_id: str | None = None


@dataclass
class KnownFunnel:
    """A funnel with its stages by id."""

    subject: str
    name: str
    external_id: str | None = None
    stages: dict[str, KnownStage] = field(default_factory=dict)

    def first(self) -> str | None:
        """Return the id of the first stage that is not archived."""
        live = [(stage.position, stage_id) for stage_id, stage in self.stages.items() if not stage.archived]
        return min(live)[1] if live else None


History = list[tuple[int, int, str, str]]
"""(valid from UTC ms, position in the log, currency, price or cost per unit), ascending."""


@dataclass
class KnownProduct:
    """A product with all its prices and costs."""

    names: dict[str, str]
    external_id: str | None = None
    archived: bool = False
    prices: History = field(default_factory=list)
    costs: History = field(default_factory=list)


def utc_day(at_ms: int) -> str:
    """Return the UTC date of an instant (DEFINITIONS: the order's UTC date)."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).date().isoformat()


class PipelineKnown(Known):
    """The cache itself. Prices and costs are per unit, decimal text; rates are units for one unit of the base."""

    def __init__(self) -> None:
        self.funnels: dict[str, KnownFunnel] = {}
        self.products: dict[str, KnownProduct] = {}
        self.rates: dict[tuple[str, str], tuple[str, str]] = {}
        """(currency, UTC day) → (base currency of that rate, rate)."""
        self.branches: list[str] = []
        self.has_money = False
        """An amount was converted by this process: the base currency is in use."""
        self._base: str | None = None

    def apply(self, data: Any, event: RecordedEvent) -> None:
        """Take in one event of `types`."""
        _APPLY[event.type](self, data, event)

    def base_currency(self) -> str | None:
        """Return the workspace's base currency, None before it is set."""
        return self._base

    def rate(self, currency: str, at_ms: int) -> str:
        """Return the rate of the instant's UTC day, '1' for the base. Raises MissingRate: no other day is a guess."""
        if currency == self._base:
            return "1"
        day = utc_day(at_ms)
        base, rate = self.rates.get((currency, day), (None, ""))
        if base is None or base != self._base:
            raise MissingRate(
                f"there is no exchange rate of {currency} for {day}; enter it first",
                field="currency",
                currency=currency,
                day=day,
            )
        return rate

    def price_at(self, product_id: str, at_ms: int, currency: str) -> str | None:
        """Return the price in this currency in force at the instant (UTC ms), if any."""
        found = _in_force(self.products[product_id].prices, at_ms, currency)
        return found[1] if found else None

    def any_price_at(self, product_id: str, at_ms: int) -> tuple[str, str] | None:
        """Return (currency, price) in force at the instant: that in the base currency, else the newest, if any."""
        prices = self.products[product_id].prices
        return (_in_force(prices, at_ms, self._base) if self._base else None) or _in_force(prices, at_ms)

    def cost_at(self, product_id: str, at_ms: int) -> tuple[str, str] | None:
        """Return (currency, cost) in force at the instant (UTC ms), the newest of any currency, if any (P11)."""
        return _in_force(self.products[product_id].costs, at_ms)

    def take_settings(self, data: Any, _event: RecordedEvent) -> None:
        self._base, self.branches = data.base_currency, list(data.branches)

    def take_rate(self, data: Any, _event: RecordedEvent) -> None:
        self.rates[data.currency, data.day] = (data.base, data.rate)

    def take_funnel(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id] = KnownFunnel(data.subject, data.name, data.external_id)

    def take_stage(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id].stages[data.stage_id] = KnownStage(
            data.name, data.position, data.kind, data.probability, False, data.external_id
        )

    def take_stage_name(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id].stages[data.stage_id].name = data.name

    def take_stage_position(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id].stages[data.stage_id].position = data.position

    def take_stage_probability(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id].stages[data.stage_id].probability = data.probability

    def take_stage_archived(self, data: Any, _event: RecordedEvent) -> None:
        self.funnels[data.funnel_id].stages[data.stage_id].archived = True

    def take_product(self, data: Any, _event: RecordedEvent) -> None:
        self.products[data.product_id] = KnownProduct(dict(data.names), data.external_id)

    def take_product_change(self, data: Any, _event: RecordedEvent) -> None:
        self.products[data.product_id].names = dict(data.names)

    def take_product_archived(self, data: Any, _event: RecordedEvent) -> None:
        self.products[data.product_id].archived = True

    def take_price(self, data: Any, event: RecordedEvent) -> None:
        insort(self.products[data.product_id].prices, (data.valid_from, event.position, data.currency, data.price))

    def take_cost(self, data: Any, event: RecordedEvent) -> None:
        insort(self.products[data.product_id].costs, (data.valid_from, event.position, data.currency, data.cost))


def _in_force(history: History, at_ms: int, currency: str | None = None) -> tuple[str, str] | None:
    for valid_from, _, code, value in reversed(history):
        if valid_from <= at_ms and currency in (None, code):
            return code, value
    return None


_APPLY: dict[str, Callable[[PipelineKnown, Any, RecordedEvent], None]] = {
    WorkspaceSettingsChanged.type: PipelineKnown.take_settings,
    happened.RateSet.type: PipelineKnown.take_rate,
    happened.FunnelDefined.type: PipelineKnown.take_funnel,
    happened.StageAdded.type: PipelineKnown.take_stage,
    happened.StageRenamed.type: PipelineKnown.take_stage_name,
    happened.StageMoved.type: PipelineKnown.take_stage_position,
    happened.StageProbabilityChanged.type: PipelineKnown.take_stage_probability,
    happened.StageArchived.type: PipelineKnown.take_stage_archived,
    happened.ProductAdded.type: PipelineKnown.take_product,
    happened.ProductChanged.type: PipelineKnown.take_product_change,
    happened.ProductArchived.type: PipelineKnown.take_product_archived,
    happened.PriceSet.type: PipelineKnown.take_price,
    happened.CostSet.type: PipelineKnown.take_cost,
}
PipelineKnown.types = frozenset(_APPLY)
