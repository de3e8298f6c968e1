"""What boards count of facts (DEFINITIONS, Boards)."""

from services.analytics.projections.boards import count_sale, count_shipment
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.sale import sale_of
from services.analytics.projections.shapes import Fact, LaneRules, Ruleset
from tests.support.memory import MemoryContext
from tests.unit.analytics.support import T0, H, Story, ms, sums, total


def test_counting_and_taking_back_leaves_nothing():
    context, lane, rules = MemoryContext(ANALYTICS), LaneRules(stages={"f\x1fW": "bought"}), Ruleset()
    sale = sale_of(Fact("d1", "deal", "f", "W", T0, value=10), lane, rules)
    count_sale(context, rules, sale, 1)
    assert total(context_with(context), "totals").sales_sum == 10
    count_sale(context, rules, sale, -1)
    assert not any(context.counters.values())


def context_with(context: MemoryContext) -> MemoryContext:
    context.documents["lane"]["lane"] = LaneRules()
    return context


def test_a_shipment_without_its_goods_is_not_counted():
    context = MemoryContext(ANALYTICS)
    count_shipment(context, Ruleset(), Fact("o1", "order", "o", "new", T0, shipped_at=T0), 1)
    assert not any(context.counters.values())


def test_totals_by_class_owner_and_whether_there_is_a_client():
    story = Story()
    for n, stage in enumerate("AWLN"):
        story.deal(f"d{n}", stage, 10 ** (n + 1), T0, client=None if stage == "L" else "c1")
    context = story.fold()
    assert sums(context, "totals", "owner_id", "attached") == {
        ("u1", 1): (1, 100, 1, 10, 0, 0, 1, 10_000, 100, 100),
        ("u1", 0): (0, 0, 0, 0, 1, 1_000, 0, 0, 0, 0),
    }


def test_deals_count_in_their_funnel_whatever_the_sources_are():  # P22
    story = Story()
    story.deal("d1", "W", 100, T0)
    story.deal("d2", "A", 50, T0)
    story.rules("orders")
    context = story.fold()
    assert not sums(context, "totals")
    assert sums(context, "deal_totals", "funnel_id") == {"f": (2, 1, 0, 1, 50, 0)}
    assert sums(context, "deal_months", "month") == {"2026-01": (2, 1, 0)}


def test_unconverted_sums_by_currency():
    story = Story()
    story.deal("d1", "W", 80, T0, currency="EUR")
    story.deal("d2", "L", 50, T0, currency=None)
    context = story.fold()
    assert sums(context, "currencies", "currency") == {"EUR": (1, 80, 0, 0, 0, 0), "": (0, 0, 0, 0, 1, 50)}
    assert total(context, "totals").sales_sum == 100


def test_a_zone_moves_facts_to_other_months():  # P14
    story = Story()
    story.client("c1", T0)
    late = ms("2026-01-31T23:30")
    story.deal("d1", "W", 100, late)
    story.order("o1", "new", late)
    story.ship("o1", late)
    story.pay("m1", 9, late)
    story.reverse("m1", late)
    counters = ("months", "deal_months", "shipments", "client_shipments", "receipts")
    assert [set(sums(story.fold(), c, "month")) for c in counters] == [{"2026-01"}] * 5
    assert sums(story.fold(), "receipts", "month") == {"2026-01": (2, 0)}
    story.zone("Europe/Kyiv", late + H)
    context = story.fold()
    assert [set(sums(context, c, "month")) for c in counters] == [{"2026-02"}] * 5
    story.zone("UTC")
    assert set(sums(story.fold(), "months", "month")) == {"2026-01"}


def test_what_was_ever_stored_is_noted():  # DEFINITIONS: empty, not 0
    story = Story()
    story.deal("d1", "W", 0, T0, currency=None)
    assert not story.fold().counters["seen"]
    story.order("o1", lines=[("x", 1, 5, 2)])
    story.pay("m1", 5)
    story.touch("d1")
    assert story.fold().counters["seen"] == {("cost",): (1,), ("money",): (1,), ("payment",): (1,), ("touched",): (1,)}
    story.order("o2")
    story.ship("o2")
    assert story.fold().counters["seen"]["cost",] == (1,)
