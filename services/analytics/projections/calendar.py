"""Months of instants in the workspace's time zone (P14). Pure: zones come from the installed database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _named(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}"


@lru_cache(maxsize=20_000)
def _utc_month(day: int) -> str:
    return _named(_EPOCH + timedelta(days=day))


def month_of(instant: int, zone: str) -> str:
    """Return the month `YYYY-MM` of an instant (UTC ms) in the zone; hours from the ends of time it is that in UTC."""
    if zone != "UTC":
        try:
            return _named((_EPOCH + timedelta(milliseconds=instant)).astimezone(_zone(zone)))
        except OverflowError:  # a zone leads out of the years 1 to 9999; no reason to stop a lane
            pass
    return _utc_month(instant // _DAY)


def months_between(first: str, last: str) -> int:
    """Return how many calendar months lie from one to the other, both included (DEFINITIONS: sales_per_month)."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
