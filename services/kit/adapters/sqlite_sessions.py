"""Sessions in a file of the data folder: a restart signs nobody out. No backup needs it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from services.kit import clock
from services.kit.errors import Unusable
from services.kit.sessions import LIFE, Session

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, account_id TEXT NOT NULL, begun_at INTEGER NOT NULL,
                                    body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_of ON session (account_id);
"""


class SqliteSessions:
    """The port Sessions for one process. One row is read or written at a time, by its key: that needs no thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @staticmethod
    def open(path: Path) -> SqliteSessions:
        """Open the file, without sessions that are over for good. Raises Unusable."""
        try:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
            connection.execute("DELETE FROM session WHERE begun_at < ?", (clock.now() - LIFE,))
        except sqlite3.Error as error:
            raise Unusable(f"cannot use {path}: {error}. Delete it: everybody then signs in anew.") from error
        path.chmod(0o600)
        return SqliteSessions(connection)

    async def put(self, session: Session) -> None:
        """See Sessions."""
        row = (session.id, session.account_id, session.begun_at, msgspec.json.encode(session))
        self._connection.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", row)

    async def get(self, id: str) -> Session | None:
        """See Sessions."""
        row = self._connection.execute("SELECT body FROM session WHERE id = ?", (id,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Session)

    async def of(self, account_id: str) -> list[Session]:
        """See Sessions."""
        rows = self._connection.execute("SELECT body FROM session WHERE account_id = ?", (account_id,)).fetchall()
        return [msgspec.json.decode(body, type=Session) for (body,) in rows]

    async def drop(self, id: str) -> None:
        """See Sessions."""
        self._connection.execute("DELETE FROM session WHERE id = ?", (id,))

    async def close(self) -> None:
        """See Sessions."""
        self._connection.close()
