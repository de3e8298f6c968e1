"""Medians and totals kept between reads, exactly: one is right as long as no lane of the group has moved since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from fractions import Fraction

from services.analytics.projections.model import ROWS
from services.analytics.queries.medians import median
from services.analytics.queries.numbers import Numbers
from services.kit.documents import Filter, Row

_MOST = 2_000
_kept: OrderedDict[tuple[object, ...], Fraction | None] = OrderedDict()
_added: OrderedDict[tuple[object, ...], Row] = OrderedDict()


async def _place(numbers: Numbers) -> tuple[object, ...]:
    """Return where the snapshot's lanes stand."""
    lanes = await numbers.reader.lanes(numbers.group)
    place = tuple((lane.lane, tuple(sorted(lane.positions.items()))) for lane in lanes)
    return numbers.group, numbers.owners, place


async def added_up(numbers: Numbers, where: Sequence[Filter], columns: Sequence[str]) -> Row:
    """Return the sums of these columns over the rows that match, and their `count`; `where` names the ruleset, whose
    rows events alone change."""
    key = (*await _place(numbers), tuple(where), tuple(columns))
    if key not in _added:
        _added[key] = await numbers.reader.sums(numbers.group, ROWS.name, where, columns)
        if len(_added) > _MOST:
            _added.popitem(last=False)
    return _added[key]


class Medians:
    """The medians of one snapshot. A stay's distribution is changed by events alone, never by background work, so it is
    the same wherever the lanes of the group stand at the same events."""

    def __init__(self, numbers: Numbers, place: tuple[object, ...]) -> None:
        self._numbers = numbers
        self._place = place

    @staticmethod
    async def of(numbers: Numbers) -> Medians:
        """Note where the snapshot's lanes stand."""
        return Medians(numbers, await _place(numbers))

    async def median(self, dist: str) -> Fraction | None:
        """Return the median of a distribution of stays, in ms; None without any."""
        key = (*self._place, dist)
        if key not in _kept:
            _kept[key] = await median(self._numbers, dist)
            if len(_kept) > _MOST:
                _kept.popitem(last=False)
        return _kept[key]
