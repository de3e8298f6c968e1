"""Exact medians from counters: how often each value occurs, and per bucket to find the k-th quickly (DESIGN 6)."""

from __future__ import annotations

from services.analytics.projections.model import BUCKETS, VALUES
from services.analytics.projections.shapes import stage_key
from services.kit.projection import Context

BITS = 3
"""Buckets per power of two = 2^3: few enough to add up over owners, small enough to walk one."""


def bucket_of(value: int) -> int:
    """Return the bucket of a value; buckets grow with values. Negative values lie in mirrored buckets."""
    if value < 0:
        return -bucket_of(-value) - 1
    shift = max(value.bit_length() - BITS - 1, 0)
    return (shift << (BITS + 1)) + (value >> shift)


def bucket_range(bucket: int) -> tuple[int, int]:
    """Return the smallest and the largest value of a bucket."""
    if bucket < 0:
        low, high = bucket_range(-bucket - 1)
        return -high, -low
    shift, head = divmod(bucket, 1 << (BITS + 1))
    if shift == 0:
        return head, head
    return head << shift, ((head + 1) << shift) - 1


def count_value(context: Context, dist: str, part: str, owner: str, value: int, times: int) -> None:
    """Count a value `times` more (or fewer) often in a distribution."""
    context.add(VALUES.name, (dist, value, part, owner), (times,))
    context.add(BUCKETS.name, (dist, bucket_of(value), part, owner), (times,))


def stay_dist(funnel_id: str, stage_id: str) -> str:
    """Name the distribution of completed stays in a stage; its parts are the stages moved to."""
    return f"stay:{stage_key(funnel_id, stage_id)}"


def subject_dist(funnel_id: str, stage_id: str) -> str:
    """Name the distribution of completed stays added up per subject."""
    return f"subject:{stage_key(funnel_id, stage_id)}"


def cycle_dist(rules: str) -> str:
    """Name the distribution of won cycles (first event to won) under a ruleset; its parts are funnels."""
    return f"cycle:{rules}"


LEAD_DIST = "lead"
"""Ordered to shipped."""
