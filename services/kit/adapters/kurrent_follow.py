"""Following KurrentDB's log for ever: reads what is there, then listens; begins anew whenever the server was away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import structlog
from kurrentdbclient import AsyncReadResponse

from contracts.envelope import RecordedEvent
from services.kit.adapters.kurrent_connection import Connection, stopped
from services.kit.adapters.kurrent_errors import Lost, translated
from services.kit.adapters.kurrent_events import recorded
from services.kit.adapters.kurrent_reads import SLICE, Reads

PAUSES = (0.02, 0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts to reach a server that is away; the last one from then on."""
IDLE = 10.0
"""Seconds of silence after which the head is asked for: a subscription that died without a word is begun anew."""
_log = structlog.get_logger()


class Follower:
    """One reading of the log, begun behind a position. `end` makes it stop."""

    def __init__(self, connection: Connection, reads: Reads, after: int, idle: float = IDLE) -> None:
        self._connection = connection
        self._reads = reads
        self._position = after
        self._idle = idle
        self._ended = asyncio.Event()
        self._inbox: _Inbox | None = None
        self._failures = 0

    def end(self) -> None:
        """Send the reader home."""
        self._ended.set()
        if self._inbox is not None:
            self._inbox.end()

    async def batches(self) -> AsyncGenerator[list[RecordedEvent]]:
        """Yield all events behind the position, each once, in log order, until `end`. Raises Unusable."""
        while not self._ended.is_set():
            try:
                events = await self._reads.log(self._position, SLICE)
                head = 0 if events else await self._reads.head()
            except Lost as lost:
                await self._pause(lost)
                continue
            if events:
                self._arrived(events)
                yield events
            elif head <= self._position:
                # All is read; an event stands at the head, and what comes is behind it.
                async with contextlib.aclosing(self._live(head)) as live:
                    async for events in live:
                        yield events

    async def _live(self, head: int) -> AsyncGenerator[list[RecordedEvent]]:
        """Yield what comes behind the event at the head (0: all) until the subscription is lost."""
        try:
            subscription = await self._connection.subscribe(head or None)
            async with stopped(subscription), _Inbox(subscription) as self._inbox:
                while not self._ended.is_set():
                    events = await self._inbox.take(self._idle)
                    if not events and not self._ended.is_set() and await self._reads.head() > self._position:
                        raise Lost(f"the subscription was silent for {self._idle:g} s while events came")
                    events = [event for event in events if event.position > self._position]
                    if events:
                        self._arrived(events)
                        yield events
        except Lost as lost:
            await self._pause(lost)
        finally:
            self._inbox = None

    def _arrived(self, events: list[RecordedEvent]) -> None:
        self._position = events[-1].position
        self._reads.ended(self._position)
        if self._failures:
            _log.info("the event store answers again", position=self._position)
            self._failures = 0

    async def _pause(self, lost: Lost) -> None:
        if self._ended.is_set():
            return
        if not self._failures:
            _log.warning("the event store is away; following goes on when it is back", why=str(lost))
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), pause)


class _Inbox:
    """What a subscription brought and nobody took yet."""

    def __init__(self, subscription: AsyncReadResponse) -> None:
        self._subscription = subscription
        self._arrived: asyncio.Queue[RecordedEvent | Exception | None] = asyncio.Queue(SLICE)

    async def __aenter__(self) -> _Inbox:
        self._task = asyncio.create_task(self._fill())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    def end(self) -> None:
        """Wake the taker."""
        if not self._arrived.full():
            self._arrived.put_nowait(None)

    async def take(self, patience: float) -> list[RecordedEvent]:
        """Return all that is here, waiting for the first; [] if none came in time or it was ended.

        Raises what ended the subscription once everything before it was taken."""
        try:
            async with asyncio.timeout(patience):
                item = await self._arrived.get()
        except TimeoutError:
            return []
        events: list[RecordedEvent] = []
        while isinstance(item, RecordedEvent):
            events.append(item)
            if self._arrived.empty():
                return events
            item = self._arrived.get_nowait()
        if item is not None:
            if not events:
                raise item
            self._arrived.put_nowait(item)
        return events

    async def _fill(self) -> None:
        try:
            with translated():
                async for event in self._subscription:
                    await self._arrived.put(recorded(event))
            await self._arrived.put(Lost("the subscription ended"))
        except Exception as error:  # noqa: BLE001 - raised again where it is taken
            await self._arrived.put(error)
