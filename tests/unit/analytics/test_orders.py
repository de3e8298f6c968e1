"""Orders as facts: goods, statuses, shipments, deals they come from (P1, P11, P15)."""

import pytest

from services.analytics.projections.group import ANALYTICS
from tests.support.memory import fold
from tests.unit.analytics.support import T0, H, Story, eight, ms, row, sums, total, values

LINES = [("x", 2, 8_000, 5_000), ("y", "0.5", 2_000, None)]


def placed(status: str = "new", **more) -> Story:
    story = Story()
    story.client("c1", T0)
    story.client("c2", T0)
    story.order("o1", status, T0 + H, **{"lines": LINES, **more})
    return story


def fact(context):
    return context.documents["facts"]["o1"]


def test_an_order_is_worth_its_goods():
    context = placed("done", shipping=300, tax=40).fold()
    found = fact(context)
    assert (found.value, found.cost, found.extra, found.kind) == (10_000, 5_000, 340, "order")
    assert eight(row(context)) == (1, 10_000, 10_000, 0, 0, 0, 0)
    assert (row(context).profit, row(context).billed) == (5_000, 10_340)
    assert sums(context, "products", "product_id") == {
        "x": (1, 2_000_000, 8_000, 0),
        "y": (1, 500_000, 2_000, 0),
    }


def test_the_sale_is_of_the_day_of_the_order_whatever_the_day_of_its_status():
    story = placed(total=None)
    story.status("o1", "done", ms("2026-03-01"))
    context = story.fold()
    assert row(context).first_sale_at == T0 + H
    assert sums(context, "months", "month")["2026-01"][:2] == (1, 10_000)


def test_other_lines_other_sums():
    story = placed("done")
    story.order_lines("o1", [("y", 1, 500, None)], T0 + 2 * H)
    context = story.fold()
    assert (fact(context).value, fact(context).cost) == (500, None)
    assert eight(row(context))[:2] == (1, 500)
    assert set(sums(context, "products", "product_id")) == {"y"}


def test_lines_in_another_currency_are_converted_unrounded():  # DEFINITIONS
    context = placed("done", lines=[("x", 1, 333, None), ("y", 1, 1, None)], currency="EUR").fold()
    assert fact(context).value == 418
    products = sums(context, "products", "product_id")
    assert products["x"] == (1, 1_000_000, 416, 250_000)
    assert products["y"] == (1, 1_000_000, 1, 250_000)
    assert sums(context, "currencies", "currency") == {"EUR": (1, 334, 0, 0, 0, 0)}


def test_yen_have_no_decimals():
    context = placed("done", lines=[("x", 1, 300, None)], currency="JPY").fold()
    assert fact(context).value == 200
    assert sums(context, "products", "product_id")["x"] == (1, 1_000_000, 200, 0)


def test_an_order_without_lines_counts_with_nothing():
    context = placed("done", lines=[]).fold()
    assert eight(row(context)) == (1, 0, 0, 0, 0, 0, 0)
    assert fact(context).cost is None


def test_another_owner():
    story = placed("done")
    story.order_owner("o1", "u2", T0 + 2 * H)
    context = story.fold()
    assert set(sums(context, "totals", "owner_id")) == {"u2"}
    assert set(sums(context, "fulfilment", "owner_id")) == {"u2"}
    story.order_owner("o1", None)
    assert set(sums(story.fold(), "months", "owner_id")) == {""}


def test_a_shipment_never_changes_the_status():  # DEFINITIONS, P15
    story = placed(shipping=300, required_at=T0 + 5 * H)
    story.ship("o1", T0 + 30 * H, branch="Lviv")
    context = story.fold()
    assert fact(context).stage_id == "new"
    assert sums(context, "shipments", "month", "branch") == {("2026-01", "Lviv"): (1, 10_000, 5_000, 300)}
    assert sums(context, "client_shipments", "month", "client_id") == {("2026-01", "c1"): (1, 10_000)}
    assert sums(context, "fulfilment") == {(): (1, 1, 1, 1, 29 * H)}
    assert values(context, "lead") == [29 * H]
    assert (row(context).first_shipment_at, row(context).last_shipment_at) == (T0 + 30 * H, T0 + 30 * H)


def test_in_time_and_without_a_date():
    story = placed(required_at=T0 + 31 * H)
    story.order("o2", at=T0 + 2 * H)
    story.ship("o1", T0 + 30 * H)
    story.ship("o2")
    assert sums(story.fold(), "fulfilment") == {(): (2, 2, 0, 1, 57 * H)}


def test_an_order_changes_its_client_with_its_shipment():
    story = placed("done")
    story.ship("o1", T0 + 3 * H, branch="Kyiv")
    story.order_client("o1", "c2", T0 + 9 * H)
    context = story.fold()
    assert eight(row(context, "c1")) == (0,) * 7
    assert row(context, "c1").first_shipment_at is None
    assert eight(row(context, "c2"))[:2] == (1, 10_000)
    assert row(context, "c2").first_shipment_at == row(context, "c2").last_shipment_at == T0 + 3 * H
    assert sums(context, "client_shipments", "client_id") == {"c2": (1, 10_000)}
    assert sums(context, "shipments", "branch") == {"Kyiv": (1, 10_000, 5_000, 0)}
    assert total(context, "fulfilment").orders == 1
    story.order_client("o1", None, T0 + 10 * H)
    context = story.fold()
    assert row(context, "c2").last_shipment_at is None
    assert not context.counters["client_shipments"]
    assert total(context, "totals", attached=0).sales_count == 1


def test_an_order_that_was_not_shipped_changes_its_client():
    story = placed("done", imputed=True, branch="Kyiv")
    story.order_client("o1", "c2")
    context = story.fold()
    assert (fact(context).imputed, fact(context).branch, fact(context).stays[0].imputed) == (True, "Kyiv", True)
    assert eight(row(context, "c2"))[:2] == (1, 10_000)


def test_the_same_client_again():
    story = placed("done")
    before = story.fold()
    story.order_client("o1", "c1", before.documents["rows"]["0.0:c1"].changed_at)
    after = story.fold()
    assert before.documents == after.documents
    assert before.counters == after.counters


def test_first_and_last_shipment_when_one_is_taken_away():
    story = placed()
    for n, at in enumerate((5, 9, 7), 2):
        story.order(f"o{n}", at=T0 + 2 * H)
        story.ship(f"o{n}", T0 + at * H)
    story.now = T0 + 20 * H
    dates = lambda c: (row(c).first_shipment_at, row(c).last_shipment_at)  # noqa: E731
    assert dates(story.fold()) == (T0 + 5 * H, T0 + 9 * H)
    story.order_client("o3", "c2")
    assert dates(story.fold()) == (T0 + 5 * H, T0 + 7 * H)
    story.order_client("o2", "c2")
    assert dates(story.fold()) == (T0 + 7 * H, T0 + 7 * H)
    story.order_client("o4", "c2")
    context = story.fold()
    assert dates(context) == (None, None)
    assert row(context, "c2").first_shipment_at == T0 + 5 * H


def test_an_order_from_a_deal_counts_once():  # P1
    story = placed("done", deal="d1")
    story.deal("d1", "W", 7_000)
    context = story.fold()
    assert eight(row(context))[:2] == (1, 7_000)
    story.rules("orders")
    assert eight(row(story.fold()))[:2] == (1, 10_000)


def test_what_was_never_placed_cannot_change():
    story = placed()
    story.status("o1", "done")
    with pytest.raises(LookupError, match="o1"):
        fold(ANALYTICS, story.recorded()[-1])
