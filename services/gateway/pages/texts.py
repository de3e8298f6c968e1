"""How numbers, moments and durations are written for people, by language and workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from contracts.money import EXPONENTS

_UNITS = ((86_400, 0), (3_600, 1), (60, 2), (1, 3))
"""Seconds in a unit, and the place of its word."""


@dataclass(frozen=True)
class Texts:
    """Writes values with the words of one language."""

    words: Mapping[str, str]
    currency: str | None
    zone: str

    def count(self, value: int) -> str:
        """Write a whole number with groups of three digits."""
        text = f"{abs(value):,}".replace(",", self.words["group"])
        return f"\u2212{text}" if value < 0 else text

    def money(self, minor: int) -> str:
        """Write minor units of the base currency as an amount."""
        places = EXPONENTS.get(self.currency or "", 2)
        whole, rest = divmod(abs(minor), 10**places)
        text = self.count(whole) + (f"{self.words['decimal']}{rest:0{places}d}" if places else "")
        return f"\u2212{text}" if minor < 0 else text

    def percent(self, share: str | None) -> str:
        """Write a share (decimal text) in percent with one decimal; a dash for none."""
        if share is None:
            return "–"
        value = (Decimal(share) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return f"{value}".replace(".", self.words["decimal"]) + "\u00a0%"

    def duration(self, millis: str | None) -> str:
        """Write ms (decimal text) in its two largest units; a dash for none."""
        if millis is None:
            return "–"
        left = int((Decimal(millis) / 1000).quantize(Decimal(1), ROUND_HALF_UP))
        names = self.words["units"].split()
        for place, (seconds, name) in enumerate(_UNITS):
            if left >= seconds or seconds == 1:
                first, rest = divmod(left, seconds)
                text = f"{self.count(first)}\u00a0{names[name]}"
                smaller = _UNITS[place + 1] if place + 1 < len(_UNITS) else None
                if smaller is not None and (second := rest // smaller[0]):
                    text += f" {second}\u00a0{names[smaller[1]]}"
                return text
        raise AssertionError("unreachable")

    def moment(self, millis: int) -> str:
        """Write UTC ms as DD.MM.YYYY HH:MM in the workspace's zone (S1.11)."""
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
        return at.astimezone(ZoneInfo(self.zone)).strftime("%d.%m.%Y %H:%M")
