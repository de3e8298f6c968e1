"""The double's data in SQLite: a table for each collection and for each of its indexes, one writer, snapshots."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.values import entries, key

Document = dict[str, Any]
Change = tuple[Document | None, Document | None]
"""A document before and after; None: not there."""
Changes = dict[str, dict[bytes, Change]]
"""By namespace and key of `_id`."""


@dataclass(frozen=True)
class Index:
    """An index: its table, and its fields, all ascending."""

    name: str
    table: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A collection as it is kept."""

    table: str
    indexes: tuple[Index, ...] = ()


Catalog = dict[str, Kept]


class Storage:
    """The file. `catalog` is replaced, never changed: a snapshot keeps the one of its moment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "mongo.sqlite"
        self.db = self._connect()
        self._free: list[sqlite3.Connection] = []
        self.db.execute("CREATE TABLE IF NOT EXISTS catalog(ns TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID")
        self.db.execute("CREATE TABLE IF NOT EXISTS numbers(n INTEGER PRIMARY KEY)")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS sessions(id BLOB PRIMARY KEY, number INTEGER, reply BLOB) WITHOUT ROWID"
        )
        self.catalog: Catalog = {}
        for ns, kept in self.db.execute("SELECT ns, kept FROM catalog"):
            table, indexes = json.loads(kept)
            self.catalog[ns] = Kept(table, tuple(Index(name, of, tuple(fields)) for name, of, fields in indexes))
        self.moment = time.time_ns()
        """Grows with every change; larger than any before a restart."""

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "secure_delete=ON",
            "busy_timeout=5000",
            "cache_size=-16384",
        ):
            db.execute(f"PRAGMA {pragma}").fetchall()
        return db

    def reader(self) -> sqlite3.Connection:
        """Return a connection that sees this moment until it is released."""
        db = self._free.pop() if self._free else self._connect()
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM catalog").fetchall()
        return db

    def release(self, db: sqlite3.Connection) -> None:
        """Take back a connection of `reader`: the next one has it, for opening one takes longer than a read."""
        db.execute("ROLLBACK")
        self._free.append(db)

    # ------------------------------------------------------------ collections

    def create(self, ns: str) -> Kept:
        """Make a collection."""
        kept = Kept(f"c{self._number()}")
        self.db.execute(f"CREATE TABLE {kept.table}(id BLOB PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID")
        self._keep(ns, kept)
        return kept

    def index(self, ns: str, name: str, fields: tuple[str, ...]) -> None:
        """Index a collection, empty or full."""
        kept = self.catalog.get(ns) or self.create(ns)
        if any(each.name == name and each.fields == fields for each in kept.indexes):
            return
        made = Index(name, f"i{self._number()}", fields)
        self.db.execute("BEGIN")
        self.db.execute(f"CREATE TABLE {made.table}(key BLOB, id BLOB, PRIMARY KEY(key, id)) WITHOUT ROWID")
        rows = (
            (entry, id)
            for id, doc in self.db.execute(f"SELECT id, doc FROM {kept.table}").fetchall()
            for entry in entries(fields, bson.decode(doc))
        )
        self.db.executemany(f"INSERT INTO {made.table} VALUES (?, ?)", sorted(rows))
        self._keep(ns, Kept(kept.table, (*kept.indexes, made)))
        self.db.execute("COMMIT")

    def drop(self, ns: str) -> None:
        """Remove a collection; snapshots keep it."""
        kept = self.catalog[ns]
        self.db.execute("BEGIN")
        for table in (kept.table, *(each.table for each in kept.indexes)):
            self.db.execute(f"DROP TABLE {table}")
        self.db.execute("DELETE FROM catalog WHERE ns = ?", (ns,))
        self.db.execute("COMMIT")
        self.catalog = {name: of for name, of in self.catalog.items() if name != ns}
        self.moment += 1

    def _number(self) -> int:
        """Return a number never used before: a dropped table's name must not come again."""
        return int(self.db.execute("INSERT INTO numbers DEFAULT VALUES").lastrowid or 0)

    def _keep(self, ns: str, kept: Kept) -> None:
        form = [kept.table, [[each.name, each.table, each.fields] for each in kept.indexes]]
        self.db.execute("INSERT OR REPLACE INTO catalog VALUES (?, ?)", (ns, json.dumps(form)))
        self.catalog = {**self.catalog, ns: kept}
        self.moment += 1

    # ------------------------------------------------------------ changes

    def apply(self, changes: Changes, session: tuple[bytes, int, bytes] | None) -> None:
        """Store the changes and what the session was answered, all at once."""
        self.db.execute("BEGIN")
        try:
            for ns, rows in changes.items():
                self._apply(self.catalog.get(ns) or self.create(ns), rows)
            if session is not None:
                self.db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", session)
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.moment += 1

    def _apply(self, kept: Kept, rows: dict[bytes, Change]) -> None:
        gone = [(id,) for id, (_, new) in rows.items() if new is None]
        there = [(id, bson.encode(new)) for id, (_, new) in rows.items() if new is not None]
        self.db.executemany(f"DELETE FROM {kept.table} WHERE id = ?", gone)
        self.db.executemany(f"INSERT OR REPLACE INTO {kept.table} VALUES (?, ?)", there)
        for index in kept.indexes:
            added, removed = [], []
            for id, (old, new) in rows.items():
                before = entries(index.fields, old) if old is not None else set()
                after = entries(index.fields, new) if new is not None else set()
                if before != after:
                    removed += [(entry, id) for entry in before - after]
                    added += [(entry, id) for entry in after - before]
            if removed:
                self.db.executemany(f"DELETE FROM {index.table} WHERE key = ? AND id = ?", removed)
            if added:
                self.db.executemany(f"INSERT OR REPLACE INTO {index.table} VALUES (?, ?)", added)

    def answered(self, session: bytes) -> tuple[int, Document] | None:
        """Return the number and answer of the session's last retryable write or committed transaction."""
        row = self.db.execute("SELECT number, reply FROM sessions WHERE id = ?", (session,)).fetchone()
        return None if row is None else (row[0], bson.decode(row[1]))

    def compact(self) -> None:
        """Rewrite the file; no snapshot may be open."""
        while self._free:
            self._free.pop().close()
        self.db.execute("VACUUM")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of the file."""
        for each in (*self._free, self.db):
            each.close()


def id_key(document: Document) -> bytes:
    """Return the key of the document's `_id`. The double makes no ids."""
    if "_id" not in document:
        raise MongoError(2, "the double makes no ids: a document must have _id")
    return key(document["_id"])
