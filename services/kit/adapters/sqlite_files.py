"""Opening a SQLite file of ours: owned by one process, of a format we know, with errors a person understands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.kit.errors import NewerData, Unusable

_SIGNS = {
    "file is not a database": "it is no database; restore it from a backup",
    "malformed": "it is damaged; restore it from a backup",
    "readonly": "it cannot be written; check the permissions of the file and its folder",
    "unable to open": "it cannot be opened; check that the folder exists and may be written",
    "locked": "another process uses it; stop that one first",
    "full": "the disk is full; free some space",
    "disk I/O": "the disk answers with errors; check the disk and its free space",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of file: its name in messages, the format this code writes, its tables."""

    name: str
    format: int
    schema: tuple[str, ...]
    first_meta: Callable[[], dict[str, str]]
    """What the meta table says in a new file, besides the format."""


def connect(path: Path, *, cache_kib: int, synchronous: str = "FULL", readonly: bool = False) -> sqlite3.Connection:
    """Return a connection in autocommit mode that any one thread at a time may use."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    # Between our own connections a wait is rare and short: a checkpoint, or the recovery after a crash.
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # macOS flushes its disk's own cache only when asked; elsewhere this does nothing.
    connection.execute("PRAGMA fullfsync = ON")
    if readonly:
        connection.execute("PRAGMA query_only = ON")
    return connection


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """A file that this process alone may write, with its first connection."""

    connection: sqlite3.Connection
    meta: dict[str, str]
    _lock: sqlite3.Connection

    def close(self) -> None:
        """Close it and let others have it."""
        self.connection.close()
        self._lock.close()


def own(path: Path, kind: Kind, *, cache_kib: int) -> OwnedFile:
    """Open the file, making it if it is not there; it stays this process's own until closed or the process ends.

    What is kept in memory (heads, positions, keys) is right only while nobody else writes. The lock is SQLite's own, on
    a file beside: it works on every system and falls with its process. Raises NewerData or Unusable."""
    with _plain_words(path, kind), ExitStack() as undo:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(
            path.with_name(path.name + ".lock"), isolation_level=None, check_same_thread=False, timeout=0
        )
        undo.callback(lock.close)
        lock.execute("BEGIN EXCLUSIVE")
        connection = connect(path, cache_kib=cache_kib)
        undo.callback(connection.close)
        meta = _prepare(connection, path, kind)
        undo.pop_all()
    return OwnedFile(connection, meta, lock)


def _prepare(connection: sqlite3.Connection, path: Path, kind: Kind) -> dict[str, str]:
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    # IMMEDIATE, although nothing may have to be written: a file we cannot write is to be noticed now.
    connection.execute("BEGIN IMMEDIATE")
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not tables:
            _create(connection, kind)
        elif "meta" not in tables:
            raise Unusable(f"{path} is no {kind.name} of Voronka but some other database.")
        meta: dict[str, str] = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        _check(meta, path, kind)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return meta


def _create(connection: sqlite3.Connection, kind: Kind) -> None:
    connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
    for statement in kind.schema:
        connection.execute(statement)
    first = {"kind": kind.name, "format": str(kind.format), **kind.first_meta()}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", first.items())


def _check(meta: dict[str, str], path: Path, kind: Kind) -> None:
    if meta.get("kind") != kind.name or not meta.get("format", "").isdigit():
        raise Unusable(f"{path} is no {kind.name} of Voronka but some other file of it.")
    if int(meta["format"]) > kind.format:
        raise NewerData(
            f"{path} was written by a newer version of Voronka (format {meta['format']}, this version knows "
            f"{kind.format}). Nothing was changed. Start the newer version, or restore a backup of the older one."
        )


@contextmanager
def _plain_words(path: Path, kind: Kind) -> Iterator[None]:
    """Turn errors of the file into Unusable, saying what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        said = str(error)
        reason = next((words for sign, words in _SIGNS.items() if sign in said), said)
        raise Unusable(f"The {kind.name} {path} cannot be used: {reason}.") from error
