"""Medians kept between reads, exactly: one is right as long as no lane of the group has moved since."""

from __future__ import annotations

from collections import OrderedDict
from fractions import Fraction

from services.analytics.queries.medians import median
from services.analytics.queries.numbers import Numbers

_MOST = 2_000
_kept: OrderedDict[tuple[object, ...], Fraction | None] = OrderedDict()


class Medians:
    """The medians of one snapshot. A stay's distribution is changed by events alone, never by background work, so it is
    the same wherever the lanes of the group stand at the same events."""

    def __init__(self, numbers: Numbers, place: tuple[object, ...]) -> None:
        self._numbers = numbers
        self._place = place

    @staticmethod
    async def of(numbers: Numbers) -> Medians:
        """Note where the snapshot's lanes stand."""
        lanes = await numbers.reader.lanes(numbers.group)
        place = tuple((lane.lane, tuple(sorted(lane.positions.items()))) for lane in lanes)
        return Medians(numbers, (numbers.group, numbers.owners, place))

    async def median(self, dist: str) -> Fraction | None:
        """Return the median of a distribution of stays, in ms; None without any."""
        key = (*self._place, dist)
        if key not in _kept:
            _kept[key] = await median(self._numbers, dist)
            if len(_kept) > _MOST:
                _kept.popitem(last=False)
        return _kept[key]
