"""One fact changed: every number it gives to moves, under each ruleset that is kept (DESIGN 6)."""

from msgspec.structs import replace

from services.analytics.projections import change
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import Fact, LaneRules, Person, Ruleset
from tests.support.memory import MemoryContext
from tests.unit.analytics.support import T0, H, Story

NEW, OLD = Ruleset("2.0", 2), Ruleset("1.0", 1)


def ids(lane: LaneRules, phase: str, id: str) -> list[str]:
    return [rules.id for rules in change.rulesets(lane, phase, id)]


def test_without_rules_the_defaults_count():
    context = MemoryContext(ANALYTICS)
    assert change.lane_rules(context) == LaneRules()
    assert ids(LaneRules(), "facts", "d1") == ["0.0"]
    assert change.person_of(context, "c1") == Person("c1")


def test_live_changes_follow_where_the_derivation_has_passed():  # P2
    lane = LaneRules(active=OLD, building=NEW, phase="facts", cursor="d5")
    assert ids(lane, "facts", "d5") == ids(lane, "people", "z") == ["1.0", "2.0"]
    assert ids(lane, "facts", "d6") == ids(lane, "payments", "a") == ["1.0"]
    rows = replace(lane, phase="rows", cursor="")
    assert ids(rows, "payments", "z") == ["1.0", "2.0"]


def test_what_other_lanes_answer_under_stays_true():
    lane = LaneRules(active=NEW, previous=(Ruleset(), OLD))
    assert ids(lane, "facts", "d1") == ["2.0", "0.0", "1.0"]


def test_an_order_that_comes_and_goes_leaves_nothing():
    context = MemoryContext(ANALYTICS)
    order = Fact(
        "o1", "order", "o", "new", T0, client_id="c1", contact_ids=("p1",), owner_id="u1", value=5, currency="USD",
        cost=2, shipped_at=T0 + H, shipped=(5, None, 1), branch="Kyiv",
    )  # fmt: skip
    change.change_fact(context, None, order, T0)
    assert context.counters["shipments"] == {("0.0", "2026-01", "Kyiv", "u1"): (1, 5, 0, 1)}
    assert context.counters["seen"] == {("cost",): (1,), ("money",): (1,)}
    change.change_fact(context, order, None, T0 + H)
    assert not any(context.counters.values())
    assert not context.documents["facts"]
    assert not context.documents["parts"]
    assert context.documents["rows"]["0.0:c1"].first_shipment_at is None


def test_a_cost_known_only_at_the_shipment_is_seen():
    context = MemoryContext(ANALYTICS)
    order = Fact("o1", "order", "o", "new", T0, shipped_at=T0, shipped=(5, 3, 1))
    change.change_fact(context, None, order, T0)
    assert context.counters["seen"] == {("cost",): (1,)}


def test_no_step_writes_more_than_the_facts_own_documents():
    story = Story()
    story.client("c1", T0)
    story.deal("d1", "A", 5, contacts=["p1", "p2"])
    story.move("d1", "W", T0 + H)
    context = story.fold(work=False)
    assert context.written == {
        ("facts", "d1"), ("visits", "d1:0"), *(("rows", f"0.0:{s}") for s in ("c1", "p1", "p2")),
        *(("parts", f"0.0:{s}:d1") for s in ("c1", "p1", "p2")),
    }  # fmt: skip
