"""The event store on KurrentDB or EventStoreDB (23.10 or newer), for the distributed profile (DESIGN 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import Unavailable
from services.kit.adapters.kurrent_appends import Appends
from services.kit.adapters.kurrent_connection import DEADLINE, Connection
from services.kit.adapters.kurrent_errors import Lost, unavailable
from services.kit.adapters.kurrent_follow import IDLE, Follower
from services.kit.adapters.kurrent_import import Import
from services.kit.adapters.kurrent_log_id import log_id
from services.kit.adapters.kurrent_newest import Newest
from services.kit.adapters.kurrent_reads import Reads
from services.kit.ports import Append, Appended

T = TypeVar("T")


class KurrentEventStore:
    """The port EventStore. Make it with `open`; it belongs to the event loop it was opened in.

    A version is the position in the server's stream plus one; a position is the server's commit position, so they grow
    with gaps. An answer that was lost is asked for again; where it stays unknown the caller gets Unavailable, and the
    same events again are answered as done."""

    system = "kurrentdb"

    def __init__(self, connection: Connection, log_id: str, idle: float) -> None:
        self._connection = connection
        self._log_id = log_id
        self._idle = idle
        self._reads = Reads(connection)
        self._appends = Appends(connection, self._reads)
        self._newest = Newest(connection, self._reads)
        self._followers: set[Follower] = set()
        self._closing = False
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @classmethod
    async def open(cls, uri: str, *, deadline: float = DEADLINE, idle: float = IDLE) -> KurrentEventStore:
        """Connect and learn the log's id, making it in a new log.

        `uri`: the client's connection string, e.g. `kurrentdb://user:password@host:2113?tls=true&tlsCaFile=...`, or
        `kurrentdb+discover://...` for a cluster. `deadline`: seconds a call may take. `idle`: seconds after which a
        silent subscription is doubted. Raises Unavailable while the server is away, Unusable for a wrong address or
        password."""
        connection = Connection(uri, deadline)
        try:
            return cls(connection, await log_id(connection), idle)
        except BaseException as error:
            await connection.close()
            if isinstance(error, Lost):
                raise unavailable(error) from error
            raise

    @property
    def log_id(self) -> str:
        """Id of this log, for ever."""
        return self._log_id

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        """Store all events or none, durably; see the port."""
        with self._working():
            return await self._appends.live(stream, events, expected)

    async def append_many(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many streams' events beside the live appends; see the port. `Appended.events` stays empty here."""
        with self._working():
            return await Import(self._appends, appends, lambda: self._closing).run()

    async def read(self, stream: str, after: int = 0) -> list[RecordedEvent]:
        """Return the stream's events with version > after, in order."""
        return await self._asked(self._reads.stream(stream, after, 1 << 62))

    async def read_all(self, after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events with position > after, in log order."""
        events = await self._asked(self._reads.log(after, limit))
        self._newest.saw(after, events)
        return events

    async def read_types(self, types: frozenset[str], after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events of these types with position > after, in log order."""
        self._check_open()
        return await self._asked(self._reads.log(after, limit, types)) if types else []

    async def follow(self, after: int) -> AsyncIterator[list[RecordedEvent]]:
        """Yield all events with position > after as they come, also when the server was away; ends when closed."""
        if self._closing:
            return
        follower = Follower(self._connection, self._reads, after, self._idle)
        self._followers.add(follower)
        try:
            async with contextlib.aclosing(follower.batches()) as batches:
                async for events in batches:
                    self._newest.saw(after, events)
                    after = events[-1].position
                    yield events
        finally:
            self._followers.discard(follower)

    async def newest(self) -> int:
        """Return the latest business time of all events, UTC ms; 0 for an empty log."""
        return await self._asked(self._newest.newest())

    async def head(self) -> int:
        """Return the position of the newest event; 0 for an empty log."""
        return await self._asked(self._reads.head())

    async def close(self) -> None:
        """Answer the appends that wait, give up imports, end followers, then close the connection; bounded in time."""
        if self._closing:
            return
        self._closing = True
        for follower in self._followers:
            follower.end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), self._connection.deadline)
        await self._connection.close()

    # ---------------------------------------------------------------- inside

    async def _asked(self, reading: Coroutine[Any, Any, T]) -> T:
        if self._closing:
            reading.close()
        self._check_open()
        try:
            return await reading
        except Lost as lost:
            raise unavailable(lost) from lost

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        self._check_open()
        self._under_way += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()

    def _check_open(self) -> None:
        if self._closing:
            raise Unavailable("The log is closed.")
