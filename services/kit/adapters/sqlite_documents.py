"""The document store in SQLite: a small catalogue, and one file for each versioned group beside it.

Files of their own let a rebuild write without a journal and index for seconds while live commits go on, and make its
switch and its end one row and one unlink. A group's commit never touched another group's tables anyway (DESIGN 5).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from services.kit.adapters.sqlite_bulk import SqliteBulk
from services.kit.adapters.sqlite_catalogue import Catalogue
from services.kit.adapters.sqlite_connection import (
    connect,
    in_thread,
    in_wal,
    remove_files,
    roll_back,
    sync_file,
    translated,
)
from services.kit.adapters.sqlite_group import GroupFile
from services.kit.adapters.sqlite_reader import Snapshot
from services.kit.adapters.sqlite_schema import Shape
from services.kit.document_ports import BulkWriter, Reader
from services.kit.documents import Collection, Counter, LaneState, Positions, Write


class SqliteDocuments:
    """The port Documents. Make it with `open`; it belongs to the event loop it was opened in."""

    system = "sqlite"

    def __init__(self, catalogue: Catalogue, path: Path) -> None:
        self._path = path
        self._catalogue = catalogue
        self._files: dict[str, GroupFile] = {}
        """Replaced, never changed: a snapshot keeps the one it was opened with."""
        self._building: set[str] = set()
        self._live: set[Snapshot] = set()
        self._committing: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SqliteDocuments:
        """Open the store whose catalogue is `path`, making it if there is none. Raises NewerData or Unusable."""
        return cls(await in_thread(Catalogue, path), path)

    # ------------------------------------------------------------ groups

    async def define(self, group: str, collections: Sequence[Collection], counters: Sequence[Counter]) -> None:
        """See the port."""
        shape = Shape(collections, counters)
        async with self._lock:
            stored = self._catalogue.shapes().get(group)
            if stored is None:
                self._refuse_building(group)
                await in_thread(self._create, group, shape)
            elif stored != shape.declared:
                raise RuntimeError(f"{group} is stored with other collections, columns or counters: raise its version")
            known = self._files.get(group)
            if known is None:
                await self._attach(group, shape)
            elif known.shape is None:
                known.shape = shape

    def _create(self, group: str, shape: Shape) -> None:
        path = self._catalogue.path(group)
        remove_files(path)
        db = connect(path, cache_kib=256, create=True)
        try:
            in_wal(db)
            db.execute("BEGIN IMMEDIATE")
            for statement in (*shape.create(), *shape.finish()):
                db.execute(statement)
            db.execute("COMMIT")
        except BaseException as error:
            roll_back(db)
            raise translated(error, path) from error
        finally:
            db.close()
        sync_file(path)
        self._catalogue.add(group, shape.declared)

    async def _attach(self, group: str, shape: Shape | None) -> GroupFile:
        file = await in_thread(GroupFile, group, self._catalogue.path(group), shape)
        self._files = {**self._files, group: file}
        return file

    def _refuse_building(self, group: str) -> None:
        if group in self._building:
            raise RuntimeError(f"{group} is being built")

    def bulk(
        self, group: str, collections: Sequence[Collection], counters: Sequence[Counter]
    ) -> AbstractAsyncContextManager[BulkWriter]:
        """See the port."""
        shape = Shape(collections, counters)

        def begun() -> None:
            self._refuse_building(group)
            if group in self._catalogue.shapes():
                raise RuntimeError(f"{group} exists: drop it first, or build a new version")
            self._building.add(group)

        def ended(complete: bool) -> None:
            self._building.discard(group)
            if complete:
                file = GroupFile(group, self._catalogue.path(group), shape)
                self._catalogue.add(group, shape.declared)
                self._files = {**self._files, group: file}

        return SqliteBulk(self._catalogue.path(group), shape, begun, ended)

    async def groups(self) -> list[str]:
        """See the port."""
        return list(self._catalogue.shapes())

    async def active(self, name: str) -> str | None:
        """See the port."""
        return self._catalogue.active(name)

    async def activate(self, name: str, group: str) -> None:
        """See the port."""
        try:
            await in_thread(self._catalogue.activate, name, group)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error

    async def drop(self, group: str) -> None:
        """See the port. Also takes the group out of service, if it serves reads."""
        async with self._lock:
            self._refuse_building(group)
            try:
                self._catalogue.remove(group)
            except sqlite3.Error as error:
                raise translated(error, self._path) from error
            files = dict(self._files)
            file = files.pop(group, None)
            self._files = files
            if file is not None:
                await file.remove()
            else:
                remove_files(self._catalogue.path(group))

    # ------------------------------------------------------------ lanes and commits

    async def open_lane(self, group: str, lane: int, log_id: str) -> LaneState:
        """See the port."""
        return await self._file(group).open_lane(lane, log_id)

    async def commit(
        self,
        group: str,
        lane: int,
        rev: int,
        positions: Positions,
        writes: Sequence[Write],
        *,
        incomplete: bool = False,
    ) -> None:
        """See the port."""
        await self._file(group).commit(lane, rev, positions, writes, incomplete, lambda: self._pin(group))

    def _file(self, group: str) -> GroupFile:
        file = self._files.get(group)
        if file is None:
            raise RuntimeError(f"{group} does not exist or was not defined by this process")
        return file

    # ------------------------------------------------------------ snapshots

    def current(self) -> AbstractAsyncContextManager[Reader]:
        """See the port: a snapshot costs nothing here."""
        return self.snapshot()

    def snapshot(self) -> AbstractAsyncContextManager[Reader]:
        """See the port."""
        return Snapshot(self._files, self._snapshot_opened, self._live.discard)

    def _snapshot_opened(self, snapshot: Snapshot) -> None:
        self._live.add(snapshot)
        for group in self._committing:  # in threads, right now
            snapshot.pin(group)

    def _pin(self, group: str) -> Callable[[], None]:
        """Before a commit: open snapshots shall not see it. Returns what is to be called after it."""
        for snapshot in self._live:
            snapshot.pin(group)
        self._committing[group] = self._committing.get(group, 0) + 1

        def committed() -> None:
            self._committing[group] -= 1
            if not self._committing[group]:
                del self._committing[group]

        return committed

    # ------------------------------------------------------------ files

    async def compact(self) -> None:
        """See the port. Groups that this process did not define are rewritten too."""
        async with self._lock:
            for group in self._catalogue.shapes():
                file = self._files.get(group) or await self._attach(group, None)
                await file.compact()

    async def close(self) -> None:
        """Copy what is left in the WALs into the files and let go of them."""
        async with self._lock:
            if self._closed:
                return
            self._closed = True
            files, self._files = self._files, {}
            for file in files.values():
                await file.close()
            await in_thread(self._catalogue.close)
