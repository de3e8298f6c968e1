"""What a cell may hold: parsers from text to value; each raises ValueError with a reason that names the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from contracts.money import EXPONENTS, to_minor
from services.kit.handle import FUTURE_MS

Parse = Callable[[str], Any]
LINE = 300
"""Characters of a name, an id or another short text."""
TEXT = 20_000
_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII).fullmatch
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII).fullmatch
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = 10
_NO_TIME = "must be a time such as 2026-05-31T09:30:00+02:00"


def line(text: str) -> str | None:
    """Return a short text without spaces around it; None if nothing is left."""
    text = text.strip()
    if len(text) > LINE:
        raise ValueError(f"has {len(text)} characters; at most {LINE} fit")
    return text or None


@lru_cache(maxsize=16_384)
def word(text: str) -> str | None:
    """Return what `line` does, once for all equal cells: for ids, countries and others that repeat."""
    return line(text)


def long(text: str) -> str:
    """Return a long text as it is."""
    if len(text) > TEXT:
        raise ValueError(f"has {len(text)} characters; at most {TEXT} fit")
    return text


def currency(text: str) -> str:
    """Return an ISO 4217 code."""
    if text not in EXPONENTS:
        raise ValueError(f"{text!r} is no ISO 4217 currency; use a code such as EUR, UAH or USD")
    return word(text) or text


def whole(text: str) -> int:
    """Return a whole number."""
    if not _WHOLE(text):
        raise ValueError("must be a whole number")
    return int(text)


def decimal(text: str) -> str:
    """Return a decimal number with a dot, as text: never a float."""
    if not _DECIMAL(text):
        raise ValueError("must be a number with a dot, such as 1234.50 (below 10^12, at most 12 decimals)")
    return word(text) or text


def price(text: str) -> str:
    """Return a decimal number that is not negative."""
    if decimal(text)[0] == "-":
        raise ValueError("must not be negative")
    return word(text) or text


def quantity(text: str) -> str:
    """Return a decimal number above zero."""
    if Decimal(decimal(text)) <= 0:
        raise ValueError("must be greater than zero")
    return word(text) or text


def fraction(text: str) -> str:
    """Return a decimal number from 0 to 1."""
    if not 0 <= Decimal(decimal(text)) <= 1:
        raise ValueError("must be between 0 and 1")
    return word(text) or text


def flag(text: str) -> bool:
    """Return whether a cell of 0 and 1 is set."""
    if text not in ("0", "1"):
        raise ValueError("must be 1, 0 or empty")
    return text == "1"


def one_of(*names: str) -> Parse:
    """Return a parser for one of these words."""

    def parse(text: str) -> str:
        for name in names:
            if text == name:
                return name
        raise ValueError(f"must be one of {', '.join(names)}")

    return parse


def instant(text: str) -> int:
    """Return ISO 8601 text with a zone as UTC milliseconds; a bare date is midnight UTC."""
    if not _TIME(text):
        raise ValueError(_NO_TIME)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and len(text) == _DATE:
            moment = moment.replace(tzinfo=UTC)
        delta = None if moment.tzinfo is None else moment - _EPOCH
    except (ValueError, OverflowError) as error:
        raise ValueError(_NO_TIME) from error
    if delta is None:
        raise ValueError("must name its time zone, such as 2026-05-31T09:30:00Z")
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def past(now: int) -> Parse:
    """Return a parser of instants up to now (UTC ms, with the slack that live commands have)."""
    latest = now + FUTURE_MS

    def parse(text: str) -> int:
        at = instant(text)
        if at > latest:
            raise ValueError("lies in the future")
        return at

    return parse


def past_day(now: int) -> Parse:
    """Return a parser of calendar days (UTC) up to today, as ISO text."""
    check = past(now)

    def parse(text: str) -> str:
        try:
            day = date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ValueError("must be a date such as 2026-05-31") from error
        check(day)
        return word(day) or day

    return parse


@lru_cache(maxsize=65_536)
def minor(amount: str, code: str | None) -> int:
    """Return an amount as minor units of the currency, rounded half-up."""
    return to_minor(amount, code or "")


def day_of(at: int) -> str:
    """Return the UTC day of an instant (UTC ms) as ISO text."""
    return date.fromordinal(_EPOCH.toordinal() + at // 86_400_000).isoformat()
