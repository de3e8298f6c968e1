"""The keyring's file in SQLite: its tables and what is done with them.

A key is written once into a row of fixed size that is never moved, only overwritten: where SQLite moves rows between
pages it leaves copies behind, and these could be read from the file after the key was destroyed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from services.kit import clock, crash
from services.kit.adapters.sqlite_files import Kind
from services.kit.errors import other_key
from services.kit.ports import SubjectKey

KEYRING = Kind(
    name="keyring",
    format=1,
    schema=(
        # `slot`: where the key is; NULL is a tombstone.
        "CREATE TABLE subjects (subject TEXT PRIMARY KEY, owner TEXT, slot INTEGER) STRICT, WITHOUT ROWID",
        "CREATE INDEX owned ON subjects (owner) WHERE owner IS NOT NULL",
        "CREATE TABLE secrets (slot INTEGER PRIMARY KEY, secret BLOB NOT NULL) STRICT",
    ),
    first_meta=dict,
)
_LENGTH = 32
_FALLING = """
    WITH RECURSIVE falling (subject) AS (
        VALUES (?) UNION SELECT subjects.subject FROM subjects JOIN falling ON subjects.owner = falling.subject
    )
"""


class Kept(NamedTuple):
    """What the keyring has about a subject; a key of None is a tombstone."""

    key: bytes | None
    owner: str | None


def harden(connection: sqlite3.Connection) -> None:
    """Make sure that nothing deleted stays in the files, not even after a crash in the middle of destroying keys."""
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    _clear_wal(connection)


def find(connection: sqlite3.Connection, subject: str) -> Kept | None:
    """Return what is there about the subject; None: nothing."""
    sql = "SELECT secret, owner FROM subjects LEFT JOIN secrets USING (slot) WHERE subject = ?"
    rows = connection.execute(sql, (subject,)).fetchall()
    return Kept(*rows[0]) if rows else None


def ensure(connection: sqlite3.Connection, pairs: Sequence[tuple[str, str | None]]) -> dict[str, Kept]:
    """Make the keys that are missing and note the owners given, by one commit; return what is there then."""
    found: dict[str, Kept] = {}
    with _transaction(connection):
        for subject, owner in pairs:
            kept = found.get(subject) or find(connection, subject)
            if kept is None:
                kept = _add(connection, subject, owner)
            elif kept.key is not None and owner not in {None, kept.owner}:
                connection.execute("UPDATE subjects SET owner = ? WHERE subject = ?", (owner, subject))
                kept = Kept(kept.key, owner)
            found[subject] = kept
    return found


def _add(connection: sqlite3.Connection, subject: str, owner: str | None) -> Kept:
    of_owner = find(connection, owner) if owner is not None else None
    key = clock.new_bytes(_LENGTH) if of_owner is None or of_owner.key is not None else None
    _store(connection, subject, owner, key)
    return Kept(key, owner)


def _store(connection: sqlite3.Connection, subject: str, owner: str | None, key: bytes | None) -> None:
    slot: int | None = None
    if key is not None:
        slot = connection.execute("INSERT INTO secrets (secret) VALUES (?)", (key,)).lastrowid
    connection.execute("INSERT INTO subjects (subject, owner, slot) VALUES (?, ?, ?)", (subject, owner, slot))


def destroy(connection: sqlite3.Connection, owner: str) -> list[str]:
    """Overwrite the keys of the owner and of all it owns, leave tombstones; return the subjects. Repeatable."""
    with _transaction(connection):
        connection.execute("INSERT INTO subjects (subject) VALUES (?) ON CONFLICT DO NOTHING", (owner,))
        gone = [subject for (subject,) in connection.execute(f"{_FALLING} SELECT subject FROM falling", (owner,))]
        slots = f"{_FALLING} SELECT slot FROM subjects JOIN falling USING (subject)"
        connection.execute(f"UPDATE secrets SET secret = zeroblob({_LENGTH}) WHERE slot IN ({slots})", (owner,))
        falling = f"{_FALLING} SELECT subject FROM falling"
        connection.execute(f"UPDATE subjects SET slot = NULL WHERE subject IN ({falling})", (owner,))
    crash.point("destroy.committed")
    _clear_wal(connection)
    return gone


def listed(connection: sqlite3.Connection, after: str, limit: int) -> list[SubjectKey]:
    """Return up to `limit` subjects behind `after`, in order."""
    sql = (
        "SELECT subject, owner, secret FROM subjects LEFT JOIN secrets USING (slot) WHERE subject > ?"
        " ORDER BY subject LIMIT ?"
    )
    return [SubjectKey(*row) for row in connection.execute(sql, (after, limit)).fetchall()]


def adopt(connection: sqlite3.Connection, keys: Sequence[SubjectKey]) -> None:
    """Store what is missing, by one commit. Raises Unusable if a subject has another key."""
    with _transaction(connection):
        for subject, owner, key in keys:
            kept = find(connection, subject)
            if kept is None:
                _store(connection, subject, owner, key)
            elif kept.key is not None and key is not None:
                if kept.key != key:
                    raise other_key(subject)
                connection.execute("UPDATE subjects SET owner = ? WHERE subject = ?", (owner, subject))
    for subject, _, key in keys:
        if key is None and (kept := find(connection, subject)) is not None and kept.key is not None:
            destroy(connection, subject)


def tombstones(connection: sqlite3.Connection) -> list[str]:
    """Return the subjects that were erased, in order."""
    return [name for (name,) in connection.execute("SELECT subject FROM subjects WHERE slot IS NULL ORDER BY subject")]


def _clear_wal(connection: sqlite3.Connection) -> None:
    """Copy the WAL into the file and empty it: it holds the pages as they were, with the keys."""
    ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise sqlite3.OperationalError("the WAL is in use and could not be emptied")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
