"""Revenue of single lines in millionths of minor base units: converted unrounded, sums are rounded (DEFINITIONS)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import log10

from services.analytics.projections.shapes import MICRO


def shift_of(local: int, base: int, rate: Decimal) -> int:
    """Return by how many decimals the base currency's minor units are finer than the local ones, as pinned totals show.

    JPY 1,000 = 6.25 EUR at 160: local 1000, base 625, shift 2. 0 when the totals are too small to tell."""
    if not local or not base:
        return 0
    return round(log10(abs(base) / abs(local) * float(rate)))


def in_base(amount: int, local: int, base: int, rate: str) -> int:
    """Return a line's amount (local minor units) in millionths of minor base units; `local` and `base` are the pinned
    totals of the whole sale in both currencies, `rate` the pinned rate."""
    with localcontext() as context:
        context.prec = 40
        if rate == "1" and local == base:
            return amount * MICRO
        divisor = Decimal(rate)
        return round((Decimal(amount) * MICRO / divisor).scaleb(shift_of(local, base, divisor)))
