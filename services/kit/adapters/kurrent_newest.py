"""The latest business time in KurrentDB's log: exact, by reading what came since a note that it keeps there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec
from kurrentdbclient import NewEvent

from contracts.envelope import RecordedEvent
from services.kit.adapters.kurrent_connection import Connection
from services.kit.adapters.kurrent_errors import Lost, WrongVersion
from services.kit.adapters.kurrent_events import INTERNAL
from services.kit.adapters.kurrent_reads import SLICE, Reads

STREAM = f"{INTERNAL}-newest"
EVERY = 20_000
"""Events read after which a note is written: no later process reads them again for this."""


class Note(msgspec.Struct, rename="camel"):
    """Up to the position no event is later than `newest` (UTC ms)."""

    position: int = 0
    newest: int = 0


class Newest:
    """Knows the latest time up to a position. What others read anyway is told by `saw`, so that little is left."""

    def __init__(self, connection: Connection, reads: Reads) -> None:
        self._connection = connection
        self._reads = reads
        self._asking = asyncio.Lock()
        self._version: int | None = None
        """Of the notes' stream; None: not looked at yet."""
        self._known = Note()
        self._unnoted = 0

    def saw(self, after: int, events: Sequence[RecordedEvent]) -> None:
        """Take note of all events that follow on a position."""
        known = self._known
        if events and after <= known.position < events[-1].position:
            self._known = Note(events[-1].position, max(known.newest, *(event.occurred_at for event in events)))
            self._unnoted += len(events)

    async def newest(self) -> int:
        """Return the latest occurred_at of all events, UTC ms; 0 for an empty log. Raises Lost and Unusable."""
        async with self._asking:
            if self._version is None:
                await self._recall()
            while True:
                after = self._known.position
                events = await self._reads.log(after, SLICE)
                self.saw(after, events)
                if self._unnoted >= EVERY:
                    await self._write()
                if len(events) < SLICE:
                    return self._known.newest

    async def _recall(self) -> None:
        notes = await self._connection.read_stream(STREAM, backwards=True)
        self._version = notes[0].stream_position + 1 if notes else 0
        if notes:
            note = msgspec.json.decode(notes[0].data, type=Note)
            if note.position > self._known.position:
                self._known = note

    async def _write(self) -> None:
        # Without it the next process reads a little more; so a failure, or somebody else's note, does not matter.
        note = NewEvent(type=f"{INTERNAL}.Newest.v1", data=msgspec.json.encode(self._known))
        with contextlib.suppress(Lost, WrongVersion):
            await self._connection.append(STREAM, [note], self._version or 0)
        self._version = None
        self._unnoted = 0
        await self._recall()
