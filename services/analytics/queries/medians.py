"""Exact medians and extremes of a distribution, by walking one bucket of it (DESIGN 6)."""

from __future__ import annotations

from collections.abc import Sequence
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
    where, counts, total = await _buckets(numbers, dist, part)
    if total == 0:
        return Spread(0)
    wanted = (0, (total - 1) // 2, total // 2, (total * 9 + 9) // 10 - 1, total - 1)
    found = await _at(numbers, where, counts, wanted)
    return Spread(total, Fraction(found[1] + found[2], 2), found[3], found[0], found[4])


async def median(numbers: Numbers, dist: str) -> Fraction | None:
    """Return the median of a distribution alone: half of the reads of `spread`."""
    where, counts, total = await _buckets(numbers, dist, None)
    if total == 0:
        return None
    return Fraction(sum(await _at(numbers, where, counts, ((total - 1) // 2, total // 2))), 2)


async def _buckets(numbers: Numbers, dist: str, part: str | None) -> tuple[list[Filter], list[tuple[int, int]], int]:
    """Return the filters of a distribution, (bucket, count) ascending, and the number of values."""
    where = [Filter("dist", "=", dist)]
    if part is not None:
        where.append(Filter("part", "=", part))
    buckets = await numbers.sums(BUCKETS.name, where, ("bucket",), sort=("bucket",))
    counts = [(row["bucket"], row["count"]) for row in buckets]
    return where, counts, sum(count for _, count in counts)


async def _at(numbers: Numbers, where: list[Filter], counts: list[tuple[int, int]], wanted: Sequence[int]) -> list[int]:
    """Return the k-th smallest values for ascending ks (the smallest: 0), reading each bucket they lie in once."""
    found: list[int] = []
    begin = 0
    for bucket, count in counts:
        end = begin + count
        if wanted[len(found)] < end:
            inside = [k - begin for k in wanted[len(found) :] if k < end]
            found += await _inside(numbers, where, bucket, inside)
            if len(found) == len(wanted):
                break
        begin = end
    return found


async def _inside(numbers: Numbers, where: list[Filter], bucket: int, wanted: Sequence[int]) -> list[int]:
    low, high = bucket_range(bucket)
    if low == high:
        return [low] * len(wanted)
    between = [*where, Filter("value", ">=", low), Filter("value", "<=", high)]
    rows = await numbers.sums(VALUES.name, between, ("value",), sort=("value",))
    found: list[int] = []
    seen = 0
    for row in rows:
        seen += row["count"]
        while len(found) < len(wanted) and wanted[len(found)] < seen:
            found.append(int(row["value"]))
    if len(found) < len(wanted):
        raise LookupError(f"distribution {where[0].value} is not whole: its buckets and values differ")
    return found
