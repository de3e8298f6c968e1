"""Dates of cells: 2026-12-31, 31.12.2026, a day count of Excel; what could be read in two ways is refused."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.base import to_millis

_ISO = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?Z?)?", re.ASCII).fullmatch
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? \d{1,2}:\d\d(?::\d\d)?)?(?: ?[гр]\.)?", re.ASCII).fullmatch
_CUT = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?: \d{1,2}:\d\d(?::\d\d)?)?", re.ASCII).fullmatch
_SERIAL = re.compile(r"\d{5}", re.ASCII).fullmatch
_ZERO = date(1899, 12, 30)
_HOW = "write it as 2026-12-31 or 31.12.2026"


def day(text: str, *, serials: bool) -> str:
    """Return a date as ISO 8601. `serials`: a number of five digits is a day count from 1900. Raises ValueError."""
    if found := _ISO(text):
        return _made(text, found[1], found[2], found[3])
    if found := _DOTTED(text):
        return _made(text, found[3], found[2], found[1])
    if found := _CUT(text):
        first, second = int(found[1]), int(found[2])
        if first <= 12 and second <= 12 and first != second:
            raise ValueError(f"{text} may be read in two ways; {_HOW}")
        if first > 12:
            first, second = second, first
        return _made(text, found[3], str(first), str(second))
    if _SERIAL(text) and serials:
        return (_ZERO + timedelta(days=int(text))).isoformat()
    raise ValueError(f"{text!r} is no date; {_HOW}")


def begin_of(iso: str, zone: str, now: int) -> int:
    """Return when a day begins in a time zone, UTC ms. Raises ValueError if it has not begun now (UTC ms)."""
    at = to_millis(datetime.combine(date.fromisoformat(iso), time(), ZoneInfo(zone)))
    if at > now:
        raise ValueError(f"{iso} has not come yet; write when it was")
    return at


def _made(text: str, year: str, month: str, of_month: str) -> str:
    try:
        return date(int(year), int(month), int(of_month)).isoformat()
    except ValueError as error:
        raise ValueError(f"{text} is no day of the calendar; {_HOW}") from error
