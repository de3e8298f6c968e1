"""Documents whose names are nearly what was typed, found in SQLite: by two indexes, then word by word."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from services.kit.adapters.near_names import LOOKED_AT, Sought, Typed
from services.kit.adapters.sqlite_filters import conditions
from services.kit.adapters.sqlite_schema import CollectionTable
from services.kit.documents import Filter, Stored

_INDEXED = 3
"""Letters of a text from which on the index of texts finds it."""

_NUMBERED = "_n IN (SELECT value FROM json_each(?))"
Key = tuple[str, int, int]
"""A document's id and lane, and the number of its row."""


def near(
    db: sqlite3.Connection, table: CollectionTable, text: str, where: Sequence[Filter], limit: int
) -> list[Stored]:
    """See the port."""
    sought = Sought.of(text)
    if not sought.guessable:
        return []
    tests, values = conditions(table, where)
    # Rows by their numbers, however well an index knows the conditions.
    sql = f"SELECT _id, _lane, _n, _text, _names FROM {table.table} NOT INDEXED WHERE {_NUMBERED}"
    found = db.execute(sql + (f" AND {tests}" if tests else ""), (json.dumps(_candidates(db, table, sought)), *values))
    rows: Iterator[tuple[Key, str, str]] = (((id, lane, n), text, names) for id, lane, n, text, names in found)
    nearest = sought.nearest(rows, limit)
    bodies = _bodies(db, table, [n for _, (_, _, n) in nearest])
    return [Stored(id, lane, table.decode(bodies[n]), slips=slips) for slips, (id, lane, n) in nearest]


def _candidates(db: sqlite3.Connection, table: CollectionTable, sought: Sought) -> list[int]:
    """Return the numbers of rows that the indexes find for all words. A word that very many have tells little: others
    are tested for it later; if all are such words, it is told by the first of their rows."""
    asked = [_asked(table, each, alone=len(sought.words) == 1) for each in sought.words]
    kept: set[int] | None = None
    for each in asked:
        found: set[int] = set()
        for sql, match in each:
            found.update(n for (n,) in db.execute(f"{sql} LIMIT {LOOKED_AT}", (match,)))
        if each and len(found) < LOOKED_AT:
            kept = found if kept is None else kept & found
    if kept is not None:
        return sorted(kept)
    every = " INTERSECT ".join(
        f"SELECT rowid FROM ({' UNION '.join(sql for sql, _ in each)})" for each in asked if each
    )
    matches = [match for each in asked for _, match in each]
    return [n for (n,) in db.execute(f"{every} LIMIT {LOOKED_AT}", matches)]


def _bodies(db: sqlite3.Connection, table: CollectionTable, numbers: list[int]) -> dict[int, bytes]:
    """Return the bodies of the rows of these numbers."""
    sql = f"SELECT _n, _body FROM {table.table} WHERE {_NUMBERED}"
    return dict(db.execute(sql, (json.dumps(numbers),)))


def _asked(table: CollectionTable, typed: Typed, *, alone: bool) -> list[tuple[str, str]]:
    """Return (query of row numbers, what it matches) that together find all documents which have the word, or nearly.
    `alone`: there is no other word, so that those that have it are not wanted. []: the indexes do not know."""
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
