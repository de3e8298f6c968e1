"""The group: what it folds, and what it has loaded before it folds."""

from contracts.fast import DECODERS
from contracts.registry import EVENTS
from services.analytics.projections.derive import work
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.model import COUNTERS, RULED
from services.analytics.projections.shapes import LaneRules, Ruleset
from services.kit.context import BatchContext, Cache
from services.kit.documents import Stored
from tests.unit.analytics.support import Story

UNTOLD = {
    "FunnelDefined", "StageRenamed", "StageMoved", "StageProbabilityChanged", "StageArchived", "RateSet",
    "ProductAdded", "ProductChanged", "PriceSet", "CostSet", "ProductArchived",
}  # fmt: skip
"""Pipeline events that change no number: names, orders and prices are applied when read, rates are pinned in facts."""


def test_every_event_of_deals_orders_and_payments_is_folded():
    pipeline = {name for name in EVENTS if name.startswith("pipeline.")}
    assert {name.split(".")[1] for name in pipeline - set(ANALYTICS.folds)} == UNTOLD


def test_every_counter_and_collection_has_one_name():
    names = [c.name for c in (*ANALYTICS.collections, *ANALYTICS.counters)]
    assert len(names) == len(set(names))
    assert ANALYTICS.work is work


def test_all_that_carries_a_ruleset_is_purged_with_it():
    ruled = [c.name for c in COUNTERS if "rules" in c.keys]
    ruled += [c.name for c in ANALYTICS.collections if "rules" in c.columns]
    assert set(ruled) == set(RULED)


def prefetched(story: Story, lane: LaneRules) -> list[tuple[str, str]]:
    assert ANALYTICS.prefetch is not None
    event = story.recorded()[-1]
    context = BatchContext(ANALYTICS, 0, 1, Cache())
    context.loaded("lane", ["lane"], [Stored("lane", 0, lane)])
    return list(ANALYTICS.prefetch(context, DECODERS[event.type].decode(event.data), event))


def test_rows_and_parts_of_all_who_take_part_are_loaded_under_every_ruleset():
    story = Story()
    story.deal("d1", contacts=["p1"])
    lane = LaneRules(active=Ruleset("1.0"), previous=(Ruleset("0.0"),), building=Ruleset("2.0"))
    assert prefetched(story, lane) == [
        (collection, f"{rules}:{subject}{rest}")
        for rules in ("1.0", "0.0", "2.0")
        for subject in ("c1", "p1")
        for collection, rest in (("rows", ""), ("parts", ":d1"))
    ]


def test_an_order_a_payment_and_a_client_are_loaded_too():
    story = Story()
    story.order("o1")
    assert ("parts", "0.0:c1:o1") in prefetched(story, LaneRules())
    story.pay("m1", 5)
    assert prefetched(story, LaneRules()) == [("rows", "0.0:c1")]
    story.deal("d1", client=None)
    assert prefetched(story, LaneRules()) == []


def test_a_touch_asks_for_nothing_that_was_not_loaded():
    """It names no documents: the first batch after a start may hold nothing else."""
    story = Story()
    story.deal("d1")
    story.touch("d1")
    event = story.recorded()[-1]
    data = DECODERS[event.type].decode(event.data)
    assert ANALYTICS.prefetch is not None
    assert list(ANALYTICS.prefetch(BatchContext(ANALYTICS, 0, 1, Cache()), data, event)) == []
