"""Numbers kept by difference equal those computed from the final facts, and those of an independent model."""

import asyncio
from fractions import Fraction
from itertools import pairwise
from random import Random
from statistics import median
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.analytics.projections import derive
from services.analytics.projections.change import change_fact, change_payment, put_person
from services.analytics.projections.distribution import bucket_of, bucket_range, count_value, stay_dist, subject_dist
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.shapes import Fact, LaneRules, Row, Stay
from services.analytics.projections.timings import change_timings
from services.analytics.queries.medians import spread
from services.analytics.queries.numbers import Numbers
from tests.support.memory import MemoryContext
from tests.unit.analytics.chance import Chance
from tests.unit.analytics.model import Model
from tests.unit.analytics.reader import numbers
from tests.unit.analytics.support import STAGES, Story, lane, row, sums, total, values

bounded = settings(max_examples=60, derandomize=True)
histories = st.tuples(st.integers(0, 2**32), st.integers(1, 70))


def history(seed_and_steps: tuple[int, int]) -> Story:
    seed, steps = seed_and_steps
    return Chance(Random(seed), Story()).steps(steps)


def from_facts(context: MemoryContext) -> MemoryContext:
    """Return the same numbers, from the final facts alone: each counted once in a lane where nothing ever changed."""
    fresh = MemoryContext(ANALYTICS)
    known = lane(context)
    fresh.put("lane", "lane", LaneRules(stages=known.stages, wanted=known.active, active=known.active))
    for person in context.documents["people"].values():
        put_person(fresh, person, 1)
    for fact in context.documents["facts"].values():
        change_fact(fresh, None, fact, 1)
    for payment in context.documents["payments"].values():
        change_payment(fresh, None, payment, 1)
    return fresh


def settled(rows: dict[str, Any]) -> dict[str, Any]:
    """Return rows without their last change, and without those that have nothing left."""
    plain = {id: replace(found, changed_at=0) for id, found in rows.items()}
    return {id: found for id, found in plain.items() if found != Row(found.rules, found.subject, found.subject_id)}


@given(histories)
@bounded
def test_what_is_kept_by_difference_equals_what_the_final_facts_give(chosen):
    kept = history(chosen).fold()
    fresh = from_facts(kept)
    assert settled(kept.documents["rows"]) == settled(fresh.documents["rows"])
    assert kept.documents["parts"] == fresh.documents["parts"]
    assert kept.documents["visits"] == fresh.documents["visits"]
    for counter, counted in fresh.counters.items():
        touched = {("touched",)} if counter == "seen" else set()
        assert {k: v for k, v in kept.counters[counter].items() if k not in touched} == counted, counter


@given(histories)
@bounded
def test_clients_and_contacts_are_as_defined(chosen):  # S1.4 to S1.12, P3
    story = history(chosen)
    context, model = story.fold(), Model(story)
    for subject in (*story.people, "p1", "p2", "p3"):
        wanted, found = model.metrics(subject), row(context, subject)
        if found is None:
            assert not any(wanted.values())
            continue
        if subject.startswith("p"):  # shipments and payments are of clients alone
            wanted |= {"first_shipment_at": None, "last_shipment_at": None}
        assert {name: getattr(found, name) for name in wanted} == wanted


@given(histories)
@bounded
def test_stages_and_moves_are_as_defined(chosen):  # DEFINITIONS, Funnel
    story = history(chosen)
    context, model = story.fold(), Model(story)
    for funnel, stages in STAGES.items():
        for stage in stages:
            wanted, found = model.stage(funnel, stage), total(context, "stages", funnel_id=funnel, stage_id=stage)
            for name in ("entered", "visits", "completed", "sum_ms", "current", "current_sum", "subjects"):
                assert getattr(found, name) == wanted[name], (funnel, stage, name)
            times = asyncio.run(spreads(context, funnel, stage))
            assert (times[0].median, times[0].p90) == (wanted["median"], wanted["p90"])
            assert (times[0].least, times[0].most) == (wanted["least"], wanted["most"])
            assert (times[1].median, found.subjects_ms) == (wanted["subject_median"], wanted["subjects_ms"])
        moves = sums(context, "transitions", "from_stage", "to_stage", funnel_id=funnel)
        assert moves == model.moves(funnel)


async def spreads(context: MemoryContext, funnel: str, stage: str) -> Any:
    opened = await numbers(context)
    return await spread(opened, stay_dist(funnel, stage)), await spread(opened, subject_dist(funnel, stage))


@given(histories)
@bounded
def test_boards_are_as_defined(chosen):  # DEFINITIONS, Boards; P14, P22
    story = history(chosen)
    context, model = story.fold(), Model(story)
    sales = [f for f in model.facts if f["counted"] and f["class"] == "bought"]

    def grouped(facts: Any, key: Any, *of: Any) -> dict[Any, tuple[int, ...]]:
        found: dict[Any, tuple[int, ...]] = {}
        for fact in facts:
            added = tuple(each(fact) for each in of)
            found[key(fact)] = tuple(map(sum, zip(found.get(key(fact), (0,) * len(of)), added, strict=True)))
        return found

    def one(_: Any) -> int:
        return 1

    months = {m: v[:2] for m, v in sums(context, "months", "month").items() if v[0]}
    assert months == grouped(sales, lambda f: model.month(f["at"]), one, lambda f: f["value"])
    firsts = {}
    for client in {f["client"] for f in sales} - {None}:
        month = model.month(model.metrics(client)["first_sale_at"])
        firsts[month] = firsts.get(month, 0) + 1
    assert {m: v[3] for m, v in sums(context, "months", "month").items() if v[3]} == firsts
    sellers = {owner: v[:2] for owner, v in sums(context, "totals", "owner_id").items() if v[0]}
    assert sellers == grouped(sales, lambda f: f["owner"], one, lambda f: f["value"])
    loose = sums(context, "totals", attached=0).get((), (0,) * 10)
    assert loose[0] == sum(f["client"] is None for f in sales)
    deals = [f for f in model.facts if f["source"] == "deals"]
    won = [f for f in deals if f["class"] == "bought"]
    lost = [f for f in deals if f["class"] == "refused"]
    assert sum(v[0] for v in sums(context, "deal_months", "month").values()) == len(deals)
    assert {m: v[1] for m, v in sums(context, "deal_months", "month").items() if v[1]} == {
        m: n for m, (n,) in grouped(won, lambda f: model.month(f["at"]), one).items()
    }
    found = total(context, "deal_totals")
    assert (found.deals, found.won, found.lost) == (len(deals), len(won), len(lost))
    cycles = sorted(f["at"] - f["created"] for f in won if not model.imputed(f))
    assert values(context, f"cycle:{lane(context).active.id}") == cycles
    shipped = [f["shipment"] for f in model.facts if f.get("shipment")]
    sent = grouped(
        shipped,
        lambda s: model.month(s.shipped_at),
        one,
        lambda s: s.goods,
        lambda s: s.cost or 0,
        lambda s: s.shipping,
    )
    assert sums(context, "shipments", "month") == sent
    money = [(p["paid_at"], p["amount"]) for p in model.payments]
    money += [(p["reversed_at"], -p["amount"]) for p in model.payments if p["reversed_at"] is not None]
    assert sums(context, "receipts", "month") == grouped(money, lambda m: model.month(m[0]), one, lambda m: m[1])
    countries = {value: v[:3] for value, v in sums(context, "attributes", "value", name="country").items()}
    shown = [(model.people[id]["owner_id"], model.metrics(id)) for id in model.people if id not in model.away]
    assert {key: (v[0], v[2]) for key, v in sums(context, "listed", "owner_id", "owes").items()} == grouped(
        shown, lambda p: (p[0], int(p[1]["balance"] < 0)), one, lambda p: p[1]["sales_sum"]
    )
    people = [(model.people[id]["country"], model.metrics(id)) for id in model.people]
    assert countries == grouped(
        people, lambda p: p[0], one, lambda p: p[1]["sales_count"], lambda p: p[1]["sales_sum"]
    )  # fmt: skip


# ------------------------------------------------------------ rules that change while others go on


@given(histories, st.integers(0, 2**32))
@settings(max_examples=40, derandomize=True)
def test_rules_set_between_changes_give_what_a_fold_under_them_gives(chosen, seed):  # P2
    """Live changes come between any two slices of the derivation, further rules too; nothing old remains."""
    rng = Random(seed)
    story = history(chosen)
    context = MemoryContext(ANALYTICS)
    with patch.object(derive, "SLICE", rng.randint(1, 4)), patch.object(derive, "_PURGE", 2):
        for event in story.recorded():
            context.take(event)
            for _ in range(rng.choice([0, 0, 0, 1, 2, 9])):
                derive.work(context)
        context.work()
    fresh = MemoryContext(ANALYTICS)
    late = sorted(story.recorded(), key=lambda e: e.topic not in ("analytics.events", "gateway.events"))
    for event in late:
        fresh.take(event)
        fresh.work()
    assert lane(context) == lane(fresh)
    assert context.documents == fresh.documents
    assert context.counters == fresh.counters
    assert {found.rules for found in context.documents["rows"].values()} <= {lane(context).active.id}


# ------------------------------------------------------------ timings


@st.composite
def fact_changes(draw: Any) -> list[Fact]:
    """One fact's states one after the other: moves, and changes of anything else, also of what never changes."""
    rng = draw(st.randoms(use_true_random=False))
    fact = Fact("d1", "deal", "f", "A", 0, owner_id="u1", stays=(Stay("A", 0, None, rng.random() < 0.2),))
    states = [fact]
    for _ in range(draw(st.integers(0, 12))):
        match rng.choice(["move", "move", "move", "value", "owner", "funnel", "stays"]):
            case "move":
                last = fact.stays[-1]
                at = last.entered_at + rng.choice([0, 5, 5, 70_000])
                imputed = rng.random() < 0.2
                left = Stay(last.stage_id, last.entered_at, at, last.imputed or imputed)
                stage = rng.choice([s for s in "ABCD" if s != last.stage_id])
                fact = replace(fact, stage_id=stage, stays=(*fact.stays[:-1], left, Stay(stage, at, None, imputed)))
            case "value":
                fact = replace(fact, value=rng.randint(0, 9))
            case "owner":
                fact = replace(fact, owner_id=rng.choice(["u1", "u2", ""]))
            case "funnel":
                fact = replace(fact, funnel_id=rng.choice(["f", "g"]))
            case _:
                fact = replace(fact, stays=fact.stays[: rng.randint(0, len(fact.stays))] or fact.stays)
        states.append(fact)
    return states


@given(fact_changes(), st.booleans())
@settings(max_examples=150, derandomize=True)
def test_timings_moved_by_steps_equal_those_counted_whole(states, gone):
    steps = MemoryContext(ANALYTICS)
    change_timings(steps, None, states[0])
    for old, new in pairwise(states):
        change_timings(steps, old, new)
        whole = MemoryContext(ANALYTICS)
        change_timings(whole, None, new)
        assert steps.counters == whole.counters
        assert steps.documents == whole.documents
    if gone:
        change_timings(steps, states[-1], None)
        assert not any(steps.counters.values())
        assert not steps.documents["visits"]


# ------------------------------------------------------------ distributions


@given(st.one_of(st.integers(), st.integers(-300, 300), st.integers(-(2**62), 2**62)))
@settings(max_examples=400, derandomize=True)
def test_every_value_is_in_its_bucket_and_buckets_grow(value):
    low, high = bucket_range(bucket_of(value))
    assert low <= value <= high
    assert bucket_of(low) == bucket_of(high) == bucket_of(value)
    assert bucket_of(value + 1) == bucket_of(value) if value < high else bucket_of(value + 1) > bucket_of(value)
    assert (high - low) * 8 <= max(abs(low), abs(high)) + 8


@given(
    st.lists(st.tuples(st.one_of(st.integers(0, 400), st.integers(0, 2**40)), st.sampled_from("xy")), max_size=80),
    st.lists(st.integers(0, 79), max_size=20),
    st.integers(1, 3),
)
@settings(max_examples=80, derandomize=True)
def test_spreads_equal_the_statistics_of_the_plain_list(added, taken_back, lanes):  # S4.22
    contexts = [MemoryContext(ANALYTICS) for _ in range(lanes)]
    kept = list(enumerate(added))
    for n, (value, part) in kept:
        count_value(contexts[n % lanes], "stay:f", part, f"u{n % 2}", value, 1)
    for place in sorted({p for p in taken_back if p < len(kept)}, reverse=True):
        n, (value, part) = kept.pop(place)
        count_value(contexts[n % lanes], "stay:f", part, f"u{n % 2}", value, -1)

    async def check(part: str | None, owner: int | None) -> None:
        opened = await numbers(*contexts, owners=None if owner is None else (f"u{owner}",))
        assert isinstance(opened, Numbers)
        mine = sorted(v for n, (v, p) in kept if part in (None, p) and owner in (None, n % 2))
        found = await spread(opened, "stay:f", part)
        assert found.count == len(mine)
        if mine:
            assert found.median == Fraction(median(map(Fraction, mine)))
            assert (found.least, found.most) == (mine[0], mine[-1])
            assert found.p90 == min(v for v in mine if 10 * sum(w <= v for w in mine) >= 9 * len(mine))
        else:
            assert (found.median, found.p90, found.least, found.most) == (None, None, None, None)

    for part in (None, "x", "z"):
        for owner in (None, 0):
            asyncio.run(check(part, owner))
