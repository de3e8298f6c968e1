"""How values are written in exported files: rounding half-up, empty for unknown (DEFINITIONS 2)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from contracts.envelope import rfc3339
from contracts.money import EXPONENTS


def decimal(value: Fraction | int, places: int) -> str:
    """Write a number with so many decimals, rounded half away from zero, exactly."""
    scale = 10**places
    top, bottom = (value.numerator * scale, value.denominator) if isinstance(value, Fraction) else (value * scale, 1)
    whole, rest = divmod(abs(top), bottom)
    whole += 2 * rest >= bottom
    text = f"{whole:0{places + 1}d}"
    text = f"{text[:-places]}.{text[-places:]}" if places else text
    return "-" + text if top < 0 and whole else text


def seconds(milliseconds: Fraction | int | None) -> str:
    """Write ms as seconds with three decimals."""
    return "" if milliseconds is None else decimal(Fraction(milliseconds) / 1000, 3)


def ratio(top: int, bottom: int) -> str:
    """Write a share with six decimals; empty without a base."""
    return decimal(Fraction(top, bottom), 6) if bottom else ""


def instant(millis: int | None) -> str:
    """Write UTC ms as RFC 3339; empty for None."""
    return "" if millis is None else rfc3339(millis)


def money(minor: Fraction | int, currency: str) -> str:
    """Write minor units as an amount with the currency's decimals, at least two (DEFINITIONS: money 2 decimals)."""
    exponent = EXPONENTS.get(currency, 2)
    return decimal(Fraction(minor) / 10**exponent, max(exponent, 2))


def quantity(millionths: int) -> str:
    """Write a quantity without needless zeros."""
    with localcontext() as context:
        context.prec = 40
        number = (Decimal(millionths) / 1_000_000).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP).normalize()
        return format(number, "f")
