"""The lane's own copy of stages, rules and zone (P2, P14)."""

from unittest.mock import patch

import pytest

from contracts.gateway.events import WorkspaceSettingsChanged
from services.analytics.projections import reference
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import stage_key
from tests.support.memory import MemoryContext
from tests.unit.analytics.support import STAGES, T0, H, Story, eight, lane, row, sums


def late_stages() -> Story:
    """Facts stand in stages, or have passed through them, that are added afterwards: topics come in any order."""
    story = Story(stages={"k": {"lead": "in_work"}})
    story.client("c1", T0)
    story.walk("c1", "first", 10, T0 + H)
    story.walk("c1", "second", 30, T0 + 2 * H)
    return story


def test_stages_are_kept_with_the_class_they_were_added_with():
    stages = lane(Story().fold()).stages
    assert stages == {stage_key(f, s): k for f, of in STAGES.items() for s, k in of.items()}


def test_a_stage_added_after_facts_stood_in_it():
    story = late_stages()
    assert row(story.fold()).none_count == 1
    story.stage("k", "second", "bought")
    context = story.fold()
    assert eight(row(context)) == (1, 30, 30, 0, 0, 0, 0)
    assert row(context).first_sale_at == T0 + 2 * H
    assert row(context).changed_at == T0 + 2 * H


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_a_stage_added_after_facts_had_passed_through_it(order):  # P6: an earlier stay begins the run
    story = late_stages()
    for stage in order:
        story.stage("k", stage, "bought")
    assert row(story.fold()).first_sale_at == T0 + H
    assert {m: v[:2] for m, v in sums(story.fold(), "months", "month").items()} == {"2026-01": (1, 30)}


def test_a_stage_in_no_class_changes_nothing():
    story = late_stages()
    before = story.fold().documents["rows"]
    story.stage("k", "second", "none")
    assert story.fold().documents["rows"] == before


def test_a_stage_that_the_rules_name_already():
    story = late_stages()
    story.rules(k_second="refused")
    story.stage("k", "second", "bought")
    assert eight(row(story.fold())) == (0, 0, 0, 0, 0, 1, 30)


def test_a_stage_added_while_rules_are_derived():
    story = late_stages()
    story.rules(k_first="in_work")
    context = story.fold(work=False)
    story.stage("k", "second", "bought")
    context.take(story.recorded()[-1])
    context.work()
    assert eight(row(context)) == (1, 30, 30, 0, 0, 0, 0)
    assert context.documents == story.fold().documents


def test_too_many_facts_in_a_late_stage_stop_the_lane():
    """A wrong number is worse than a late one (DESIGN 5)."""
    story = late_stages()
    story.client("c2")
    story.walk("c2", "second", 1)
    story.stage("k", "second", "bought")
    with patch.object(reference, "_MOST", 1), pytest.raises(ValueError, match="second"):
        story.fold()


def test_settings_without_another_zone_derive_nothing():
    context = MemoryContext(ANALYTICS)
    context.take(WorkspaceSettingsChanged(name="Acme", zone="UTC"))
    assert not context.documents["lane"]


def test_rules_and_zone_may_come_in_any_order():
    first, second = Story(), Story()
    for story in (first, second):
        story.deal("d1", "W", 5, T0)
    first.rules("deals")
    first.zone("Europe/Kyiv")
    second.zone("Europe/Kyiv")
    second.rules("deals")
    one, other = first.fold(), second.fold()
    assert lane(one).active == lane(other).active
    assert lane(one).active.id == "1.1"
    assert one.documents == other.documents
    assert one.counters == other.counters
