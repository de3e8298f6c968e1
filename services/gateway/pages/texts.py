"""How numbers, money, moments and durations are written for people, by language (Babel) and workspace (P14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency

from contracts.money import EXPONENTS
from services.gateway.pages.languages import catalogue

_NONE = "–"


class Written(Protocol):
    """What a workspace settles of how things are written."""

    @property
    def base_currency(self) -> str | None: ...

    @property
    def zone(self) -> str: ...


@dataclass(frozen=True)
class Texts:
    """Writes values in one language. `currency`: the workspace's base currency; `zone`: its time zone."""

    language: str
    currency: str | None = None
    zone: str = "UTC"

    @staticmethod
    def of(language: str, settings: Written) -> Texts:
        """Write as the workspace settles it."""
        return Texts(language, settings.base_currency, settings.zone)

    @cached_property
    def locale(self) -> Locale:
        """Return Babel's data of the language."""
        return Locale.parse(self.language)

    @cached_property
    def _symbols(self) -> tuple[str, str]:
        """Return what stands between groups of three digits, and before decimals."""
        symbols = self.locale.number_symbols["latn"]
        return str(symbols["group"]), str(symbols["decimal"])

    @property
    def decimal_sign(self) -> str:
        """Return what stands before decimals."""
        return self._symbols[1]

    def count(self, value: int) -> str:
        """Write a whole number with groups of three digits."""
        text = f"{abs(value):,}".replace(",", self._symbols[0])
        return f"\u2212{text}" if value < 0 else text

    def money(self, minor: int) -> str:
        """Write minor units of the base currency as an amount, for columns that name the currency above."""
        places = EXPONENTS.get(self.currency or "", 2)
        whole, rest = divmod(abs(minor), 10**places)
        text = self.count(whole) + (f"{self._symbols[1]}{rest:0{places}d}" if places else "")
        return f"\u2212{text}" if minor < 0 else text

    def amount(self, minor: int, currency: str) -> str:
        """Write minor units with the currency's sign, where the language puts it."""
        value = Decimal(minor).scaleb(-EXPONENTS.get(currency, 2))
        text = format_currency(value, currency, locale=self.locale).replace(currency, f"{currency}\u00a0")
        return text.strip().replace("\u00a0\u00a0", "\u00a0").replace("-", "\u2212")

    def percent(self, share: str | None) -> str:
        """Write a share (decimal text) in percent with one decimal; a dash for none."""
        if share is None:
            return _NONE
        value = (Decimal(share) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return f"{value}".replace(".", self._symbols[1]) + "\u00a0%"

    def duration(self, millis: str | None) -> str:
        """Write ms (decimal text) in its two largest units; a dash for none."""
        if millis is None:
            return _NONE
        left = int((Decimal(millis) / 1000).quantize(Decimal(1), ROUND_HALF_UP))
        units = self._units()
        for place, (seconds, name) in enumerate(units):
            if left >= seconds or seconds == 1:
                first, rest = divmod(left, seconds)
                text = f"{self.count(first)}\u00a0{name}"
                smaller = units[place + 1] if place + 1 < len(units) else None
                if smaller is not None and (second := rest // smaller[0]):
                    text += f" {second}\u00a0{smaller[1]}"
                return text
        raise AssertionError("unreachable")

    def _units(self) -> tuple[tuple[int, str], ...]:
        """Return seconds in a unit, and its short name."""
        words = catalogue(self.language)
        return (
            (86_400, words.pgettext("unit", "d")),
            (3_600, words.pgettext("unit", "h")),
            (60, words.pgettext("unit", "min")),
            (1, words.pgettext("unit", "s")),
        )

    def moment(self, millis: int) -> str:
        """Write UTC ms as DD.MM.YYYY HH:MM in the workspace's zone (S1.11)."""
        return self._local(millis).strftime("%d.%m.%Y %H:%M")

    def time(self, millis: int) -> str:
        """Write UTC ms as HH:MM in the workspace's zone, of a moment near now."""
        return self._local(millis).strftime("%H:%M")

    def day(self, millis: int) -> str:
        """Write the day of UTC ms in the workspace's zone as the language does: 27 Nov 2026."""
        return format_date(self._local(millis).date(), "d MMM y", locale=self.locale)

    def date(self, millis: int) -> str:
        """Write the day of UTC ms in the workspace's zone as YYYY-MM-DD, for names of files."""
        return self._local(millis).date().isoformat()

    def ago(self, millis: int) -> str:
        """Write how long ago something was: 5 minutes ago."""
        return format_timedelta(-timedelta(milliseconds=millis), add_direction=True, locale=self.locale)

    def _local(self, millis: int) -> datetime:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)).astimezone(ZoneInfo(self.zone))
