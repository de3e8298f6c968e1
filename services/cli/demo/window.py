"""The 24 months of a demo: when people work, buy and write. Times are whole seconds since its first midnight (UTC)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import exp
from random import Random

DAY = 86_400
_OPENS, _SHIFT = 7 * 3600, 9 * 3600
"""Offices open at 07:00 UTC for nine hours."""
WORKDAY = _SHIFT
_YEARS = 2
_WEEK = (1.10, 1.15, 1.10, 1.05, 0.88, 0.16, 0.06)
_MONTHS = (0.78, 0.92, 1.04, 1.02, 1.00, 0.95, 0.80, 0.78, 1.06, 1.12, 1.20, 1.10)
_HOLIDAYS = {(1, 1), (1, 2), (1, 6), (12, 25), (12, 26), (12, 31)}
_GROWTH = 0.7
"""Logarithm of how much busier the last day is than the first."""
_OFFICE = (0, 0, 0, 0, 0, 0, 1, 6, 10, 12, 10, 8, 7, 9, 10, 8, 5, 2, 1, 1, 0, 0, 0, 0)
_SHOP = (1, 0, 0, 0, 1, 2, 4, 7, 9, 10, 9, 8, 8, 8, 8, 7, 6, 5, 5, 5, 5, 4, 3, 2)
_STEPS = 96


class Window:
    """Its days with their weights, and the clock of working time."""

    def __init__(self, until: date) -> None:
        leap = (until.month, until.day) == (2, 29)
        self.start = until.replace(year=until.year - _YEARS, day=28 if leap else until.day)
        self.days = (until - self.start).days
        self.end = self.days * DAY
        """The first second that is not past any more."""
        dates = [self.start + timedelta(days=n) for n in range(self.days + 1)]
        self.texts = [day.isoformat() for day in dates]
        """The days, the one that ends the window included."""
        self.busy = _shares([self._weight(n, day) for n, day in enumerate(dates[:-1])])
        """Share of all business up to each midnight, 0 to 1."""
        self._minutes = [f"T{n // 60:02d}:{n % 60:02d}:" for n in range(DAY // 60)]
        self._open = [day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS for day in dates[:-1]]
        self._workdays = [n for n, is_open in enumerate(self._open) if is_open]
        self._before = [0, *accumulate(self._open)]
        self._office = _quantiles(_OFFICE)
        self._shop = _quantiles(_SHOP)

    def _weight(self, n: int, day: date) -> float:
        holiday = 0.15 if (day.month, day.day) in _HOLIDAYS else 1.0
        return _WEEK[day.weekday()] * _MONTHS[day.month - 1] * holiday * exp(_GROWTH * n / self.days)

    def text(self, at: int) -> str:
        """Return the instant as ISO 8601."""
        day, second = divmod(at, DAY)
        return f"{self.texts[day]}{self._minutes[second // 60]}{second % 60:02d}Z"

    def arrivals(self, rng: Random, count: int, *, office: bool = True) -> Iterator[int]:
        """Yield `count` times in order, spread as business is, none kept in memory: each is the least of those left."""
        shares, last = self.busy, self.days - 1
        clock = self._office if office else self._shop
        left, day = 1.0, 0
        for still in range(count, 0, -1):
            left *= rng.random() ** (1.0 / still)
            while day < last and shares[day + 1] <= 1.0 - left:
                day += 1
            part = (1.0 - left - shares[day]) / (shares[day + 1] - shares[day])
            step, rest = divmod(min(max(part, 0.0), 0.999_999) * _STEPS, 1)
            begin, end = clock[int(step) : int(step) + 2]
            yield day * DAY + begin + int(rest * (end - begin))

    def worked(self, at: int) -> int:
        """Return the working seconds before the instant."""
        day, second = divmod(at, DAY)
        today = min(max(second - _OPENS, 0), _SHIFT - 1) if self._open[day] else 0
        return self._before[day] * _SHIFT + today

    def working(self, worked: int) -> int:
        """Return the instant at which that many seconds have been worked; `end` or later if that is never."""
        workday, second = divmod(worked, _SHIFT)
        if workday >= len(self._workdays):
            return self.end
        return self._workdays[workday] * DAY + _OPENS + second


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [0.0, *(part / total for part in accumulate(weights))]


def _quantiles(hours: Sequence[int]) -> list[int]:
    """Return the seconds of a day at which 0/96, 1/96 ... 96/96 of its business is done."""
    shares = _shares(hours)
    found: list[int] = []
    for step in range(_STEPS + 1):
        share = step / _STEPS
        hour = next(n for n, (begin, end) in enumerate(pairwise(shares)) if begin <= share <= end and end > begin)
        found.append(int((hour + (share - shares[hour]) / (shares[hour + 1] - shares[hour])) * 3600))
    return [min(second, DAY - 1) for second in found]
