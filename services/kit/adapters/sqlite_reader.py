"""A consistent snapshot of the group files. Its methods never wait: they may also be driven in a worker thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType

from services.kit.adapters.document_shapes import folded
from services.kit.adapters.sqlite_choice import Choice
from services.kit.adapters.sqlite_connection import translated
from services.kit.adapters.sqlite_filters import conditions
from services.kit.adapters.sqlite_find import WALK, Find
from services.kit.adapters.sqlite_group import GroupFile, read_lanes
from services.kit.adapters.sqlite_near import near
from services.kit.adapters.sqlite_schema import CollectionTable, CounterTable
from services.kit.documents import Cursor, Filter, LaneState, Page, Row, Stored

_CHUNK = 512


class Snapshot:
    """The port Reader, and its own context manager. A file's read transaction begins with the first read of its group,
    or just before somebody commits to it (`pin`): so all groups are seen as they were when the snapshot was opened."""

    def __init__(
        self, files: Mapping[str, GroupFile], opened: Callable[[Snapshot], None], left: Callable[[Snapshot], None]
    ):
        self._files = files
        self._opened = opened
        self._left = left
        self._connections: dict[str, sqlite3.Connection] = {}
        self._choices: dict[tuple[str, str], Choice] = {}
        self._lock = Lock()

    async def __aenter__(self) -> Snapshot:
        self._opened(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._left(self)
        for group, db in self._connections.items():
            self._files[group].release(db)
        self._connections.clear()
        self._choices.clear()
        if isinstance(error, sqlite3.Error):
            raise translated(error, Path("documents")) from error

    def pin(self, group: str) -> None:
        """Fix what is seen of this group now: it is about to change."""
        if group in self._files:
            with self._lock:
                if group not in self._connections:
                    db = self._connections[group] = self._files[group].reader()
                    db.execute("SELECT 1 FROM lanes LIMIT 1").fetchall()

    # ------------------------------------------------------------ documents

    async def get(self, group: str, collection: str, id: str) -> list[Stored]:
        """See the port."""
        table = self._collection(group, collection)
        rows = self._db(group).execute(table.get, (id,)).fetchall()
        return [Stored(id, lane, table.decode(body)) for lane, body in rows]

    async def get_many(self, group: str, collection: str, ids: Sequence[str], lane: int | None = None) -> list[Stored]:
        """See the port."""
        table, db = self._collection(group, collection), self._db(group)
        unique = list(dict.fromkeys(ids))
        found: list[Stored] = []
        for at in range(0, len(unique), _CHUNK):
            chunk = unique[at : at + _CHUNK]
            # Few sizes, few statements to prepare; a repeated id changes nothing.
            chunk += chunk[:1] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))
            sql = f"SELECT _id, _lane, _body FROM {table.table} WHERE _id IN ({','.join('?' * len(chunk))})"
            if lane is not None:
                sql += " AND _lane = ?"
            rows = db.execute(sql, chunk if lane is None else [*chunk, lane]).fetchall()
            found += [Stored(key, of, table.decode(body)) for key, of, body in rows]
        return found

    async def find(
        self,
        group: str,
        collection: str,
        where: Sequence[Filter] = (),
        sort: Sequence[tuple[str, bool]] = (),
        *,
        cursor: Cursor | None = None,
        limit: int = 50,
        lane: int | None = None,
        columns: Sequence[str] = (),
    ) -> Page:
        """See the port."""
        table = self._collection(group, collection)
        return Find(self._db(group), table, self._choice(group, table), where, sort, lane, columns).page(cursor, limit)

    async def count(self, group: str, collection: str, where: Sequence[Filter] = (), most: int = 10_000) -> int:
        """See the port."""
        table = self._collection(group, collection)
        sql, values = conditions(table, where)
        choice = self._choice(group, table)
        source = choice.source(choice.covering(where))
        some = f"SELECT 1 FROM {source}{' WHERE ' + sql if sql else ''} LIMIT ?"
        return int(self._db(group).execute(f"SELECT count(*) FROM ({some})", (*values, most + 1)).fetchone()[0])

    async def sums(self, group: str, collection: str, where: Sequence[Filter] = (), columns: Sequence[str] = ()) -> Row:
        """See the port."""
        table = self._collection(group, collection)
        sql, values = conditions(table, where)
        sums = ["count(*)", *(f"coalesce(sum({table.column(each)}), 0)" for each in columns)]
        choice = self._choice(group, table)
        held = choice.covering(where, columns)
        few = None if held is None else choice.few(where)
        if few is not None:
            read, values = choice.numbered(sql), (*values, few.numbers)
        else:
            read = f"{choice.source(held)}{' WHERE ' + sql if sql else ''}"
        found = self._db(group).execute(f"SELECT {', '.join(sums)} FROM {read}", values).fetchone()
        return dict(zip(("count", *columns), found, strict=True))

    async def search(self, group: str, collection: str, text: str, limit: int = 20) -> list[Stored]:
        """See the port. In the order they came in; words of one or two letters alone look through 20,000 documents."""
        table = self._collection(group, collection)
        if table.text is None:
            raise KeyError(f"collection {collection} declares no text to search")
        words = folded(text).split()
        if not words:
            return []
        long = [word for word in words if len(word) > 2]
        short = [word for word in words if len(word) <= 2]
        rows = f"SELECT _id, _lane, _body, _text FROM {table.table}"
        values: list[str | int] = []
        if long:
            rows += f" WHERE _n IN (SELECT rowid FROM {table.search} WHERE {table.search} MATCH ?)"
            values.append(" AND ".join('"' + word.replace('"', '""') + '"' for word in long))
        else:
            rows += f" LIMIT {WALK}"
        tests = " AND ".join("instr(_text, ?) > 0" for _ in short) or "1"
        sql = f"SELECT _id, _lane, _body FROM ({rows}) WHERE {tests} LIMIT ?"
        found = self._db(group).execute(sql, (*values, *short, limit)).fetchall()
        return [Stored(key, lane, table.decode(body)) for key, lane, body in found]

    async def near(
        self, group: str, collection: str, text: str, where: Sequence[Filter] = (), limit: int = 20
    ) -> list[Stored]:
        """See the port."""
        table = self._collection(group, collection)
        if table.names is None:
            raise KeyError(f"collection {collection} declares no names")
        return near(self._db(group), table, text, where, limit)

    # ------------------------------------------------------------ counters and lanes

    async def counters(
        self,
        group: str,
        counter: str,
        where: Sequence[Filter] = (),
        by: Sequence[str] = (),
        *,
        sort: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """See the port."""
        table = self._counter(group, counter)
        keys = [table.column(each) for each in by]
        names = (*by, *table.value_names)
        sums = [f"sum({each})" for each in table.numbers]
        sql, values = conditions(table, where)
        query = f"SELECT {', '.join([*keys, *sums])} FROM {table.table}{' WHERE ' + sql if sql else ''}"
        if keys:
            query += f" GROUP BY {', '.join(keys)} HAVING {' OR '.join(f'{each} <> 0' for each in sums)}"
        if unknown := {each.removeprefix("-") for each in sort} - set(by):
            raise KeyError(f"counter {counter} is not grouped by {sorted(unknown)}")
        order = [table.column(each.removeprefix("-")) + (" DESC" if each.startswith("-") else "") for each in sort]
        query += f" ORDER BY {', '.join(order)}" if order else ""
        query += " LIMIT ?" if limit is not None else ""
        rows = self._db(group).execute(query, values if limit is None else (*values, limit)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows if keys or any(row)]

    async def lanes(self, group: str) -> list[LaneState]:
        """See the port."""
        return read_lanes(self._db(group))

    # ------------------------------------------------------------ what is read

    def _db(self, group: str) -> sqlite3.Connection:
        db = self._connections.get(group)
        if db is None:
            with self._lock:
                db = self._connections.get(group)
                if db is None:
                    db = self._connections[group] = self._file(group).reader()
        return db

    def _choice(self, group: str, table: CollectionTable) -> Choice:
        known = self._choices.get((group, table.name))
        if known is None:
            known = self._choices[group, table.name] = Choice(self._db(group), table)
        return known

    def _file(self, group: str) -> GroupFile:
        if group not in self._files:
            raise RuntimeError(f"the group {group} does not exist or was not defined when the snapshot was opened")
        return self._files[group]

    def _collection(self, group: str, name: str) -> CollectionTable:
        shape = self._file(group).shape
        if shape is None or name not in shape.collections:
            raise KeyError(f"{group} has no collection {name!r} known to this process")
        return shape.collections[name]

    def _counter(self, group: str, name: str) -> CounterTable:
        shape = self._file(group).shape
        if shape is None or name not in shape.counters:
            raise KeyError(f"{group} has no counter {name!r} known to this process")
        return shape.counters[name]
