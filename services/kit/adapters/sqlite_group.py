"""One group's file: lanes, commits, checkpoints. Each group has its own, so none waits for another's writes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from contracts.problem import Unavailable
from services.kit.adapters.sqlite_connection import connect, in_thread, in_wal, remove_files, roll_back, translated
from services.kit.adapters.sqlite_schema import Shape
from services.kit.adapters.sqlite_writes import Step, apply, steps
from services.kit.crash import point
from services.kit.documents import LaneMoved, LaneState, Positions, Write

INLINE = 200
"""Commits of up to so many writes (some 1 ms) run on the event loop; a thread would cost them more than they do."""
FRAMES = 3_000
"""Pages written to the WAL (12 MB) after which they are copied into the file."""
MOST_FRAMES = 12_000
"""Pages of WAL (48 MB) from which on it is begun anew even if commits must wait for that."""
_POOL = 4

_OPEN = (
    "INSERT INTO lanes(lane, rev, log_id, incomplete) VALUES (?, 1, ?, 0) ON CONFLICT(lane) DO UPDATE SET"
    " rev = rev + 1, log_id = CASE log_id WHEN '' THEN excluded.log_id ELSE log_id END"
)
_MOVE = (
    "INSERT INTO positions(lane, topic, position, event_id) VALUES (?, ?, ?, ?)"
    " ON CONFLICT(lane, topic) DO UPDATE SET position = excluded.position, event_id = excluded.event_id"
)


class GroupFile:
    """The file of one versioned group. Its methods are called from one event loop."""

    def __init__(self, group: str, path: Path, shape: Shape | None) -> None:
        """Open an existing file. `shape`: None if this code does not know the group, which can then only be dropped."""
        self.group = group
        self.path = path
        self.shape = shape
        self._lock = asyncio.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._commits = 0
        self._rows = 0
        self._most_rows = 1_000
        self._frames = 0
        self._copying: asyncio.Task[None] | None = None
        try:
            self._db = in_wal(connect(path, cache_kib=16_384))
            # A big commit may hold more changed pages than the cache: writing them out early would write them twice.
            self._db.execute("PRAGMA cache_spill=OFF")
            # To be closed after all connections: closing it would end their locks (POSIX).
            self._descriptor = os.open(path, os.O_RDONLY)
        except sqlite3.Error as error:
            raise translated(error, path) from error

    # ------------------------------------------------------------ lanes and commits

    async def open_lane(self, lane: int, log_id: str) -> LaneState:
        """Raise the lane's revision and return its state."""
        async with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute(_OPEN, (lane, log_id))
                state = next(each for each in read_lanes(self._db) if each.lane == lane)
                self._db.execute("COMMIT")
            except BaseException as error:
                roll_back(self._db)
                raise translated(error, self.path) from error
        return state

    async def commit(
        self,
        lane: int,
        rev: int,
        positions: Positions,
        writes: Sequence[Write],
        incomplete: bool,
        before: Callable[[], Callable[[], None]],
    ) -> None:
        """See the port. `before` is called when no other commit runs any more, what it returns after this commit."""
        if self.shape is None:
            raise RuntimeError(f"{self.group} was not defined by this process")
        async with self._lock:
            after = before()
            try:
                if len(writes) <= INLINE:
                    self._commit(self.shape, lane, rev, positions, writes, incomplete)
                else:
                    await in_thread(self._commit, self.shape, lane, rev, positions, writes, incomplete)
            finally:
                after()
        self._commits += 1
        self._rows += len(writes) + 2
        if self._rows >= self._most_rows and self._copying is None:
            self._copying = asyncio.create_task(self._copy_wal())

    def _commit(
        self, shape: Shape, lane: int, rev: int, positions: Positions, writes: Sequence[Write], incomplete: bool
    ) -> None:
        db = self._db
        todo: list[Step] = steps(shape, lane, writes)
        try:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT rev FROM lanes WHERE lane = ?", (lane,)).fetchone()
            if row is None or row[0] != rev:
                raise LaneMoved(f"lane {lane} of {self.group}: {row and row[0]} is not {rev}")
            point("commit.begin")
            apply(db, todo)
            point("commit.written")
            if positions:
                db.executemany(_MOVE, [(lane, topic, at, event) for topic, (at, event) in positions.items()])
            if incomplete:
                db.execute("UPDATE lanes SET incomplete = 1 WHERE lane = ?", (lane,))
            point("commit.positions")
            db.execute("COMMIT")
        except BaseException as error:
            roll_back(db)
            meant = translated(error, self.path)
            if meant is error:
                raise
            raise meant from error
        point("commit.done")

    # ------------------------------------------------------------ reading

    def reader(self) -> sqlite3.Connection:
        """Return a connection with a read transaction that begins with its first read. May be called in any thread."""
        try:
            db = self._readers.pop()
        except IndexError:
            db = connect(self.path, cache_kib=2048)
            db.execute("PRAGMA query_only=ON")
        db.execute("BEGIN")
        return db

    def release(self, db: sqlite3.Connection) -> None:
        """Take back what `reader` gave."""
        db.execute("COMMIT")
        if self._closed or len(self._readers) >= _POOL:
            db.close()
        else:
            self._readers.append(db)

    # ------------------------------------------------------------ the file

    async def _copy_wal(self) -> None:
        """Copy the WAL into the file beside the writer. When all is copied and on disk, the next commit begins the WAL
        anew; if commits never pause, they wait some milliseconds for the last few pages once in a long while."""
        try:
            rows, self._rows = self._rows, 0
            frames = await in_thread(self._checkpoint)
            if (written := frames - self._frames if frames > self._frames else frames) > 0:
                self._most_rows = min(max(rows * FRAMES // written, 500), 6_000)
            # SQLite syncs the file with the last page only, which would be a long wait for that one.
            await in_thread(os.fsync, self._descriptor)
            commits = self._commits
            self._frames = await in_thread(self._checkpoint)
            if self._frames > MOST_FRAMES and self._commits != commits:
                async with self._lock:
                    self._frames = await in_thread(self._checkpoint)
        except (sqlite3.Error, OSError):
            pass  # Everything is in the WAL still; a later checkpoint copies it.
        finally:
            self._copying = None

    def _checkpoint(self, mode: str = "PASSIVE") -> int:
        """Return the pages in the WAL, -1 if somebody was in the way."""
        db = connect(self.path, cache_kib=256)
        try:
            busy, frames, _ = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        finally:
            db.close()
        return -1 if busy else int(frames)

    async def compact(self) -> None:
        """Rewrite the file from what is stored now. Raises Unavailable if a reader does not let go of the old pages."""
        async with self._lock:
            await in_thread(self._compact)

    def _compact(self) -> None:
        try:
            for table in self.shape.collections.values() if self.shape is not None else ():
                if table.text is not None:  # else VACUUM would keep the index entries of deleted texts
                    self._db.execute(f"INSERT INTO {table.search}({table.search}) VALUES ('optimize')")
                if table.names is not None:
                    self._db.execute(f"INSERT INTO {table.starts}({table.starts}) VALUES ('optimize')")
            self._db.execute("VACUUM")
            if self._checkpoint("TRUNCATE") < 0:
                raise Unavailable("A long read keeps deleted pages in use; compact again later.")
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    async def close(self, *, copy: bool = True) -> None:
        """Let go of the file; `copy`: with everything in it, so that there is no WAL beside it."""
        if self._copying is not None:
            await asyncio.wait([self._copying])
        async with self._lock:
            if self._closed:
                return
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            try:
                if copy:
                    await in_thread(self._checkpoint, "TRUNCATE")
            except sqlite3.Error:
                pass  # the next opening copies what is left
            finally:
                self._db.close()
                os.close(self._descriptor)

    async def remove(self) -> None:
        """Close and delete the file; snapshots that still read it keep what they see."""
        await self.close(copy=False)
        remove_files(self.path)


def read_lanes(db: sqlite3.Connection) -> list[LaneState]:
    """Return the state of every lane of a group's file."""
    lanes = {
        lane: LaneState(lane, rev, log_id, {}, bool(incomplete))
        for lane, rev, log_id, incomplete in db.execute("SELECT lane, rev, log_id, incomplete FROM lanes ORDER BY lane")
    }
    for lane, topic, position, event_id in db.execute("SELECT lane, topic, position, event_id FROM positions"):
        lanes[lane].positions[topic] = (position, event_id)
    return list(lanes.values())
