"""New rules: derived in slices, switched when all is done, what is old purged when no lane needs it (P2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from services.analytics.projections import derive
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.model import RULED
from services.analytics.queries import boards
from tests.support.memory import MemoryContext
from tests.unit.analytics.reader import numbers
from tests.unit.analytics.support import DAY, T0, H, Story, eight, lane, row, sums, total


def company(deals: int = 5) -> Story:
    story = Story()
    story.client("c1", T0, country="UA")
    for n in range(deals):
        story.deal(f"d{n}", "W" if n % 2 else "A", 100 + n, T0 + n * DAY, contacts=["p1"])
        story.order(f"o{n}", "done", T0 + n * DAY, lines=[("x", 1, 50, 20)])
        story.ship(f"o{n}", T0 + n * DAY + H)
        story.pay(f"m{n}", 10, T0 + n * DAY)
    return story


@pytest.fixture
def small_slices() -> Iterator[None]:
    with patch.object(derive, "SLICE", 2), patch.object(derive, "_PURGE", 3):
        yield


def of_rules(context: MemoryContext, id: str) -> list[Any]:
    """Everything that carries a ruleset: rows, parts, counters, distributions."""
    found: list[Any] = [key for name in RULED for key in context.counters.get(name, ()) if key[0] == id]
    found += [
        key for name in ("dist_values", "dist_buckets") for key in context.counters[name] if key[0] == f"cycle:{id}"
    ]
    return found + [d for name in ("rows", "parts") for d in context.documents[name].values() if d.rules == id]


def test_with_nothing_to_do_there_is_no_work():
    assert not derive.work(company().fold(work=False))


@pytest.mark.usefixtures("small_slices")
def test_until_all_is_derived_the_old_rules_answer():
    story = company()
    before = eight(row(story.fold()))
    story.rules("orders")
    context = story.fold(work=False)
    phases = set()
    while lane(context).building is not None:
        phases.add(lane(context).phase)
        assert eight(row(context)) == before
        assert derive.work(context)
    assert phases == {"people", "facts", "payments", "rows"}
    assert (lane(context).active.id, [r.id for r in lane(context).previous]) == ("1.0", ["0.0"])
    assert eight(row(context)) == (5, 250, 50, 0, 0, 0, 0)


@pytest.mark.usefixtures("small_slices")
def test_nothing_is_left_of_rules_that_are_replaced():
    story = company()
    story.rules("orders")
    context = story.fold(work=False)
    assert of_rules(context, "0.0")
    context.work()
    assert not of_rules(context, "0.0")
    assert of_rules(context, "1.0")
    assert (lane(context).previous, lane(context).garbage) == ((), ())


def test_nothing_is_left_when_counters_outnumber_rows_and_parts():
    """Deals that are no source have no parts, but each a won cycle: many more counters than rows."""
    story = Story()
    story.client("c1", T0)
    for n in range(30):
        story.deal(f"d{n}", "A", 1, T0)
        story.move(f"d{n}", "W", T0 + n * DAY + n)
    story.rules("orders")
    story.zone("Europe/Kyiv")
    with patch.object(derive, "_PURGE", 4):
        context = story.fold()
    assert len([k for k in context.counters["dist_values"] if k[0] == "cycle:1.1"]) == 30
    for id in ("0.0", "1.0", "0.1"):
        assert not of_rules(context, id)


@pytest.mark.usefixtures("small_slices")
def test_rules_replaced_while_half_derived():
    story = company()
    story.rules("orders")
    context = story.fold(work=False)
    for _ in range(4):
        derive.work(context)
    assert of_rules(context, "1.0")
    story.rules("deals", A="bought")
    context.take(story.recorded()[-1])
    assert lane(context).garbage == ("1.0",)
    context.work()
    assert not of_rules(context, "1.0")
    assert not of_rules(context, "0.0")
    assert context.documents == story.fold().documents
    assert context.counters == story.fold().counters
    assert eight(row(context)) == (5, 510, 102, 0, 0, 0, 0)


@pytest.mark.usefixtures("small_slices")
def test_a_row_keeps_its_last_change_when_its_facts_left_meanwhile():
    story = company()
    story.client("c2", T0)
    story.now = T0 + 50 * DAY
    story.rules("deals")
    context = story.fold(work=False)
    derive.work(context)
    derive.work(context)  # all people are derived, no fact yet
    story.hand_over("d4", "c2", T0 + 60 * DAY)
    story.contacts("d3", at=T0 + 61 * DAY)
    for event in story.recorded()[-3:]:
        context.take(event)
    context.work()
    assert row(context, "c1").changed_at == row(context, "p1").changed_at == T0 + 61 * DAY
    assert row(context, "c2").changed_at == T0 + 60 * DAY
    assert context.documents == story.fold().documents


def test_each_slice_writes_little():
    story = company(120)
    story.rules("orders", "deals")
    context = story.fold(work=False)
    assert context.work() > 12  # `work` holds each to 500 documents


class Lanes:
    """Lanes that see each other's rules, as committed."""

    def __init__(self, count: int) -> None:
        self.contexts = [MemoryContext(ANALYTICS, n) for n in range(count)]
        for context in self.contexts:
            context.lanes = count
            context.across = self._across  # type: ignore[method-assign]

    def _across(self, collection: str, id: str) -> list[Any]:
        return [c.documents[collection][id] for c in self.contexts if id in c.documents[collection]]

    def tell(self, story: Story, *, begin: int = 0) -> None:
        for event in story.recorded()[begin:]:
            for context in self.contexts if event.key in ("f", "o", "k", "sales", "workspace") else self.contexts[:1]:
                context.take(event)

    def sales(self) -> int:
        """The sum of all sales, as a reader of all lanes finds it."""

        async def ask() -> int:
            found = await boards.totals(await numbers(*self.contexts))
            return int(found.get("sales_sum", 0))

        return asyncio.run(ask())


def test_old_rules_are_kept_until_every_lane_has_the_new_ones():
    story = Story()
    lanes = Lanes(2)
    story.deal("d1", "W", 100, T0)
    story.rules("orders")
    lanes.tell(story)
    first, second = lanes.contexts
    while lane(first).building is not None:
        derive.work(first)
    assert not derive.work(first), "the other lane still answers under the old rules"
    assert [r.id for r in lane(first).previous] == ["0.0"]
    assert lanes.sales() == 100
    second.work()
    assert lane(second).previous == ()
    assert lanes.sales() == 0
    first.work()
    assert not of_rules(first, "0.0")
    assert not of_rules(second, "0.0")


def test_a_lane_that_never_saw_any_rules_is_waited_for():
    story = Story()
    lanes = Lanes(2)
    story.rules("orders")
    for event in story.recorded():
        lanes.contexts[0].take(event)
    lanes.contexts[0].work()
    assert lane(lanes.contexts[0]).previous


def test_numbers_stay_true_in_a_lane_that_switched_before_the_others():
    """A lane may take long (or stand): what the others answer under meanwhile must follow live changes."""
    story = Story()
    lanes = Lanes(2)
    story.deal("d1", "W", 100, T0)
    story.rules("orders")
    lanes.tell(story)
    lanes.contexts[0].work()
    told = len(story.events)
    story.value("d1", 700, T0 + H)
    lanes.tell(story, begin=told)
    assert lanes.sales() == 700


def test_rules_set_again_before_all_lanes_had_the_first_ones():
    """There is always one ruleset that all lanes can answer under."""
    story = Story()
    lanes = Lanes(2)
    story.deal("d1", "W", 100, T0)
    story.rules("orders")
    lanes.tell(story)
    first, second = lanes.contexts
    first.work()
    told = len(story.events)
    story.rules("deals", W="refused")
    lanes.tell(story, begin=told)
    assert (lane(first).active.id, lane(second).active.id) == ("1.0", "0.0")
    assert lanes.sales() == 100
    first.work()
    assert (lane(first).active.id, [r.id for r in lane(first).previous]) == ("2.0", ["0.0", "1.0"])
    assert lanes.sales() == 100
    second.work()
    first.work()
    assert lanes.sales() == 0
    for context in lanes.contexts:
        assert (lane(context).previous, lane(context).garbage) == ((), ())
        assert not [key for id in ("0.0", "1.0") for key in of_rules(context, id)]
    assert total(first, "totals").refused_sum == 100
    assert sums(first, "deal_totals", "funnel_id")["f"][:3] == (1, 0, 1)
