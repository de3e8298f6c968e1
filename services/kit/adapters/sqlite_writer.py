"""The one thread that writes the log: takes all appends that wait, stores them by one commit, answers them at once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import Unavailable, VersionConflict
from services.kit import clock, crash
from services.kit.adapters import sqlite_log as log
from services.kit.adapters.sqlite_checkpoint import Checkpointer
from services.kit.ports import Appended

Outcome = Appended | Exception
GROUP = 2_000
"""Events of waiting live appends that one commit takes at most."""
SLICE = 500
"""Events of an import that one commit takes: live appends wait no longer than this takes, some milliseconds."""
HEADS = 50_000
"""Streams whose version is kept in memory."""


@dataclass(slots=True, eq=False)
class Ask:
    """One append that waits for its outcome; `done` is None inside an import."""

    stream: str
    events: Sequence[NewEvent]
    expected: int
    done: asyncio.Future[Outcome] | None = None
    outcome: Outcome | None = None


@dataclass(slots=True, eq=False)
class Import:
    """Many appends that are stored slice by slice behind the live ones."""

    asks: list[Ask]
    done: asyncio.Future[None]
    next: int = 0

    def slice(self) -> list[Ask]:
        """Return the appends whose turn it is: a stream's part is never cut."""
        first, size = self.next, 0
        while self.next < len(self.asks) and (size == 0 or size + len(self.asks[self.next].events) <= SLICE):
            size += len(self.asks[self.next].events)
            self.next += 1
        return self.asks[first : self.next]


Publish = Callable[[list[RecordedEvent], Sequence[Ask | Import]], None]
"""Called in the event loop after each commit: the events that are durable now, and who got an outcome."""


class Writer(Thread):
    """Owns the writing connection. Everything but `submit` and `stop` happens in its thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        checkpoints: Checkpointer,
        loop: asyncio.AbstractEventLoop,
        publish: Publish,
    ) -> None:
        super().__init__(name="log-writer", daemon=True)
        self._connection = connection
        self._checkpoints = checkpoints
        self._loop = loop
        self._publish = publish
        self._inbox: SimpleQueue[Ask | Import | None] = SimpleQueue()
        self._live: list[Ask] = []
        self._imports: deque[Import] = deque()
        self._stopping = False
        self._unsure = False
        self._heads: OrderedDict[str, int] = OrderedDict()
        self.position, self._recorded_at = log.last(connection)

    def submit(self, job: Ask | Import) -> None:
        """Queue an append."""
        self._inbox.put(job)

    def stop(self) -> None:
        """Answer the live appends that wait, give up imports, end the thread."""
        self._inbox.put(None)

    def run(self) -> None:
        """Serve the two queues in turn, until stopped."""
        while True:
            self._collect()
            if self._live:
                asks, self._live = self._live, []
                self._settle(asks, asks)
            if self._imports and not self._stopping:
                work = self._imports[0]
                asks = work.slice()
                finished = work.next == len(work.asks)
                if finished:
                    self._imports.popleft()
                self._settle(asks, [work] if finished else [])
            if self._stopping and not self._live and self._inbox.empty():
                self._give_up()
                return

    def _collect(self) -> None:
        """Take what waits; sleep only if nothing at all is to be done."""
        size = 0
        inbox = self._inbox
        while size < GROUP:
            if inbox.empty() and (self._live or self._imports or self._stopping):
                return
            match inbox.get():
                case None:
                    self._stopping = True
                case Import() as work:
                    self._imports.append(work)
                case ask:
                    self._live.append(ask)
                    size += len(ask.events)

    def _settle(self, asks: Sequence[Ask], done: Sequence[Ask | Import]) -> None:
        events = self._store(asks)
        self._tell(events, done)
        self._checkpoints.wrote(self._connection, len(events))

    def _tell(self, events: list[RecordedEvent], done: Sequence[Ask | Import]) -> None:
        if events or done:
            try:
                self._loop.call_soon_threadsafe(self._publish, events, done)
            except RuntimeError:
                self._stopping = True  # The loop is closed: nobody is left to be told.

    def _give_up(self) -> None:
        for work in self._imports:
            for ask in work.asks[work.next :]:
                ask.outcome = Unavailable("The log is being closed.")
        self._tell([], list(self._imports))

    # ---------------------------------------------------------------- one commit

    def _store(self, asks: Sequence[Ask]) -> list[RecordedEvent]:
        """Give every append its outcome; return the events that became durable."""
        found: list[RecordedEvent] = []
        try:
            if self._unsure:
                found = self._look_again()
            events, heads = self._stage(asks)
            if events:
                self._commit(events)
                self.position = events[-1].position
                self._recorded_at = events[-1].recorded_at
            self._remember(heads)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives on and every caller is answered
            self._unsure = True
            if len(asks) > 1 and not _of_the_disk(error):
                # Something in one of them cannot be stored: that one must not take its neighbours with it.
                return found + [event for ask in asks for event in self._store([ask])]
            for ask in asks:
                ask.outcome = _unavailable(error) if _of_the_disk(error) else error
            return found
        return found + events

    def _stage(self, asks: Sequence[Ask]) -> tuple[list[RecordedEvent], dict[str, int]]:
        """Decide in memory who may append; return the events to store and their streams' new versions."""
        heads = self._versions(asks)
        now = max(clock.now(), self._recorded_at)
        position = self.position
        staged: list[RecordedEvent] = []
        for ask in asks:
            stream, version = ask.stream, heads[ask.stream]
            if version != ask.expected:
                ask.outcome = self._retried(ask, version, staged) or _conflict(ask, version)
                continue
            first = len(staged)
            for event in ask.events:
                position += 1
                version += 1
                staged.append(log.recorded(event, stream, version, position, now))
            heads[stream] = version
            # An import may be as large as the log: its events are not handed back.
            ask.outcome = Appended(stream, version, position, staged[first:] if ask.done else [])
        return staged, heads

    def _versions(self, asks: Sequence[Ask]) -> dict[str, int]:
        known = self._heads
        heads: dict[str, int] = {}
        unknown: list[str] = []
        for ask in asks:
            stream = ask.stream
            if stream in known:
                heads[stream] = known[stream]
                known.move_to_end(stream)
            elif stream not in heads:
                heads[stream] = 0
                unknown.append(stream)
        if unknown:
            heads.update(log.heads(self._connection, unknown))
        return heads

    def _remember(self, heads: dict[str, int]) -> None:
        self._heads.update(heads)
        while len(self._heads) > HEADS:
            self._heads.popitem(last=False)

    def _retried(self, ask: Ask, head: int, staged: Sequence[RecordedEvent]) -> Appended | None:
        """Return where the very same events are, if they are at the very place they were sent to before."""
        last = ask.expected + len(ask.events)
        if not ask.expected < last <= head:
            return None
        stored = log.in_stream(self._connection, ask.stream, ask.expected, len(ask.events))
        stored += [e for e in staged if e.stream == ask.stream and ask.expected < e.version <= last]
        if [event.id for event in stored] != [event.id for event in ask.events]:
            return None
        return Appended(ask.stream, last, stored[-1].position, stored if ask.done else [])

    def _commit(self, events: list[RecordedEvent]) -> None:
        crash.point("append.before")
        if len(events) <= log.ROWS:
            log.insert(self._connection, events)  # A statement alone is a transaction.
        else:
            self._connection.execute("BEGIN IMMEDIATE")
            for start in range(0, len(events), log.ROWS):
                log.insert(self._connection, events[start : start + log.ROWS])
            crash.point("append.inserted")
            self._connection.execute("COMMIT")
        crash.point("append.committed")

    def _look_again(self) -> list[RecordedEvent]:
        """After an error believe the file alone; return events that it holds although their commit seemed to fail.

        The small write shows that the disk takes writes again, and overwrites what the failed commit left in the WAL:
        otherwise a crash now could bring back events that were answered as not stored."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._heads.clear()
        self._connection.execute(
            "INSERT INTO meta VALUES ('recovered_at', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (str(clock.now()),),
        )
        position, self._recorded_at = log.last(self._connection)
        found = log.in_log(self._connection, self.position, position - self.position)
        self.position = position
        self._unsure = False
        return found


def _of_the_disk(error: Exception) -> bool:
    """Tell errors of the file or disk from those of the events themselves."""
    return isinstance(error, sqlite3.OperationalError | sqlite3.InternalError) or type(error) is sqlite3.DatabaseError


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The log cannot be written now ({error}); nothing was stored. Try again later.")


def _conflict(ask: Ask, actual: int) -> VersionConflict:
    return VersionConflict(
        f"{ask.stream} is at version {actual}, not at {ask.expected}.",
        stream=ask.stream,
        expected=ask.expected,
        actual=actual,
    )
