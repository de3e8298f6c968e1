"""What a worker does about lanes that stand: it raises the alarm, tells everybody, and goes on when somebody decides so
(DESIGN 5, ADR 0005, 0021)."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

import structlog

from services.kit import clock
from services.kit.documents import LaneMoved
from services.kit.lane import Lane, Stop
from services.kit.ports import Bus, Documents
from services.kit.stops import Stood, Stops
from services.kit.telemetry import METRICS

log = structlog.get_logger(__name__)
LOOK = 0.5
"""Seconds between two looks whether the event at which a lane stands is to be passed."""


class Standing:
    """The lanes of one versioned group that stand in this process. `name`: of its projection."""

    def __init__(self, name: str, group: str, bus: Bus, documents: Documents, log_id: str) -> None:
        self._name = name
        self._group = group
        self._bus = bus
        self._documents = documents
        self._log_id = log_id
        self._stops = Stops(documents, log_id)
        self._due = 0.0

    async def define(self) -> None:
        """Make what is needed in the document store, if missing. Raises Unavailable."""
        await self._stops.define()

    async def begin(self, lane: Lane, stop: Stop) -> None:
        """Stop the lane, with an alarm, where every process sees it. Raises Unavailable."""
        lane.stop = stop
        METRICS.stopped.labels(self._name, str(lane.number)).set(1)
        stop.announce(self._group, lane.number)
        self._due = 0.0
        await self._stops.note(self._stood(lane, stop))

    def end(self, lane: Lane) -> None:
        """Take the alarm back: the lane goes on, or it is not ours."""
        lane.stop = None
        METRICS.stopped.labels(self._name, str(lane.number)).set(0)

    async def mind(self, lanes: Iterable[Lane]) -> list[Lane]:
        """Pass events of these lanes that were decided to be passed, now and then; return the lanes that are another
        worker's by now. Raises Unavailable."""
        lost: list[Lane] = []
        if monotonic() >= self._due:
            self._due = monotonic() + LOOK
            for lane in lanes:
                if lane.stop is not None:
                    try:
                        await self._pass(lane, self._stood(lane, lane.stop))
                    except LaneMoved:
                        lost.append(lane)
        return lost

    async def _pass(self, lane: Lane, stood: Stood) -> None:
        """Pass the event if that was decided: the group is incomplete until a rebuild. Raises LaneMoved."""
        decision = await self._stops.decided(stood)
        if decision is None:
            return
        positions = lane.positions | {stood.topic: (stood.position, stood.event_id)}
        await self._documents.commit(self._group, lane.number, lane.rev, positions, [], incomplete=True)
        lane.positions = positions
        log.warning(
            "event skipped",
            group=self._group,
            lane=lane.number,
            position=stood.position,
            event_id=stood.event_id,
            type=stood.event_type,
            who=decision.who,
            why=decision.why,
        )
        self.end(lane)
        await self._bus.resend(self._group, lane.number)

    def _stood(self, lane: Lane, stop: Stop) -> Stood:
        return Stood(
            projection=self._name,
            group=self._group,
            lane=lane.number,
            rev=lane.rev,
            log_id=self._log_id,
            topic=stop.event.topic,
            position=stop.event.position,
            event_id=stop.event.id,
            event_type=stop.event.type,
            reason=stop.reason,
            since=clock.now(),
        )
