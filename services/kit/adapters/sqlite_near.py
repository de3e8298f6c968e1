"""Documents whose names are nearly what was typed, found in SQLite: by two indexes, then word by word."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from services.kit.adapters.near_names import LOOKED_AT, Sought, Typed
from services.kit.adapters.sqlite_schema import CollectionTable
from services.kit.documents import Stored

_INDEXED = 3
"""Letters of a text from which on the index of texts finds it."""

Key = tuple[str, int, int]
"""A document's id and lane, and the number of its row."""


def near(db: sqlite3.Connection, table: CollectionTable, text: str, limit: int) -> list[Stored]:
    """See the port."""
    sought = Sought.of(text)
    if not sought.guessable:
        return []
    tests, values = [], []
    for typed in sought.words:
        asked = _asked(table, typed, alone=len(sought.words) == 1)
        if asked:
            tests.append(f"_n IN ({' UNION '.join(sql for sql, _ in asked)})")
            values += [match for _, match in asked]
    sql = f"SELECT _id, _lane, _n, _text, _names FROM {table.table} WHERE {' AND '.join(tests)} LIMIT {LOOKED_AT}"
    rows: Iterator[tuple[Key, str, str]] = (
        ((id, lane, n), text, names) for id, lane, n, text, names in db.execute(sql, values)
    )
    found = sought.nearest(rows, limit)
    bodies = _bodies(db, table, [n for _, (_, _, n) in found])
    return [Stored(id, lane, table.decode(bodies[n]), slips=slips) for slips, (id, lane, n) in found]


def _bodies(db: sqlite3.Connection, table: CollectionTable, numbers: list[int]) -> dict[int, bytes]:
    """Return the bodies of the rows of these numbers."""
    sql = f"SELECT _n, _body FROM {table.table} WHERE _n IN (SELECT value FROM json_each(?))"
    return dict(db.execute(sql, (json.dumps(numbers),)))


def _asked(table: CollectionTable, typed: Typed, *, alone: bool) -> list[tuple[str, str]]:
    """Return (query of row numbers, what it matches) that together find all documents which have the word, or nearly.
    `alone`: there is no other word, so that those that have it are not wanted. None: the index does not know."""
    made = []
    if typed.parts:
        lists = (" OR ".join(map(_quoted, each)) for each in typed.asked)
        made.append((_matching(table.starts), " AND ".join(f"({each})" for each in lists)))
        if alone:
            return made
    if len(typed.text) < _INDEXED:
        return []
    return [*made, (_matching(table.search), _quoted(typed.text))]


def _matching(index: str) -> str:
    return f"SELECT rowid FROM {index} WHERE {index} MATCH ?"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
