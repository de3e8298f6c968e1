"""Amounts of lines in the base currency, unrounded, by the rate that the event pinned (P10, DEFINITIONS). Pure."""

from __future__ import annotations

from decimal import Decimal, localcontext

from contracts.money import rounded
from services.analytics.projections.shapes import MICRO


def micro_in_base(minor: int, rate: str, local: int, base: int) -> int:
    """Return minor units of the fact's currency as millionths of minor base units; `rate`: units for one of the base.

    `local` and `base` are the fact's pinned totals: currencies may differ in their number of decimals (100 yen are 100
    minor units), and the totals show by what power of ten."""
    with localcontext() as context:
        context.prec = 60
        micro = Decimal(minor) * MICRO / Decimal(rate)
        shift = 0
        if local and base:  # rounded totals are wrong by less than a factor of two: far from the next power
            shift = int((abs(Decimal(base) / Decimal(local)) * Decimal(rate)).log10().to_integral_value())
        return rounded(micro.scaleb(shift))
