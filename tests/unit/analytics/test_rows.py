"""Rows and their parts: what is shown of clients and contacts, and the facts behind it (S1.4 to S1.12, X2)."""

from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.rows import change_paid, change_person, change_shipments, row_id, save_row
from services.analytics.projections.shapes import Part, Person, Row, Ruleset
from tests.support.memory import MemoryContext
from tests.unit.analytics.support import T0, H, Story, eight, row

RULES = Ruleset()


def test_average_check_is_zero_without_sales_and_rounded_half_up():  # S1.6
    story = Story()
    story.client("c1", T0)
    assert row(story.fold()).avg_check == 0
    story.deal("d1", "W", 3)
    story.deal("d2", "W", 2)
    assert row(story.fold()).avg_check == 3


def test_first_and_last_sale_when_those_at_the_ends_go():
    story = Story()
    for n, at in enumerate((3, 1, 2), 1):
        story.deal(f"d{n}", "W", 10, T0 + at * H)
    assert dates(story) == (T0 + H, T0 + 3 * H)
    story.move("d3", "A", T0 + 4 * H)  # the one in the middle
    assert dates(story) == (T0 + H, T0 + 3 * H)
    story.move("d2", "A", T0 + 5 * H)
    assert dates(story) == (T0 + 3 * H, T0 + 3 * H)
    story.move("d2", "W", T0 + 6 * H)
    assert dates(story) == (T0 + 3 * H, T0 + 6 * H)
    story.move("d2", "L", T0 + 7 * H)
    story.move("d1", "L", T0 + 7 * H)
    assert dates(story) == (None, None)


def dates(story: Story) -> tuple[int | None, int | None]:
    found = row(story.fold())
    return found.first_sale_at, found.last_sale_at


def test_parts_add_up_to_the_row():  # X2
    story = Story()
    story.deal("d1", "W", 100, T0, contacts=["p1"])
    story.order("o1", "done", T0 + H, lines=[("x", 1, 70, 20)], shipping=5)
    context = story.fold()
    parts = context.documents["parts"]
    assert parts["0.0:c1:o1"] == Part("0.0", "c1", "bought", T0 + H, "o1", "order", 70, 50, 75)
    assert {id: part.id for id, part in parts.items()} == {id: id for id in parts}
    assert set(parts) == {"0.0:c1:d1", "0.0:p1:d1", "0.0:c1:o1"}
    mine = [p for p in parts.values() if p.row_id == "c1"]
    assert (sum(p.value for p in mine), sum(p.profit for p in mine)) == (row(context).sales_sum, row(context).profit)


def test_the_last_change_is_of_anything_that_took_part():  # P4
    story = Story()
    story.client("c1", T0)
    story.deal("d1", "A", 5, T0 + H, contacts=["p1"])
    story.rules("orders")
    story.move("d1", "B", T0 + 3 * H)
    context = story.fold()
    assert eight(row(context)) == (0,) * 7
    assert row(context).changed_at == row(context, "p1").changed_at == T0 + 3 * H
    story.deal("d2", "A", client=None, at=T0 + 4 * H)
    assert row(story.fold(), "-").changed_at == T0 + 4 * H
    assert row(story.fold()).changed_at == T0 + 3 * H


def test_currencies_of_a_row_come_and_go():
    story = Story()
    story.deal("d1", "A", 80, T0, currency="EUR")
    story.deal("d2", "W", 10, T0)
    assert row(story.fold()).currencies == {"EUR": (0, 0, 1, 80, 0, 0), "USD": (1, 10, 0, 0, 0, 0)}
    story.value("d1", 30, currency="USD")
    assert row(story.fold()).currencies == {"USD": (1, 10, 1, 30, 0, 0)}
    story.move("d1", "N")
    assert row(story.fold()).currencies == {"USD": (1, 10, 0, 0, 0, 0)}


def test_a_row_that_does_not_change_is_not_written():
    context = MemoryContext(ANALYTICS)
    empty = Row("0.0", "client", "c1")
    save_row(context, RULES, empty, empty)
    change_paid(context, RULES, None, 5, T0)
    change_shipments(context, RULES, "c1", None, None)
    assert not context.written
    change_person(context, RULES, Person("c1", registered=True), 0)
    assert context.documents["rows"]["0.0:c1"].id == row_id(RULES, "c1") == "0.0:c1"
