"""The memory cache of funnels, products, rates and settings."""

import pytest

from contracts.base import Event
from contracts.fast import DECODERS
from contracts.gateway.events import WorkspaceSettingsChanged
from contracts.pipeline.events import (
    CostSet,
    FunnelDefined,
    PriceSet,
    ProductAdded,
    ProductArchived,
    ProductChanged,
    RateSet,
    StageAdded,
    StageArchived,
    StageMoved,
    StageProbabilityChanged,
    StageRenamed,
)
from contracts.problem import MissingRate
from contracts.registry import KNOWN_TYPES
from services.pipeline.known import KnownFunnel, KnownStage, PipelineKnown
from tests.support.memory import recorded
from tests.unit.pipeline.support import DAY, NOW, TODAY


def told(*events: Event) -> PipelineKnown:
    known = PipelineKnown()
    for position, event in enumerate(events, start=1):
        known.apply(DECODERS[event.type].decode(recorded(event).data), recorded(event, position=position))
    return known


SETTINGS = WorkspaceSettingsChanged(base_currency="EUR", branches=["Kyiv"])
PRODUCT = ProductAdded(product_id="p", names={"": "Tea"}, external_id="T")


def test_it_is_fed_with_what_stores_can_read_alone():
    assert PipelineKnown.types <= KNOWN_TYPES


def test_funnels_and_their_stages():  # P7
    known = told(
        FunnelDefined(funnel_id="f", name="Sales", subject="deal", external_id="F"),
        StageAdded(funnel_id="f", stage_id="a", name="A", position=1, kind="in_work", external_id="S"),
        StageAdded(funnel_id="f", stage_id="b", name="B", position=2, kind="bought", probability="0.1"),
        StageRenamed(funnel_id="f", stage_id="a", name="Contact"),
        StageProbabilityChanged(funnel_id="f", stage_id="a", probability="0.3"),
        StageMoved(funnel_id="f", stage_id="b", position=1),
        StageMoved(funnel_id="f", stage_id="a", position=2),
    )
    assert known.funnels == {
        "f": KnownFunnel(
            "deal",
            "Sales",
            "F",
            {"a": KnownStage("Contact", 2, "in_work", "0.3", False, "S"), "b": KnownStage("B", 1, "bought", "0.1")},
        )
    }
    assert known.funnels["f"].first() == "b"
    known.apply(StageArchived(funnel_id="f", stage_id="b"), recorded(StageArchived(funnel_id="f", stage_id="b")))
    assert known.funnels["f"].first() == "a"
    assert KnownFunnel("deal", "Empty").first() is None


def test_prices_hold_from_their_moment_on():  # P27
    known = told(
        PRODUCT,
        PriceSet(product_id="p", price="3", currency="EUR", valid_from=200),
        PriceSet(product_id="p", price="2", currency="EUR", valid_from=100),
        PriceSet(product_id="p", price="2.10", currency="EUR", valid_from=100),
        PriceSet(product_id="p", price="99", currency="UAH", valid_from=300),
    )
    assert [known.price_at("p", at, "EUR") for at in (99, 100, 199, 200, 500)] == [None, "2.10", "2.10", "3", "3"]
    assert known.price_at("p", 299, "UAH") is None
    assert known.any_price_at("p", 99) is None
    assert known.any_price_at("p", 300) == ("UAH", "99")


def test_any_price_prefers_the_base_currency():  # P27
    known = told(
        SETTINGS,
        PRODUCT,
        PriceSet(product_id="p", price="3", currency="EUR", valid_from=100),
        PriceSet(product_id="p", price="99", currency="UAH", valid_from=300),
    )
    assert known.any_price_at("p", 300) == ("EUR", "3")


def test_costs_hold_from_their_moment_on():  # P11
    known = told(
        PRODUCT,
        CostSet(product_id="p", cost="1.2345", currency="EUR", valid_from=100),
        CostSet(product_id="p", cost="50", currency="UAH", valid_from=200),
    )
    assert [known.cost_at("p", at) for at in (99, 100, 200)] == [None, ("EUR", "1.2345"), ("UAH", "50")]


def test_products_are_renamed_and_archived():
    known = told(PRODUCT, ProductChanged(product_id="p", names={"": "Black"}), ProductArchived(product_id="p"))
    assert known.products["p"].names == {"": "Black"}
    assert known.products["p"].archived
    assert known.products["p"].external_id == "T"


def test_the_rate_is_that_of_the_utc_day_and_of_no_other():  # P10, DEFINITIONS
    known = told(SETTINGS, RateSet(currency="UAH", base="EUR", day=TODAY, rate="48.5"))
    midnight = NOW - NOW % DAY
    assert known.rate("UAH", midnight) == known.rate("UAH", midnight + DAY - 1) == "48.5"
    for at in (midnight - 1, midnight + DAY):
        with pytest.raises(MissingRate) as refused:
            known.rate("UAH", at)
        assert refused.value.field == "currency"
    assert refused.value.facts == {"currency": "UAH", "day": "2026-05-29"}


def test_the_base_currency_has_the_rate_one():  # P10
    known = told(SETTINGS)
    assert (known.base_currency(), known.branches, known.rate("EUR", 0)) == ("EUR", ["Kyiv"], "1")
    assert PipelineKnown().base_currency() is None


def test_a_rate_to_another_base_is_no_rate():  # P10
    known = told(SETTINGS, RateSet(currency="UAH", base="USD", day=TODAY, rate="40"))
    with pytest.raises(MissingRate):
        known.rate("UAH", NOW)
    with pytest.raises(MissingRate):
        told(RateSet(currency="UAH", base="USD", day=TODAY, rate="40")).rate("UAH", NOW)


def test_dates_before_1970_have_a_day():
    known = told(SETTINGS, RateSet(currency="UAH", base="EUR", day="1969-12-31", rate="5"))
    assert known.rate("UAH", -1) == "5"
