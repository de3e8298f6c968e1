"""How a group of read models stands: for status pages, `verify` and `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.kit.engine import Engine


@dataclass(frozen=True, slots=True)
class Standing:
    """One lane of a group. `finding`: what is wrong in plain words, empty if nothing is."""

    group: str
    lane: int
    finding: str


async def standing(engine: Engine, name: str) -> list[Standing]:
    """Return how each lane of a projection stands."""
    runner = engine.runners[name]
    async with engine.reading() as reader:
        stored = {state.lane: state for state in await reader.lanes(runner.group)}
    found: list[Standing] = []
    for number, lane in sorted(runner.lanes.items()):
        finding = ""
        if lane.stop is not None:
            event = lane.stop.event
            finding = (
                f"{name} lane {number} stands at position {event.position} ({event.type}): {lane.stop.reason}; "
                "see `voronka skip`"
            )
        elif number in stored and stored[number].incomplete:
            finding = f"{name} lane {number} is incomplete: an event was skipped; run `voronka rebuild`"
        found.append(Standing(runner.group, number, finding))
    return found
