"""What the double stores: one log in one SQLite file, positions as in the real one (bytes, so with gaps), fsync."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

NO_STREAM = -1
ANY = -2
EXISTS = -4
_COLUMNS = "position, next, stream, revision, id, type, content_type, created, metadata, data"
_RECORD = 140
"""Bytes of a record beside its texts and data."""
_SYSTEM = UUID("5c3a7a58-60b1-4f0e-9d8b-4a1f5d3f2a11")
SLICE = 500
"""Rows read at once: the event loop waits that long."""


@dataclass(slots=True, frozen=True)
class Proposed:
    """An event to be stored."""

    id: str
    type: str
    content_type: str
    metadata: bytes
    data: bytes

    @property
    def size(self) -> int:
        return len(self.metadata) + len(self.data) + len(self.type.encode())


class Row(NamedTuple):
    """A stored event. `created`: 100 ns since 1970."""

    position: int
    next: int
    stream: str
    revision: int
    id: str
    type: str
    content_type: str
    created: int
    metadata: bytes
    data: bytes


@dataclass(slots=True, frozen=True)
class Stored:
    """Where an append ended; also the answer to one that was stored before."""

    revision: int
    position: int
    new: bool


@dataclass(slots=True, frozen=True)
class Wrong:
    """The stream's last revision is another one than expected (NO_STREAM: it does not exist)."""

    revision: int


@dataclass(slots=True, frozen=True)
class Tombstoned:
    """The stream was deleted for ever."""


class InvalidPosition(Exception):
    """No record begins at this position."""


Outcome = Stored | Wrong | Tombstoned
Keep = Callable[[Row], bool]


class Log:
    """The log's file. Writes come from one thread at a time, reads from the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "kurrent.db"
        self._writing = self._connect()
        self._writing.execute("PRAGMA journal_mode = WAL")
        self._writing.execute("PRAGMA synchronous = FULL")
        self._writing.executescript(
            """
            CREATE TABLE IF NOT EXISTS events (
                position INTEGER PRIMARY KEY, next INTEGER NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL,
                id TEXT NOT NULL, type TEXT NOT NULL, content_type TEXT NOT NULL, created INTEGER NOT NULL,
                metadata BLOB NOT NULL, data BLOB NOT NULL, UNIQUE (stream, revision));
            CREATE TABLE IF NOT EXISTS tombstones (stream TEXT PRIMARY KEY);
            """
        )
        self._reading = self._connect()
        self._end, self._created = self._last()
        self._system_event()

    def close(self) -> None:
        self._reading.close()
        self._writing.close()

    # ---------------------------------------------------------------- writing

    def store(self, asks: Sequence[tuple[str, int, Sequence[Proposed]]]) -> list[Outcome]:
        """Store those (stream, expected revision, events) that may be, by one commit that is on disk on return."""
        end, created = self._end, self._created
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._one(*ask) for ask in asks]
            self._writing.execute("COMMIT")
        except BaseException:
            self._writing.execute("ROLLBACK")
            self._end, self._created = end, created
            raise
        return outcomes

    def tombstone(self, stream: str, expected: int) -> Outcome:
        """Delete the stream for ever."""
        head = self._head(stream)
        if self._is_tombstoned(stream):
            return Tombstoned()
        if expected not in {ANY, head}:
            return Wrong(head)
        self._writing.execute("BEGIN IMMEDIATE")
        row = self._insert(stream, 2**31 - 1, Proposed(str(uuid5(_SYSTEM, stream)), "$streamDeleted", "", b"", b""))
        self._writing.execute("INSERT INTO tombstones VALUES (?)", (stream,))
        self._writing.execute("COMMIT")
        return Stored(row.revision, row.position, new=True)

    def _one(self, stream: str, expected: int, events: Sequence[Proposed]) -> Outcome:
        if self._is_tombstoned(stream):
            return Tombstoned()
        head = self._head(stream)
        if expected not in {ANY, EXISTS} and expected < head:
            where = "stream = ? AND revision > ? ORDER BY revision"
            same = _rows(self._writing, where, (stream, expected), len(events))
            if [row.id for row in same] == [event.id for event in events]:
                return Stored(same[-1].revision, same[-1].position, new=False)
        if expected not in {ANY, head} and not (expected == EXISTS and head != NO_STREAM):
            return Wrong(head)
        last = [self._insert(stream, head + n, event) for n, event in enumerate(events, 1)][-1]
        return Stored(last.revision, last.position, new=True)

    def _insert(self, stream: str, revision: int, event: Proposed) -> Row:
        self._created = max(self._created, time.time_ns() // 100)
        position = self._end
        self._end += _RECORD + len(stream.encode()) + event.size
        row = Row(
            position,
            self._end,
            stream,
            revision,
            event.id,
            event.type,
            event.content_type,
            self._created,
            event.metadata,
            event.data,
        )
        self._writing.execute(f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return row

    def _system_event(self) -> None:
        # The real log begins with events of its own, and gets more of them at any time.
        stream = "$stats-127.0.0.1"
        event = Proposed(str(uuid5(_SYSTEM, str(self._end))), "$statsCollected", "application/json", b"", b"{}")
        self.store([(stream, ANY, [event])])

    def _head(self, stream: str) -> int:
        found = self._writing.execute("SELECT max(revision) FROM events WHERE stream = ?", (stream,)).fetchone()[0]
        return NO_STREAM if found is None else int(found)

    def _is_tombstoned(self, stream: str) -> bool:
        return bool(self._writing.execute("SELECT 1 FROM tombstones WHERE stream = ?", (stream,)).fetchall())

    def _last(self) -> tuple[int, int]:
        found = self._reading.execute("SELECT next, created FROM events ORDER BY position DESC LIMIT 1").fetchone()
        return found or (0, 0)

    # ---------------------------------------------------------------- reading

    def exists(self, stream: str) -> bool:
        return bool(self._reading.execute("SELECT 1 FROM events WHERE stream = ? LIMIT 1", (stream,)).fetchall())

    def deleted(self, stream: str) -> bool:
        return bool(self._reading.execute("SELECT 1 FROM tombstones WHERE stream = ?", (stream,)).fetchall())

    def stream(self, name: str, revision: int | None, *, backwards: bool) -> Iterator[list[Row]]:
        """Yield slices of a stream from this revision on (inclusive; None: from its start, or its end backwards)."""
        while True:
            if backwards:
                where, values = "AND revision <= ? ORDER BY revision DESC", (2**62 if revision is None else revision,)
            else:
                where, values = "AND revision >= ? ORDER BY revision", (revision or 0,)
            rows = self._rows("stream = ? " + where, (name, *values))
            if not rows:
                return
            yield rows
            revision = rows[-1].revision + (-1 if backwards else 1)

    def all(self, position: int | None, *, backwards: bool) -> Iterator[list[Row]]:
        """Yield slices of the log: forwards from the record at the position, backwards from the one before it.

        None: from the start, or backwards from the end. Raises InvalidPosition."""
        if position is not None:
            self._check(position)
        while True:
            if backwards:
                where, values = "position < ? ORDER BY position DESC", (2**62 if position is None else position,)
            else:
                where, values = "position >= ? ORDER BY position", (position or 0,)
            rows = self._rows(where, values)
            if not rows:
                return
            yield rows
            position = rows[-1].position if backwards else rows[-1].next

    def after(self, position: int) -> list[Row]:
        """Return the next rows behind the record at the position (-1: all)."""
        return self._rows("position > ? ORDER BY position", (position,))

    def _check(self, position: int) -> None:
        begins = self._reading.execute("SELECT 1 FROM events WHERE position = ?", (position,)).fetchall()
        if not begins and position != self._last()[0]:
            raise InvalidPosition

    def _rows(self, where: str, values: tuple[object, ...], limit: int = SLICE) -> list[Row]:
        return _rows(self._reading, where, values, limit)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)


def _rows(connection: sqlite3.Connection, where: str, values: tuple[object, ...], limit: int) -> list[Row]:
    found = connection.execute(f"SELECT {_COLUMNS} FROM events WHERE {where} LIMIT ?", (*values, limit))
    return list(map(Row._make, found.fetchall()))


def keeps(regex: str, prefixes: Sequence[str], of: Callable[[Row], str]) -> Keep:
    """Return the server's filter: one pattern searched in the text, or any of the prefixes."""
    if prefixes:
        return lambda row: of(row).startswith(tuple(prefixes))
    pattern = re.compile(regex)
    return lambda row: pattern.search(of(row)) is not None
