"""Deals as facts: values, owners, contacts, clients, reopening (P3, P6)."""

import pytest

from contracts.pipeline.facts import DealLine
from services.analytics.projections.group import ANALYTICS
from tests.support.memory import fold
from tests.unit.analytics.support import T0, H, Story, eight, ms, row, sums, total, values


def opened(stage: str = "A", value: int = 1_000, **more) -> Story:
    story = Story()
    story.client("c1", T0)
    story.client("c2", T0)
    story.deal("d1", stage, value, T0 + H, **more)
    return story


def test_a_deal_in_work_then_won_then_lost():
    story = opened()
    assert eight(row(story.fold())) == (0, 0, 0, 1, 1_000, 0, 0)
    story.move("d1", "W", ms("2026-02-03"))
    context = story.fold()
    assert eight(row(context)) == (1, 1_000, 1_000, 0, 0, 0, 0)
    assert row(context).first_sale_at == row(context).last_sale_at == ms("2026-02-03")
    assert sums(context, "deal_months", "month") == {"2026-01": (1, 0, 0), "2026-02": (0, 1, 0)}
    story.move("d1", "L", ms("2026-03-03"))
    context = story.fold()
    assert eight(row(context)) == (0, 0, 0, 0, 0, 1, 1_000)
    assert row(context).first_sale_at is None
    assert sums(context, "deal_months", "month") == {"2026-01": (1, 0, 0), "2026-03": (0, 0, 1)}
    assert values(context, "cycle:0.0") == []


def test_two_won_stages_are_one_sale():  # P6
    story = opened()
    story.move("d1", "W", T0 + 2 * H)
    story.move("d1", "W2", ms("2026-05-01"))
    context = story.fold()
    assert (row(context).sales_count, row(context).last_sale_at) == (1, T0 + 2 * H)
    assert values(context, "cycle:0.0") == [H]
    assert set(sums(context, "months", "month")) == {"2026-01"}


def test_a_reopened_deal_counts_from_its_later_entry():  # P6
    story = opened("W")
    story.move("d1", "A", ms("2026-02-01"))
    assert eight(row(story.fold())) == (0, 0, 0, 1, 1_000, 0, 0)
    assert not sums(story.fold(), "months", "month")
    story.move("d1", "W", ms("2026-03-01"))
    assert row(story.fold()).first_sale_at == ms("2026-03-01")
    assert sums(story.fold(), "months", "month") == {"2026-03": (1, 1_000, 1_000, 1)}


def test_the_latest_value_counts():  # P6
    story = opened("W", 1_000)
    story.value("d1", 2_500, T0 + 2 * H)
    context = story.fold()
    assert eight(row(context))[:3] == (1, 2_500, 2_500)
    assert total(context, "totals").sales_sum == 2_500
    story.value("d1", 800, T0 + 3 * H, currency="EUR")
    context = story.fold()
    assert row(context).sales_sum == 1_000
    assert row(context).currencies == {"EUR": (1, 800, 0, 0, 0, 0)}


def test_profit_needs_costs_and_a_line_without_total_is_the_whole_value():
    story = opened("W", lines=[DealLine(product_id="x", cost=400)])
    context = story.fold()
    assert row(context).profit == 600
    assert sums(context, "products", "product_id") == {"x": (1, 1_000_000, 1_000, 0)}
    story.lines("d1", DealLine(product_id="x", total=300), DealLine(product_id="x", quantity="2", total=700))
    context = story.fold()
    assert row(context).profit == 1_000
    assert sums(context, "products", "product_id") == {"x": (1, 3_000_000, 1_000, 0)}
    assert ("cost",) not in context.counters["seen"]


def test_contacts_have_numbers_of_their_own():  # P3
    story = opened("W", contacts=["p1", "p2"])
    context = story.fold()
    assert eight(row(context, "p1")) == eight(row(context, "c1")) == eight(row(context, "p2"))
    assert row(context, "p1").subject == "contact"
    assert total(context, "totals").sales_count == 1
    assert total(context, "months").new_clients == 1
    story.contacts("d1", "p2", "p3", at=T0 + 5 * H)
    context = story.fold()
    assert eight(row(context, "p1")) == (0,) * 7
    assert eight(row(context, "p3"))[:2] == (1, 1_000)
    assert row(context, "p1").changed_at == T0 + 5 * H
    assert {p.row_id for p in context.documents["parts"].values()} == {"c1", "p2", "p3"}


def test_another_owner():
    story = opened("W")
    story.owner("d1", "u2", T0 + 2 * H)
    context = story.fold()
    for counter in ("totals", "months", "deal_totals", "currencies"):
        assert [o for o, v in sums(context, counter, "owner_id").items() if v[0]] == ["u2"], counter
    story.owner("d1", None)
    assert set(sums(story.fold(), "deal_months", "owner_id")) == {""}


def test_a_touch_changes_nothing_but_their_number():  # DEFINITIONS
    story = opened()
    before = story.fold()
    story.touch("d1", T0 + 9 * H)
    after = story.fold()
    assert before.documents == after.documents
    assert after.counters["seen"].pop(("touched",)) == (1,)
    assert before.counters == after.counters


@pytest.mark.parametrize("to", ["c2", "c1", None])
def test_a_deal_takes_all_its_stays_along_to_another_client(to):
    story = opened(contacts=["p1"], lines=[DealLine(product_id="x", cost=1)])
    story.move("d1", "B", T0 + 2 * H, imputed=True)
    story.move("d1", "W", T0 + 3 * H)
    before = story.fold()
    story.hand_over("d1", to, T0 + 4 * H)
    after = story.fold()
    assert after.documents["visits"] == before.documents["visits"]
    for counter in ("stages", "transitions", "paths", "months", "deal_totals", "dist_values", "products", "seen"):
        assert after.counters[counter].keys() - {("0.0", "2026-01", "")} == before.counters[counter].keys() - {
            ("0.0", "2026-01", "")
        }, counter
    assert eight(row(after, "p1"))[:2] == (1, 1_000)
    if to != "c1":
        assert eight(row(after, "c1")) == (0,) * 7
    if to is not None:
        assert (row(after, to).first_sale_at, row(after, to).sales_count) == (T0 + 3 * H, 1)
    assert total(after, "totals", attached=int(to is not None)).sales_count == 1
    assert total(after, "months").new_clients == int(to is not None)


def test_a_deal_without_a_client_counts_in_totals_alone():  # DEFINITIONS
    context = opened("W", client=None).fold()
    assert total(context, "totals", attached=0).sales_sum == 1_000
    assert eight(row(context, "c1")) == (0,) * 7
    assert row(context, "-").subject == "nobody"
    assert total(context, "months").new_clients == 0
    assert not any(v[1] for v in sums(context, "attributes", "value").values())


def test_an_unknown_stage_is_in_no_class():
    story = opened("N")
    story.deal("d2", "elsewhere", 70)
    context = story.fold()
    assert (row(context).none_count, row(context).none_sum, eight(row(context))) == (2, 1_070, (0,) * 7)
    found = total(context, "totals")
    assert (found.none_count, found.none_sum) == (2, 1_070)
    assert not context.counters["currencies"]
    assert not row(context).currencies


def test_what_was_never_opened_cannot_change():
    story = opened()
    story.move("d1", "B")
    with pytest.raises(LookupError, match="d1"):
        fold(ANALYTICS, story.recorded()[-1])
