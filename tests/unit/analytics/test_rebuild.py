"""A rebuild keeps facts alone and derives each number once at the end: the same as folding live (DESIGN 5)."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.registry import REFERENCE_TYPES
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.rows import together
from services.analytics.projections.shapes import Row
from tests.support.memory import MemoryContext
from tests.unit.analytics.chance import Chance
from tests.unit.analytics.support import Story


def live(story: Story) -> MemoryContext:
    context = MemoryContext(ANALYTICS)
    for _, event in story.events:
        context.take(event)
    context.work()
    return context


def built_anew(story: Story) -> MemoryContext:
    context = MemoryContext(ANALYTICS)
    for _, event in [e for e in story.events if e[1].type in REFERENCE_TYPES]:
        context.take(event)
    context.work()
    assert ANALYTICS.prepare is not None
    ANALYTICS.prepare(context)
    for _, event in [e for e in story.events if e[1].type not in REFERENCE_TYPES]:
        context.take(event)
    context.work()
    return context


def under_active(context: MemoryContext) -> tuple[object, object]:
    """Documents and counters, without the ruleset's name: versions of streams are counted as events are taken."""
    documents = {name: rows for name, rows in context.documents.items() if name != "lane"}
    return documents, {name: rows for name, rows in context.counters.items() if rows}


@given(st.integers(0, 2**32), st.integers(1, 60))
@settings(max_examples=60, derandomize=True)
def test_a_rebuild_gives_what_folding_live_gives(seed, steps):  # X5
    story = Chance(Random(seed), Story()).steps(steps)
    assert under_active(built_anew(story)) == under_active(live(story))


def test_rows_of_a_contact_in_two_lanes_are_one():  # P3
    one = Row(
        "1.0",
        "contact",
        "k",
        sales_count=2,
        sales_sum=300,
        avg_check=150,
        first_sale_at=5,
        last_sale_at=9,
        changed_at=3,
    )
    two = Row("1.0", "contact", "k", sales_count=1, sales_sum=100, avg_check=100, first_sale_at=4, changed_at=7)
    one = type(one)(
        **{f: getattr(one, f) for f in one.__struct_fields__} | {"currencies": {"EUR": (2, 300, 0, 0, 0, 0)}}
    )
    two = type(two)(
        **{f: getattr(two, f) for f in two.__struct_fields__} | {"currencies": {"EUR": (1, 100, 0, 0, 0, 0)}}
    )
    row = together([one, two])
    assert row is not None
    assert (row.sales_count, row.sales_sum, row.avg_check) == (3, 400, 133)
    assert (row.first_sale_at, row.last_sale_at, row.first_shipment_at, row.changed_at) == (4, 9, None, 7)
    assert row.currencies == {"EUR": (3, 400, 0, 0, 0, 0)}
    assert together([]) is None
    assert together([one]) is one
