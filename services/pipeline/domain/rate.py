"""Exchange rates of one currency, a rate a day; facts keep the rate pinned when they were stored (P10). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from contracts.pipeline.commands import SetRate
from contracts.pipeline.events import RateSet
from contracts.problem import Invalid
from services.kit.decider import Decider


@dataclass(frozen=True)
class Rates:
    """By day (UTC): (base currency, units of this currency for one unit of the base)."""

    by_day: dict[str, tuple[str, str]] = field(default_factory=dict)


def decide(command: SetRate, rates: Rates) -> list[RateSet]:
    """Raise Invalid (currency)."""
    base = command.base
    if base is None:
        raise Invalid("set the base currency in the settings first", field="currency")
    if base == command.currency:
        raise Invalid("the base currency needs no rate", field="currency")
    stored = rates.by_day.get(command.day)
    if stored is not None and stored[0] == base and Decimal(stored[1]) == Decimal(command.rate):
        return []
    return [RateSet(currency=command.currency, base=base, day=command.day, rate=command.rate)]


def evolve(rates: Rates, event: RateSet) -> Rates:
    """Return the rates after the event."""
    return Rates(rates.by_day | {event.day: (event.base, event.rate)})


RATE: Decider[SetRate, Rates, RateSet] = Decider("rate", Rates(), decide, evolve)
