"""Buckets and names of distributions. More in test_properties.py."""

import asyncio

import pytest

from services.analytics.projections.distribution import (
    LEAD_DIST,
    bucket_of,
    bucket_range,
    count_value,
    cycle_dist,
    stay_dist,
    subject_dist,
)
from services.analytics.projections.group import ANALYTICS
from services.analytics.queries.medians import spread
from tests.support.memory import MemoryContext
from tests.unit.analytics.reader import numbers


def test_small_values_have_buckets_of_their_own():
    assert [bucket_range(bucket_of(v)) for v in (0, 1, 15)] == [(0, 0), (1, 1), (15, 15)]


def test_large_values_share_buckets_of_an_eighth_at_most():
    assert bucket_range(bucket_of(128)) == (128, 143)
    low, high = bucket_range(bucket_of(86_400_000))
    assert low <= 86_400_000 <= high
    assert (high - low) / low < 0.126


def test_negative_values_lie_in_mirrored_buckets():
    assert bucket_range(bucket_of(-128)) == (-143, -128)
    assert bucket_of(-5) < bucket_of(-1) < bucket_of(0) < bucket_of(1)


def test_no_two_distributions_have_one_name():
    names = {stay_dist("a:b", "c"), stay_dist("a", "b:c"), subject_dist("a", "b:c"), cycle_dist("1.0"), LEAD_DIST}
    assert len(names) == 5


def test_a_value_taken_back_leaves_nothing():
    context = MemoryContext(ANALYTICS)
    count_value(context, "lead", "", "u1", 1000, 1)
    count_value(context, "lead", "", "u1", 1000, -1)
    assert not context.counters["dist_values"]
    assert not context.counters["dist_buckets"]


def test_buckets_without_their_values_are_noticed():
    context = MemoryContext(ANALYTICS)
    context.add("dist_buckets", ("lead", bucket_of(1000), "", "u1"), (1,))

    async def check() -> None:
        await spread(await numbers(context), "lead")

    with pytest.raises(LookupError, match="not whole"):
        asyncio.run(check())
