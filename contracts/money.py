"""Money: whole minor units, ISO 4217 codes, half-up rounding in one place (P10, DEFINITIONS 2)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN "
    "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG"
)
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}
"""Number of decimals of each ISO 4217 currency in use."""


def _known(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError(f"{code!r} is no ISO 4217 currency; use a code such as EUR, UAH or USD")
    return code


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]


def rounded(value: Decimal) -> int:
    """Round half away from zero to a whole number (DEFINITIONS: half-up)."""
    with localcontext() as context:
        context.prec = 60
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(value: Decimal | str, currency: str) -> int:
    """Return an amount in units of the currency as whole minor units, rounded half-up."""
    with localcontext() as context:
        context.prec = 60
        return rounded(Decimal(value).scaleb(EXPONENTS.get(currency, 2)))


def to_units(minor: int, currency: str) -> Decimal:
    """Return minor units as a decimal amount: 1234, EUR → 12.34."""
    return Decimal(minor).scaleb(-EXPONENTS.get(currency, 2))


def converted(minor: int, currency: str, base: str, rate: str | Decimal) -> int:
    """Return minor units of the currency as minor units of the base; `rate`: units of currency for one of the base."""
    with localcontext() as context:
        context.prec = 60
        shift = EXPONENTS.get(base, 2) - EXPONENTS.get(currency, 2)
        return rounded((Decimal(minor) / Decimal(rate)).scaleb(shift))


def half_up(numerator: int, denominator: int) -> int:
    """Divide whole numbers, rounding half away from zero; 0 when the denominator is 0 (S1.6)."""
    if denominator == 0:
        return 0
    quotient, rest = divmod(abs(numerator), abs(denominator))
    quotient += 2 * rest >= abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient
