"""Builds a group's file for a rebuild: no journal, no indexes until all rows are in, no entry until it is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from services.kit.adapters.sqlite_connection import connect, in_thread, remove_files, sync_file, translated
from services.kit.adapters.sqlite_schema import Shape
from services.kit.crash import point
from services.kit.documents import LaneState

_CACHE_KIB = 65_536
"""For inserts and as the sorter's memory while indexes are made."""


class SqliteBulk:
    """The port BulkWriter, and its own context manager. Works in worker threads, one call after the other."""

    def __init__(self, path: Path, shape: Shape, begun: Callable[[], None], ended: Callable[[bool], None]) -> None:
        """`begun` may refuse; `ended` is called with whether the file is complete."""
        self._path = path
        self._shape = shape
        self._begun = begun
        self._ended = ended
        self._lock = asyncio.Lock()
        self._db: sqlite3.Connection | None = None

    async def __aenter__(self) -> SqliteBulk:
        self._begun()
        try:
            await in_thread(self._create)
        except BaseException:
            await self._discard()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._db is not None:
            await self._discard()

    async def put_many(self, collection: str, lane: int, rows: Sequence[tuple[str, Any]]) -> None:
        """See the port."""
        table = self._shape.collections[collection]
        await self._insert(table.insert, lambda: (table.row(key, lane, document) for key, document in rows))

    async def add_many(self, counter: str, lane: int, rows: Sequence[tuple[tuple[Any, ...], tuple[int, ...]]]) -> None:
        """See the port."""
        insert = self._shape.counters[counter].insert
        # In the order of the primary key each row is written behind the last.
        await self._insert(insert, lambda: sorted((*key, lane, *values) for key, values in rows if any(values)))

    async def finish(self, lanes: Sequence[LaneState]) -> None:
        """See the port."""
        async with self._lock:
            db = self._open()
            await in_thread(self._finish, db, lanes)
            self._db = None
            try:
                self._ended(True)
            except sqlite3.Error as error:
                raise translated(error, self._path) from error

    async def _insert(self, statement: str, rows: Callable[[], Iterable[tuple[Any, ...]]]) -> None:
        async with self._lock:
            db = self._open()
            try:
                # Closed in its own thread: a cursor's end resets the statement, which the next call may be running.
                await in_thread(lambda: db.executemany(statement, rows()).close())
            except sqlite3.Error as error:
                raise translated(error, self._path) from error

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            raise RuntimeError("this bulk is finished")
        return self._db

    async def _discard(self) -> None:
        async with self._lock:
            db, self._db = self._db, None
            if db is not None:
                await in_thread(db.close)
            remove_files(self._path)
            self._ended(False)

    def _create(self) -> None:
        remove_files(self._path)
        try:
            self._db = db = connect(self._path, cache_kib=_CACHE_KIB, create=True)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "threads=2"):
                db.execute(f"PRAGMA {pragma}").fetchall()
            db.execute("BEGIN")
            for statement in self._shape.create():
                db.execute(statement)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error

    def _finish(self, db: sqlite3.Connection, lanes: Sequence[LaneState]) -> None:
        point("bulk.written")
        try:
            for statement in self._shape.finish():
                db.execute(statement)
            store_lanes(db, lanes)
            db.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            raise RuntimeError(f"{self._path.stem}: a document was put twice ({error})") from error
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        db.close()
        sync_file(self._path)
        point("bulk.synced")


def store_lanes(db: sqlite3.Connection, lanes: Sequence[LaneState]) -> None:
    """Store the states of lanes in a new file."""
    db.executemany(
        "INSERT INTO lanes(lane, rev, log_id, incomplete) VALUES (?, ?, ?, ?)",
        [(each.lane, each.rev, each.log_id, int(each.incomplete)) for each in lanes],
    )
    db.executemany(
        "INSERT INTO positions(lane, topic, position, event_id) VALUES (?, ?, ?, ?)",
        [(each.lane, topic, at, event) for each in lanes for topic, (at, event) in each.positions.items()],
    )
