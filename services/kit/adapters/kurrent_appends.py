"""Appends to KurrentDB: what was asked twice, or whose answer was lost, is stored once and answered as done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from weakref import WeakValueDictionary

from kurrentdbclient import NewEvent as ProposedEvent

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import Unavailable, VersionConflict
from services.kit import crash
from services.kit.adapters.kurrent_connection import Connection
from services.kit.adapters.kurrent_errors import Lost, WrongVersion, unavailable
from services.kit.adapters.kurrent_events import INTERNAL, proposed
from services.kit.adapters.kurrent_reads import Reads
from services.kit.errors import Unusable
from services.kit.ports import Appended

_AGAIN = 0.05
"""Seconds before an append whose answer was lost is sent once more: a refused connection is told well below 200 ms."""


class Appends:
    """Appends of one process. Those to one stream go one after the other, in the order they were asked for."""

    def __init__(self, connection: Connection, reads: Reads) -> None:
        self._connection = connection
        self._reads = reads
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._live = 0
        self._calm = asyncio.Event()
        self._calm.set()

    async def live(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        """Store all events or none and return them too, as they are stored. Raises as `append`."""
        self._live += 1
        self._calm.clear()
        try:
            return await self.append(stream, events, expected, whole=True)
        finally:
            self._live -= 1
            if not self._live:
                self._calm.set()

    async def calm(self, patience: float) -> None:
        """Wait until no live append is under way, but so many seconds at most."""
        if self._live:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._calm.wait()

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int, *, whole: bool) -> Appended:
        """Store all events or none; `whole`: return them too.

        Raises VersionConflict, Unavailable, Invalid, Unusable, ValueError."""
        if not events:
            raise ValueError("an append needs at least one event")
        if stream.startswith(("$", f"{INTERNAL}-")):
            raise ValueError(f"{stream!r} cannot be the name of a stream: the event store keeps such names for itself")
        turn = self._turns.get(stream)
        if turn is None:
            turn = self._turns[stream] = asyncio.Lock()
        new = [proposed(event) for event in events]
        try:
            async with asyncio.timeout(2 * self._connection.deadline), turn:
                try:
                    position = await self._stored(stream, new, expected)
                except WrongVersion as wrong:
                    # A retry is none: the server answers it as done, by the ids of the events.
                    raise _conflict(stream, expected, wrong.actual) from None
                if whole or not 0 < position < 1 << 63:
                    return await self._read_back(stream, events, expected, whole=whole)
                return Appended(stream, expected + len(events), position)
        except Lost as lost:
            raise unavailable(lost) from lost
        except TimeoutError:
            raise Unavailable(f"{stream} is busy: the event store answers too slowly. Try again later.") from None

    async def _stored(self, stream: str, events: Sequence[ProposedEvent], expected: int) -> int:
        """Send the events; again if the answer was lost: the server knows them by their ids."""
        crash.point("append.before")
        try:
            position = await self._connection.append(stream, events, expected)
        except Lost as lost:
            if lost.late:
                raise
            await asyncio.sleep(_AGAIN)
            position = await self._connection.append(stream, events, expected)
        crash.point("append.committed")
        return position

    async def _read_back(self, stream: str, events: Sequence[NewEvent], expected: int, *, whole: bool) -> Appended:
        stored = await self._reads.stream(stream, expected, len(events))
        if not _same(stored, events, expected):
            raise Unusable(
                f"the event store took {len(events)} events for {stream} at version {expected} and has them not there: "
                "was the stream deleted or cut by somebody else?"
            )
        return Appended(stream, expected + len(events), stored[-1].position, stored if whole else [])


def _conflict(stream: str, expected: int, actual: int) -> VersionConflict:
    return VersionConflict(
        f"{stream} is at version {actual}, not at {expected}.", stream=stream, expected=expected, actual=actual
    )


def _same(stored: Sequence[RecordedEvent], events: Sequence[NewEvent], expected: int) -> bool:
    places = [(event.id, event.version) for event in stored]
    return places == [(event.id, expected + n) for n, event in enumerate(events, 1)]
