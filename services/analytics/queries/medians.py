"""Exact medians and extremes of a distribution, by walking one bucket of it (DESIGN 6)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from services.analytics.projections.distribution import bucket_range
from services.analytics.projections.model import BUCKETS, VALUES
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread, in ms. `median` of an even count is the mean of the two in the middle; None: no values."""

    count: int
    median: Fraction | None = None
    p90: int | None = None
    least: int | None = None
    most: int | None = None


async def spread(numbers: Numbers, dist: str, part: str | None = None) -> Spread:
    """Return the spread of a distribution, or of one part of it. `p90`: the smallest value that 90 % do not exceed."""
    where = [Filter("dist", "=", dist)]
    if part is not None:
        where.append(Filter("part", "=", part))
    buckets = await numbers.sums(BUCKETS.name, where, ("bucket",), sort=("bucket",))
    counts = [(row["bucket"], row["count"]) for row in buckets]
    total = sum(count for _, count in counts)
    if total == 0:
        return Spread(0)
    wanted = (0, (total - 1) // 2, total // 2, (total * 9 + 9) // 10 - 1, total - 1)
    found = [await _kth(numbers, where, counts, k) for k in wanted]
    return Spread(total, Fraction(found[1] + found[2], 2), found[3], found[0], found[4])


async def _kth(numbers: Numbers, where: list[Filter], counts: list[tuple[int, int]], k: int) -> int:
    for bucket, count in counts:
        if k < count:
            low, high = bucket_range(bucket)
            if low == high:
                return low
            inside = [*where, Filter("value", ">=", low), Filter("value", "<=", high)]
            for row in await numbers.sums(VALUES.name, inside, ("value",), sort=("value",)):
                k -= row["count"]
                if k < 0:
                    return int(row["value"])
            break
        k -= count
    raise LookupError(f"distribution {where[0].value} is not whole: its buckets and values differ")
