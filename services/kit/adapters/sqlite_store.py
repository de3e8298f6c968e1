"""The event store in one SQLite file: an append is answered after its commit is on disk (WAL, synchronous=FULL)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import Unavailable
from services.kit.adapters import sqlite_log as log
from services.kit.adapters.log_tail import LogTail
from services.kit.adapters.sqlite_checkpoint import Checkpointer
from services.kit.adapters.sqlite_files import OwnedFile, own
from services.kit.adapters.sqlite_writer import Ask, Import, Outcome, Writer
from services.kit.ports import Append, Appended

T = TypeVar("T")
P = ParamSpec("P")
INLINE = 200
"""Events of a stream that are read in the event loop itself: quicker than to ask another thread."""


class SqliteEventStore:
    """The port EventStore. Make it with `open`; it belongs to the event loop it was opened in, and the file to it."""

    system = "sqlite"

    def __init__(self, path: Path, file: OwnedFile) -> None:
        self._path = path
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._inline = log.reader(path)
        self._idle: list[sqlite3.Connection] = []
        self._checkpoints = Checkpointer(path)
        self._writer = Writer(file.connection, self._checkpoints, self._loop, self._published)
        self._tail = LogTail(self._writer.position)
        self._checkpoints.start()
        self._writer.start()

    @classmethod
    async def open(cls, path: Path) -> SqliteEventStore:
        """Open the log, making it if there is none. Raises NewerData or Unusable."""
        file = await asyncio.to_thread(own, path, log.LOG, cache_kib=32_768)
        # The checkpointer does it, beside the writer.
        file.connection.execute("PRAGMA wal_autocheckpoint = 0")
        return cls(path, file)

    @property
    def log_id(self) -> str:
        """Id of this log, for ever."""
        return self._file.meta["log_id"]

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        """Store all events or none, durably; see the port."""
        self._check_open()
        done: asyncio.Future[Outcome] = self._loop.create_future()
        self._writer.submit(Ask(stream, _some(events), expected, done))
        outcome = await done
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def append_many(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many streams' events behind the live appends; see the port. What cannot be stored now has Unavailable.

        `Appended.events` stays empty here: an import may be larger than the memory."""
        self._check_open()
        asks = [Ask(append.stream, _some(append.events), append.expected) for append in appends]
        if asks:
            work = Import(asks, self._loop.create_future())
            self._writer.submit(work)
            await work.done
        return [ask.outcome for ask in asks if ask.outcome is not None]

    async def read(self, stream: str, after: int = 0) -> list[RecordedEvent]:
        """Return the stream's events with version > after, in order."""
        self._check_open()
        try:
            events = log.in_stream(self._inline, stream, after, INLINE)
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        if len(events) == INLINE:
            events += await self._apart(log.rest_of_stream, stream, events[-1].version)
        return events

    async def read_all(self, after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events with position > after, in log order."""
        self._check_open()
        found: list[RecordedEvent] = []
        while len(found) < limit:
            part = await self._part(after, limit - len(found))
            if not part:
                break
            found += part
            after = part[-1].position
        return found

    async def read_types(self, types: frozenset[str], after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events of these types with position > after, in log order; quick however rare."""
        self._check_open()
        return await self._apart(log.in_types, types, after, limit)

    async def follow(self, after: int) -> AsyncIterator[list[RecordedEvent]]:
        """Yield all events with position > after as they come; ends when the store is closed."""
        while await self._tail.grown(after):
            events = await self._part(after, log.SLICE)
            after = events[-1].position
            yield events

    async def newest(self) -> int:
        """Return the latest business time of all events, UTC ms; 0 for an empty log."""
        self._check_open()
        return await self._apart(log.newest)

    async def head(self) -> int:
        """Return the position of the newest event."""
        return self._tail.head

    async def close(self) -> None:
        """Answer the appends that wait, then close the file."""
        if self._tail.closed:
            return
        self._tail.close()
        self._writer.stop()
        await asyncio.to_thread(self._writer.join)
        self._checkpoints.stop()
        await asyncio.to_thread(self._checkpoints.join)
        for connection in (self._inline, *self._idle):
            connection.close()
        self._file.close()

    # ---------------------------------------------------------------- inside

    def _published(self, events: list[RecordedEvent], done: Sequence[Ask | Import]) -> None:
        if events:
            self._tail.extend(events)
        for job in done:
            if job.done is None or job.done.done():
                continue  # The caller was cancelled meanwhile.
            if isinstance(job, Import):
                job.done.set_result(None)
            elif job.outcome is not None:
                job.done.set_result(job.outcome)

    async def _part(self, after: int, limit: int) -> list[RecordedEvent]:
        part = self._tail.after(after, limit)
        return await self._apart(log.in_log, after, min(limit, log.SLICE)) if part is None else part

    async def _apart(
        self, read: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read in another thread, with a connection that nobody else uses meanwhile."""

        def work() -> T:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = log.reader(self._path)
            try:
                return read(connection, *args, **kwargs)
            finally:
                if self._tail.closed:
                    connection.close()
                else:
                    self._idle.append(connection)

        try:
            return await asyncio.to_thread(work)
        except sqlite3.Error as error:
            raise _unreadable(error) from error

    def _check_open(self) -> None:
        if self._tail.closed:
            raise Unavailable("The log is closed.")


def _some(events: Sequence[NewEvent]) -> Sequence[NewEvent]:
    if not events:
        raise ValueError("an append needs at least one event")
    return events


def _unreadable(error: sqlite3.Error) -> Unavailable:
    return Unavailable(f"The log cannot be read now ({error}). Try again later.")
