"""Stays, moves and paths (DEFINITIONS, Funnel; P7, P8). More in test_properties.py."""

from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import EPOCH_2000, Fact, Stay
from services.analytics.projections.timings import change_timings, duration, visited
from tests.support.memory import MemoryContext
from tests.unit.analytics.support import T0, H, Story, sums, total, values


def deal() -> Story:
    story = Story()
    story.deal("d1", "A", 100, at=T0)
    return story


def test_the_stay_a_deal_is_in_has_no_time():
    assert duration(Stay("A", 5)) is None
    assert duration(Stay("A", 5, 5)) == 0
    assert duration(Stay("A", 5, 9, True)) is None
    context = deal().fold()
    found = total(context, "stages", stage_id="A")
    assert (found.entered, found.visits, found.completed, found.current, found.current_sum) == (1, 1, 0, 1, 100)
    assert found.open_since == T0 - EPOCH_2000
    assert not context.documents["visits"]


def test_coming_back_is_a_visit_more_but_no_deal_more():  # re-entry
    story = deal()
    for hours, stage in enumerate(("B", "A", "B", "A"), 1):
        story.move("d1", stage, T0 + hours * H)
    context = story.fold()
    a = total(context, "stages", stage_id="A")
    assert (a.entered, a.visits, a.completed, a.sum_ms, a.subjects, a.subjects_ms) == (1, 3, 2, 2 * H, 1, 2 * H)
    assert values(context, "subject:f\x1fA") == [2 * H]
    assert sums(context, "transitions", "from_stage", "to_stage") == {
        ("A", "B"): (2, 1, 2, 2 * H),
        ("B", "A"): (2, 1, 2, 2 * H),
    }
    assert sums(context, "paths", "visited") == {"A\x1fB": (1,)}
    assert sums(context, "starts", "stage_id") == {"A": (1,)}


def test_ties_at_one_instant_are_stays_of_no_length():
    story = deal()
    for stage in ("B", "W", "A"):
        story.move("d1", stage, T0)
    context = story.fold()
    assert values(context, "stay:f\x1fB") == [0]
    assert total(context, "stages", stage_id="W").completed == 1
    assert [v.stage_id for _, v in sorted(context.documents["visits"].items())] == ["A", "B", "W"]


def test_imputed_stays_are_visits_but_in_no_timing():  # P7
    story = Story()
    story.deal("d1", "A", at=T0, imputed=True)
    story.move("d1", "B", T0 + H)
    story.move("d1", "A", T0 + 2 * H, imputed=True)
    story.move("d1", "B", T0 + 3 * H)
    context = story.fold()
    a, b = total(context, "stages", stage_id="A"), total(context, "stages", stage_id="B")
    assert (a.visits, a.completed, a.sum_ms, a.subjects) == (2, 0, 0, 0)
    assert (b.visits, b.completed) == (2, 0)
    assert not context.counters["dist_values"]
    assert sums(context, "transitions", "from_stage", "to_stage")["A", "B"] == (2, 1, 0, 0)
    assert [v.took_ms for v in context.documents["visits"].values()] == [None, None, None]


def test_another_owner_takes_all_timings_along():  # P17
    story = deal()
    story.move("d1", "B", T0 + H)
    story.owner("d1", "u2", T0 + 2 * H)
    context = story.fold()
    for counter in ("stages", "transitions", "paths", "starts"):
        assert set(sums(context, counter, "owner_id")) == {"u2"}, counter
    assert values(context, "stay:f\x1fA", owner_id="u2") == [H]
    assert {v.owner_id for v in context.documents["visits"].values()} == {"u2"}


def test_another_value_moves_what_stands_there():
    story = deal()
    story.value("d1", 700, T0 + H)
    assert total(story.fold(), "stages", stage_id="A").current_sum == 700


def test_nothing_is_left_of_a_deal_that_is_gone():
    story = deal()
    story.move("d1", "B", T0 + H)
    context = story.fold()
    change_timings(context, context.documents["facts"]["d1"], None)
    assert not context.documents["visits"]
    for counter in ("stages", "transitions", "paths", "starts", "dist_values", "dist_buckets"):
        assert not context.counters[counter], counter


def test_a_subject_without_stays_gives_nothing():
    context = MemoryContext(ANALYTICS)
    bare = Fact("d1", "deal", "f", "A", T0)
    change_timings(context, None, bare)
    change_timings(context, bare, Fact("d1", "deal", "f", "A", T0, value=5))
    assert not any(context.counters.values())
    assert visited(()) == ""


def test_the_set_of_stages_does_not_depend_on_their_order():
    assert visited((Stay("B", 1, 2), Stay("A", 2, 3), Stay("B", 3))) == "A\x1fB"
