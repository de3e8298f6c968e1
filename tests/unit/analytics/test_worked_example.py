"""The worked example of DEFINITIONS, number by number."""

import asyncio
from fractions import Fraction

from services.analytics.projections.distribution import stay_dist
from services.analytics.queries import boards, funnels
from services.analytics.queries.funnels import StageSpec
from services.analytics.queries.medians import spread
from tests.unit.analytics.reader import numbers
from tests.unit.analytics.support import T0, H, Story, eight, row, total, values

SPECS = [StageSpec("A", "A", 1, "0.5"), StageSpec("B", "B", 2, "0.5"), StageSpec("W", "W", 3, "1")]


def two_deals() -> Story:
    story = Story()
    story.client(at=T0)
    story.deal("d1", "A", at=T0)
    story.deal("d2", "A", at=T0)
    story.move("d1", "B", T0 + 1 * H)
    story.move("d2", "B", T0 + 2 * H)
    story.move("d1", "A", T0 + 3 * H)
    story.move("d1", "W", T0 + 4 * H)
    return story


def test_visits_and_times_of_two_deals():
    context = two_deals().fold()
    a, b, w = (total(context, "stages", stage_id=stage) for stage in "ABW")
    assert (a.entered, b.entered, w.entered) == (2, 2, 1)
    assert (a.visits, b.visits) == (3, 2)
    assert values(context, stay_dist("f", "A")) == [1 * H, 1 * H, 2 * H]
    assert (a.completed, a.sum_ms, b.completed, b.sum_ms) == (3, 4 * H, 1, 2 * H)
    assert (b.current, w.current) == (1, 1)
    assert values(context, "subject:f\x1fA") == [2 * H, 2 * H]


def test_means_medians_and_conversion_of_two_deals():
    async def check() -> None:
        opened = await numbers(two_deals().fold(), now=T0 + 12 * H)
        a, b, w = await funnels.stages(opened, "f", SPECS)
        assert (a.mean, a.stays.median) == (80 * 60_000, H)
        assert (b.mean, b.open_visits, b.open_age, b.mean_with_open) == (2 * H, 1, 10 * H, 6 * H)
        assert (a.reached, b.reached, w.reached) == (2, 2, 1)
        assert (a.subject_mean, a.subject.median) == (2 * H, 2 * H)
        assert (w.kind, w.open_visits, w.mean_with_open, w.expected_revenue) == ("bought", 0, None, None)
        ab, bw = await funnels.conversion(opened, "f", SPECS)
        assert (ab.both, ab.from_entered, bw.both, bw.from_entered) == (2, 2, 1, 2)
        cycle = await boards.won_cycle(opened)
        assert (cycle.count, cycle.median) == (1, 4 * H)
        moves = {(t.from_stage, t.to_stage): t for t in await funnels.transitions(opened, "f")}
        assert moves["A", "B"].share == Fraction(2, 3)
        assert (await spread(opened, stay_dist("f", "A"), "W")).median == H

    asyncio.run(check())


def customer() -> Story:
    story = Story()
    story.client(at=T0)
    story.order("o1", "done", T0 + H, lines=[("x", 1, 10_000, 6_000)], shipping=500)
    story.order("o2", "done", T0 + 2 * H, lines=[("x", 1, 5_000, 3_000)], shipping=500)
    story.order("o3", "new", T0 + 3 * H, lines=[("y", 1, 7_000, None)])
    story.pay("m1", 12_000, T0 + 4 * H)
    return story


def test_the_customer_with_two_won_orders():
    found = row(customer().fold())
    assert eight(found) == (2, 15_000, 7_500, 1, 7_000, 0, 0)
    assert (found.profit, found.billed, found.paid, found.balance) == (6_000, 16_000, 12_000, -4_000)
    assert (found.first_sale_at, found.last_sale_at) == (T0 + H, T0 + 2 * H)


def test_the_customer_in_totals():
    context = customer().fold()
    found = total(context, "totals")
    assert (found.sales_count, found.sales_sum, found.in_work_count, found.in_work_sum) == (2, 15_000, 1, 7_000)
    assert (found.profit, found.billed) == (6_000, 16_000)
    assert total(context, "products", product_id="x").revenue == 15_000
    assert set(context.counters["seen"]) == {("cost",), ("money",), ("payment",)}
