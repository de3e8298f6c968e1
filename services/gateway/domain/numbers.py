"""Short numbers (P21): each kind counts from 1 and is handed out in blocks, so that none is used twice. Pure."""

from __future__ import annotations

from contracts.gateway.commands import ReserveNumbers
from contracts.gateway.events import NumbersReserved
from services.kit.decider import Decider


def decide(command: ReserveNumbers, last: int) -> list[NumbersReserved]:
    """Return the next block after the last number taken."""
    return [NumbersReserved(kind=command.kind, first=last + 1, count=command.count)]


def evolve(_: int, event: NumbersReserved) -> int:
    """Return the last number taken."""
    return event.first + event.count - 1


NUMBERS: Decider[ReserveNumbers, int, NumbersReserved] = Decider("numbers", 0, decide, evolve)
