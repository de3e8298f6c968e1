"""The newest events of the log in memory: what live followers read, and what wakes them. Belongs to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from contracts.envelope import RecordedEvent


class LogTail:
    """Events at the end of a log whose positions have no gap, at most about `most` and `most_bytes` of data."""

    def __init__(self, head: int, most: int = 20_000, most_bytes: int = 32 << 20) -> None:
        self.head = head
        """Position of the newest event."""
        self.closed = False
        self._most = most
        self._most_bytes = most_bytes
        self._events: list[RecordedEvent] = []
        self._bytes = 0
        self._grown = asyncio.Event()

    def extend(self, events: Sequence[RecordedEvent]) -> None:
        """Add the events that follow the head and wake everybody who waits for them."""
        self._events += events
        self.head = events[-1].position
        self._bytes += sum([len(event.data) for event in events])
        if len(self._events) > self._most or self._bytes > self._most_bytes:
            self._shorten()
        self._wake()

    def after(self, position: int, limit: int) -> list[RecordedEvent] | None:
        """Return up to `limit` events behind the position; None if not all of them are in memory."""
        start = position - self.head + len(self._events)
        return self._events[start : start + limit] if start >= 0 else None

    async def grown(self, position: int) -> bool:
        """Wait until there are events behind the position; False: the log was closed."""
        while self.head <= position and not self.closed:
            await self._grown.wait()
        return not self.closed

    def close(self) -> None:
        """Send everybody home who waits."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        # Those who wait were woken by `set` and look for themselves; those who come later wait for the next time.
        self._grown.set()
        self._grown.clear()

    def _shorten(self) -> None:
        # A quarter at once, so that the list is moved seldom.
        spare = 0
        keep_bytes = self._most_bytes * 3 // 4
        keep = self._most * 3 // 4
        for event in self._events:
            if len(self._events) - spare <= keep and self._bytes <= keep_bytes:
                break
            self._bytes -= len(event.data)
            spare += 1
        del self._events[:spare]
