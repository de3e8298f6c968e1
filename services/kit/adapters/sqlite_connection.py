"""Connections to the document store's SQLite files, their errors in the kit's words, work beside the event loop."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from contracts.problem import Unavailable
from services.kit.adapters.near_names import starts
from services.kit.errors import Unusable

P = ParamSpec("P")
T = TypeVar("T")

_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNSTORABLE = "cannot store REAL value in INTEGER"


def connect(path: Path, *, cache_kib: int, create: bool = False) -> sqlite3.Connection:
    """Open a file that may be used from any thread, one at a time; transactions are opened by hand."""
    mode = "rwc" if create else "rw"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=5,
        isolation_level=None,
        cached_statements=512,
        check_same_thread=False,
    )
    db.execute(f"PRAGMA cache_size=-{cache_kib}")
    db.execute("PRAGMA secure_delete=ON")  # measured: no cost that could be told from noise
    db.execute("PRAGMA trusted_schema=ON")  # triggers call the function; the files are our own
    db.create_function("starts", 1, starts, deterministic=True)
    return db


def in_wal(db: sqlite3.Connection, *, durable: bool = False) -> sqlite3.Connection:
    """Write ahead, never checkpoint inside a commit. `durable`: each commit is on disk before it returns."""
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    db.execute("PRAGMA wal_autocheckpoint=0")
    return db


def roll_back(db: sqlite3.Connection) -> None:
    """End an open transaction without a trace; a disk error may have ended it already."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def translated(error: BaseException, path: Path) -> BaseException:
    """Return what to raise instead of an SQLite error."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if not isinstance(error, sqlite3.Error):
        return error
    if code in _PASSING:
        return Unavailable(f"The document store cannot be written or read now: {error} ({path.name}).")
    if code in _BROKEN:
        return Unusable(
            f"{path} is damaged ({error}). Read models are made from the log: delete this file and start again."
        )
    if _UNSTORABLE in str(error) or "integer overflow" in str(error):
        return OverflowError(f"A number does not fit into 64 bits, or is no whole number: {error}")
    return error


def sync_file(path: Path) -> None:
    """Force a file and its entry in the folder to disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_files(path: Path) -> None:
    """Delete a database with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


async def in_thread(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a worker thread and wait for its end even when cancelled: nobody may use its connection before."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        running.exception()  # marks it as seen
        raise cancelled
    return running.result()
