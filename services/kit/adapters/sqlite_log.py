"""The log's file in SQLite: its table, how events become rows and rows become events, and the reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from contracts.envelope import NewEvent, RecordedEvent
from services.kit import clock
from services.kit.adapters.sqlite_files import Kind, connect

_COLUMNS = (
    "position, stream, version, id, type, key, occurred_at, recorded_at, actor, command_id, command_hash, correlation, "
    "origin, imputed, data"
)
LOG = Kind(
    name="event log",
    format=1,
    schema=(
        """
        CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            stream TEXT NOT NULL,
            version INTEGER NOT NULL,
            id TEXT NOT NULL,
            type TEXT NOT NULL,
            key TEXT NOT NULL,
            occurred_at INTEGER NOT NULL,
            recorded_at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            command_id TEXT NOT NULL,
            command_hash TEXT NOT NULL,
            correlation TEXT NOT NULL,
            origin TEXT NOT NULL,
            imputed INTEGER NOT NULL,
            data BLOB NOT NULL,
            UNIQUE (stream, version)
        ) STRICT
        """,
        # The position follows by itself. Rare types are found without reading the log: a start must not grow with it.
        "CREATE INDEX by_type ON events (type)",
    ),
    first_meta=lambda: {"log_id": clock.new_id()},
)
ROWS = 64
"""Events one INSERT stores at most; every number up to it is a prepared statement of its own."""
SLICE = 2_000
"""Events one statement reads at most: a long one would keep the WAL from starting anew."""
_ROW = "(" + ", ".join("?" * len(_COLUMNS.split(","))) + ")"


def reader(path: Path) -> sqlite3.Connection:
    """Return a connection for reading the log."""
    return connect(path, cache_kib=8_192, readonly=True)


@cache
def _insert(rows: int) -> str:
    return f"INSERT INTO events ({_COLUMNS}) VALUES " + ", ".join([_ROW] * rows)


def insert(connection: sqlite3.Connection, events: Sequence[RecordedEvent]) -> None:
    """Store up to ROWS events by one statement: each statement costs the writer's thread a wait for the interpreter."""
    values: list[Any] = []
    for e in events:
        values += (
            e.position, e.stream, e.version, e.id, e.type, e.key, e.occurred_at, e.recorded_at, e.actor, e.command_id,
            e.command_hash, e.correlation, e.origin, e.imputed, e.data,
        )  # fmt: skip
    connection.execute(_insert(len(events)), values)


def heads(connection: sqlite3.Connection, streams: Iterable[str]) -> dict[str, int]:
    """Return the versions of those streams that exist."""
    newest = "(SELECT max(version) FROM events WHERE stream = asked.value)"
    found = connection.execute(
        f"SELECT asked.value, {newest} AS head FROM json_each(?) AS asked WHERE head IS NOT NULL",
        (json.dumps(list(streams)),),
    )
    return dict(found.fetchall())


def last(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return position and recorded_at of the newest event; (0, 0) for an empty log."""
    row: list[tuple[int, int]] = connection.execute(
        "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1"
    ).fetchall()
    return row[0] if row else (0, 0)


def in_stream(connection: sqlite3.Connection, stream: str, after: int, limit: int) -> list[RecordedEvent]:
    """Return up to `limit` events of the stream with version > after, in order."""
    where = "WHERE stream = ? AND version > ? ORDER BY version LIMIT ?"
    return _events(connection.execute(f"SELECT {_COLUMNS} FROM events {where}", (stream, after, limit)).fetchall())


def rest_of_stream(connection: sqlite3.Connection, stream: str, after: int) -> list[RecordedEvent]:
    """Return all events of the stream with version > after, in order."""
    found: list[RecordedEvent] = []
    while part := in_stream(connection, stream, found[-1].version if found else after, SLICE):
        found += part
    return found


def in_log(connection: sqlite3.Connection, after: int, limit: int) -> list[RecordedEvent]:
    """Return up to `limit` events with position > after, in order."""
    where = "WHERE position > ? ORDER BY position LIMIT ?"
    return _events(connection.execute(f"SELECT {_COLUMNS} FROM events {where}", (after, limit)).fetchall())


def newest(connection: sqlite3.Connection) -> int:
    """Return the latest occurred_at of all events; 0 if there is none."""
    row: tuple[int | None] = connection.execute("SELECT max(occurred_at) FROM events").fetchone()
    return row[0] or 0


def in_types(connection: sqlite3.Connection, types: Collection[str], after: int, limit: int) -> list[RecordedEvent]:
    """Return up to `limit` events of these types with position > after, in order."""
    if not types:
        return []
    first = "SELECT * FROM (SELECT position FROM events WHERE type = ? AND position > ? ORDER BY position LIMIT ?)"
    positions = " UNION ALL ".join([first] * len(types))
    values: list[str | int] = []
    for name in sorted(types):
        values += (name, after, limit)
    where = f"WHERE position IN ({positions}) ORDER BY position LIMIT ?"
    return _events(connection.execute(f"SELECT {_COLUMNS} FROM events {where}", (*values, limit)).fetchall())


def _events(rows: list[tuple[Any, ...]]) -> list[RecordedEvent]:
    return [
        RecordedEvent(
            position=position,
            stream=stream,
            version=version,
            id=id_,
            type=type_,
            key=key,
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor=actor,
            command_id=command_id,
            command_hash=command_hash,
            correlation=correlation,
            origin=origin,
            imputed=bool(imputed),
            data=data,
        )
        for (
            position, stream, version, id_, type_, key, occurred_at, recorded_at, actor, command_id, command_hash,
            correlation, origin, imputed, data,
        ) in rows
    ]  # fmt: skip


def recorded(event: NewEvent, stream: str, version: int, position: int, now: int) -> RecordedEvent:
    """Return the new event as it will be stored; one that was recorded in another log keeps that time."""
    return RecordedEvent(
        id=event.id,
        type=event.type,
        key=event.key,
        occurred_at=event.occurred_at,
        actor=event.actor,
        command_id=event.command_id,
        command_hash=event.command_hash,
        correlation=event.correlation,
        origin=event.origin,
        imputed=event.imputed,
        data=event.data,
        stream=stream,
        version=version,
        position=position,
        recorded_at=event.recorded_at if isinstance(event, RecordedEvent) else now,
    )
