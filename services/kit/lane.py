"""A lane that a runner owns: its revision, positions, cached documents, and why it stands if it does (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from contracts.envelope import RecordedEvent
from services.kit.context import Cache
from services.kit.documents import Positions
from services.kit.ports import Batch
from services.kit.tracing.span import failed_here

log = structlog.get_logger(__name__)
Place = tuple[str, int, int]
"""(topic, lane, position); lane -1: every lane."""


@dataclass
class Stop:
    """Why a lane stands: the event that could not be folded, and what went wrong."""

    event: RecordedEvent
    reason: str

    def announce(self, group: str, lane: int) -> None:
        """Raise the alarm in the log. `group`: the versioned group."""
        failed_here("LaneStopped")
        log.error(
            "lane stopped: an event cannot be folded; see `voronka skip`",
            group=group,
            lane=lane,
            position=self.event.position,
            event_id=self.event.id,
            type=self.event.type,
            reason=self.reason,
        )


@dataclass
class Lane:
    """A lane this runner owns."""

    number: int
    rev: int
    positions: Positions
    cache: Cache = field(default_factory=Cache)
    stop: Stop | None = None
    unsaved: int = 0
    """Batches that were passed without a commit, the first of them at `passed_at` (a clock that only runs forward)."""
    passed_at: float = 0.0
    busy: bool = True
    """Background work of the projection may be left."""
    elsewhere: bool = False
    """The work looked at other lanes too: what it waits for may be done by another process."""
    watched: frozenset[str] | None = None
    """Collections that the work looked at when there was nothing to do: only their change can make some. None: any."""


@dataclass
class Fresh:
    """What is new in a batch: its events, the positions after them, and whether one before the next is missing."""

    events: list[RecordedEvent]
    moved: Positions
    gap: bool


def fresh(batch: Batch, positions: Positions) -> Fresh:
    """Return what of a batch lies behind these positions, up to the first gap (DESIGN 5)."""
    found = Fresh([], {}, False)
    for delivered in batch.events:
        event = delivered.event
        at = (found.moved.get(event.topic) or positions.get(event.topic, (0, "")))[0]
        if event.position <= at:
            continue
        if delivered.prev != at:
            found.gap = True
            break
        found.moved[event.topic] = (event.position, event.id)
        found.events.append(event)
    return found


async def end(deliveries: AsyncIterator[Batch]) -> None:
    """End deliveries now, wherever they are: a bus must not believe that a reader which stopped still reads."""
    if isinstance(deliveries, AsyncGenerator):
        await deliveries.aclose()


class Placed(Protocol):
    """Whatever tells how far a lane is."""

    positions: Positions


class Waiters:
    """Those who wait until lanes have folded up to certain places."""

    def __init__(self, lanes: Mapping[int, Placed]) -> None:
        self._lanes = lanes
        self._waiting: list[tuple[list[Place], asyncio.Future[None]]] = []

    def reached(self, needed: list[Place]) -> bool:
        """Tell whether each place is folded."""
        for topic, number, position in needed:
            lanes = list(self._lanes.values()) if number < 0 else [self._lanes.get(number)]
            if not lanes or any(lane is None or lane.positions.get(topic, (0, ""))[0] < position for lane in lanes):
                return False
        return True

    async def wait(self, needed: list[Place], seconds: float) -> bool:
        """Wait until `reached`, at most so long; False if it was not."""
        if self.reached(needed):
            return True
        entry = (needed, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            await asyncio.wait_for(entry[1], seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(entry)
        return True

    def wake(self) -> None:
        """Let those go whose places are folded now."""
        for needed, future in self._waiting:
            if not future.done() and self.reached(needed):
                future.set_result(None)
