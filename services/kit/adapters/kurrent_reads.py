"""Reads of KurrentDB's log and streams in slices, from any position, also one that no event has."""

from __future__ import annotations

import contextlib
import re
from collections import OrderedDict
from collections.abc import Collection

from contracts.envelope import RecordedEvent
from services.kit.adapters.kurrent_connection import Connection
from services.kit.adapters.kurrent_errors import InvalidPosition
from services.kit.adapters.kurrent_events import recorded

SLICE = 1_000
"""Events one call reads."""
FEW = 50
"""From so many events on a reading is worth a thread."""
_PLACES = 1_000
"""Ends of readings that are remembered."""


class Reads:
    """What the port reads. Everything raises Lost and Unusable.

    The server begins a read *at* an event and refuses positions between events, of which the port knows nothing: it
    asks for what comes after any number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._places: OrderedDict[int, None] = OrderedDict()

    def ended(self, position: int) -> None:
        """Note that a reading ended with the event at this position: the next one may begin there."""
        self._places[position] = None
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)

    async def stream(self, name: str, after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events of the stream with version > after, in order."""
        found: list[RecordedEvent] = []
        while len(found) < limit:
            size = min(limit - len(found), SLICE)
            part = await self._connection.read_stream(name, after, size)
            found += [recorded(event) for event in part]
            if len(part) < size:
                break
            after = found[-1].version
        return found

    async def log(self, after: int, limit: int, types: Collection[str] | None = None) -> list[RecordedEvent]:
        """Return up to `limit` events (of these types) with position > after, in log order.

        The server picks the types while it walks its log, and sends nothing else; it looks at some hundred thousand
        events a second."""
        pattern = "" if types is None else "(?:" + "|".join(re.escape(name) for name in sorted(types)) + ")"
        found: list[RecordedEvent] = []
        while len(found) < limit:
            part, ended = await self._slice(after, min(limit - len(found), SLICE), pattern)
            if part:
                after = part[-1].position
                found += part if types is None else [event for event in part if event.type in types]
            if ended:
                break
        return found

    async def head(self) -> int:
        """Return the position of the newest event; 0 for an empty log."""
        newest = await self._connection.read_all(None, 1, backwards=True)
        return newest[0].commit_position if newest else 0

    async def _slice(self, after: int, size: int, pattern: str) -> tuple[list[RecordedEvent], bool]:
        """Return up to `size` events with position > after; and if there are no more."""
        if after <= 0:
            return await self._from(None, after, size, pattern)
        # Mostly this reading's last event, which comes along then; or the number before an event, asked for by itself.
        for start in (after, after + 1) if after in self._places else (after + 1, after):
            with contextlib.suppress(InvalidPosition):
                return await self._from(start, after, size, pattern)
        return await self._from(await self._before(after), after, size, pattern)

    async def _from(self, start: int | None, after: int, size: int, pattern: str) -> tuple[list[RecordedEvent], bool]:
        # One more than wanted: the event at the start may come along.
        if size < FEW:
            told = await self._connection.read_all(start, size + 1, pattern=pattern)
            part = [recorded(event) for event in told]
        else:
            part = await self._connection.read_log(start, size + 1, pattern)
        events = [event for event in part if event.position > after][:size]
        if events:
            self.ended(events[-1].position)
        return events, len(part) <= size

    async def _before(self, position: int) -> int | None:
        """Return the position of the last event before one that no event has: only a wrong caller asks for it.

        Behind the end it is the head, elsewhere the log is read up to there."""
        head = await self.head()
        if head <= position:
            return head or None
        before: int | None = None
        while True:
            part = await self._connection.read_all(before, SLICE)
            lower = [event.commit_position for event in part if event.commit_position <= position]
            if lower:
                before = lower[-1]
            if len(lower) < len(part) or len(part) < SLICE:
                return before
