"""What a group's SQLite file consists of: tables, indexes and the statements on them, made from the declared shapes.

Names that begin with `_` are the adapter's: `_n` (row number), `_id`, `_lane`, `_body` (JSON), `_text` (searched),
`_names` (words of the names in it). The triggers use `starts` of near_names, which a connection that writes must have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from services.kit.adapters.document_shapes import (
    Values,
    check_names,
    check_shapes,
    declared,
    folded,
    getter,
    nullable,
)
from services.kit.adapters.near_names import name_words
from services.kit.documents import Collection, ColumnKind, Counter

FORMAT = 1
"""Raised when files of older code must not be read as they are."""
TYPES: dict[ColumnKind, str] = {"text": "TEXT", "int": "INTEGER"}

FRAME = (
    """CREATE TABLE lanes(
        lane INTEGER PRIMARY KEY, rev INTEGER NOT NULL, log_id TEXT NOT NULL, incomplete INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE positions(
        lane INTEGER NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL, event_id TEXT NOT NULL,
        PRIMARY KEY(lane, topic)
    ) STRICT, WITHOUT ROWID""",
)


def quoted(name: str) -> str:
    """Return the name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _marks(count: int) -> str:
    return ",".join("?" * count)


class CollectionTable:
    """One collection: a row per (id, lane)."""

    def __init__(self, shape: Collection) -> None:
        check_names("collection", shape.name, shape.columns)
        self.name = shape.name
        self.table = quoted(f"c_{shape.name}")
        self.search = quoted(f"f_{shape.name}")
        self.starts = quoted(f"s_{shape.name}")
        self.kinds = shape.columns
        self.indexes = shape.indexes
        self.text = shape.text
        self.names = shape.names
        self.nullable = nullable(shape)
        self.encode = msgspec.json.Encoder().encode
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(shape.model).decode
        self.values = getter(list(shape.columns))
        self._searched = (["_text"] if shape.text else []) + (["_names"] if shape.names else [])
        names = [*(quoted(each) for each in shape.columns), *self._searched, "_body"]
        updates = ", ".join(f"{each}=excluded.{each}" for each in names)
        insert = f"INSERT INTO {self.table}(_id, _lane, {', '.join(names)}) VALUES ({_marks(len(names) + 2)})"
        self.insert = insert
        self.upsert = f"{insert} ON CONFLICT(_id, _lane) DO UPDATE SET {updates}"
        self.delete = f"DELETE FROM {self.table} WHERE _id=? AND _lane=?"
        self.get = f"SELECT _lane, _body FROM {self.table} WHERE _id=?"
        self._updates: dict[frozenset[str], tuple[str, Values]] = {}

    def row(self, id: str, lane: int, document: Any) -> tuple[Any, ...]:
        """Return the parameters of `insert` and `upsert`."""
        return (id, lane, *self.values(document), *self._texts(document), self.encode(document))

    def change(self, values: Values, id: str, lane: int, document: Any) -> tuple[Any, ...]:
        """Return the parameters of `update`."""
        return (*values(document), *self._texts(document), self.encode(document), id, lane)

    def _texts(self, document: Any) -> tuple[str, ...]:
        if self.text is None:
            return ()
        text = folded(self.text(document))
        return (text,) if self.names is None else (text, name_words(self.names(document)))

    def update(self, changed: frozenset[str]) -> tuple[str, Values]:
        """Return the statement that sets body and `changed` only, so that SQLite touches only their indexes, and the
        getter of those columns' values."""
        if (known := self._updates.get(changed)) is not None:
            return known
        if unknown := changed - self.kinds.keys():
            raise KeyError(f"collection {self.name} has no column {sorted(unknown)}")
        names = sorted(changed)
        sets = ", ".join(f"{each}=?" for each in [*map(quoted, names), *self._searched, "_body"])
        made = f"UPDATE {self.table} SET {sets} WHERE _id=? AND _lane=?", getter(names)
        self._updates[changed] = made
        return made

    def purge(self, column: str) -> str:
        """Return the statement with parameters lane, value, most."""
        rows = f"SELECT _n FROM {self.table} WHERE _lane=? AND {self.column(column)} IS ? LIMIT ?"
        return f"DELETE FROM {self.table} WHERE _n IN ({rows})"

    def column(self, name: str) -> str:
        """Return the column as an identifier; KeyError if it was not declared. `id` is always there."""
        if name == "id" and name not in self.kinds:
            return "_id"
        if name not in self.kinds:
            raise KeyError(f"collection {self.name} has no column {name!r}")
        return quoted(name)

    def index(self, columns: Sequence[str]) -> str:
        """Return the name of a declared index."""
        return quoted(f"{self.name}:{','.join(columns)}")

    def create(self) -> list[str]:
        """Return the statements for the bare table."""
        columns = "".join(
            f"{quoted(name)} {TYPES[kind]}{'' if name in self.nullable else ' NOT NULL'}, "
            for name, kind in self.kinds.items()
        )
        text = "".join(f"{each} TEXT NOT NULL, " for each in self._searched)
        keys = "_n INTEGER PRIMARY KEY, _id TEXT NOT NULL, _lane INTEGER NOT NULL"
        return [f"CREATE TABLE {self.table}({keys}, {columns}{text}_body BLOB NOT NULL) STRICT"]

    def finish(self) -> list[str]:
        """Return the statements that index the table, empty or full."""
        made = [f"CREATE UNIQUE INDEX {quoted(f'{self.name}:')} ON {self.table}(_id, _lane)"]
        for columns in self.indexes:
            names = ", ".join(self.column(each) for each in columns)
            made.append(f"CREATE INDEX {self.index(columns)} ON {self.table}({names}, _id, _lane)")
        if self.text is not None:
            made += self._finish_search()
        if self.names is not None:
            made += self._finish_names()
        return made

    def _finish_search(self) -> list[str]:
        add = f"INSERT INTO {self.search}(rowid, _text) VALUES (new._n, new._text);"
        remove = f"INSERT INTO {self.search}({self.search}, rowid, _text) VALUES ('delete', old._n, old._text);"
        changed = f"AFTER UPDATE OF _text ON {self.table} WHEN old._text IS NOT new._text"
        content = self.table[1:-1].replace('""', '"').replace("'", "''")
        options = f"_text, content='{content}', content_rowid='_n', columnsize=0, tokenize='trigram case_sensitive 1'"
        return [
            f"CREATE VIRTUAL TABLE {self.search} USING fts5({options})",
            f"INSERT INTO {self.search}({self.search}) VALUES ('rebuild')",
            f"CREATE TRIGGER {quoted(f'{self.name}:put')} AFTER INSERT ON {self.table} BEGIN {add} END",
            f"CREATE TRIGGER {quoted(f'{self.name}:delete')} AFTER DELETE ON {self.table} BEGIN {remove} END",
            f"CREATE TRIGGER {quoted(f'{self.name}:change')} {changed} BEGIN {remove} {add} END",
        ]

    def _finish_names(self) -> list[str]:
        """An index without a content of its own: what it holds follows from the names."""
        add = f"INSERT INTO {self.starts}(rowid, _names) VALUES (new._n, starts(new._names));"
        old = "'delete', old._n, starts(old._names)"
        remove = f"INSERT INTO {self.starts}({self.starts}, rowid, _names) VALUES ({old});"
        changed = f"AFTER UPDATE OF _names ON {self.table} WHEN old._names IS NOT new._names"
        return [
            f"CREATE VIRTUAL TABLE {self.starts} USING fts5(_names, content='', detail=none, tokenize='ascii')",
            f"INSERT INTO {self.starts}(rowid, _names) SELECT _n, starts(_names) FROM {self.table}",
            f"CREATE TRIGGER {quoted(f'{self.name}:named')} AFTER INSERT ON {self.table} BEGIN {add} END",
            f"CREATE TRIGGER {quoted(f'{self.name}:unnamed')} AFTER DELETE ON {self.table} BEGIN {remove} END",
            f"CREATE TRIGGER {quoted(f'{self.name}:renamed')} {changed} BEGIN {remove} {add} END",
        ]


class CounterTable:
    """One counter: a row of whole numbers per (keys, lane); STRICT refuses what an overflow would turn into a float."""

    def __init__(self, shape: Counter) -> None:
        check_names("counter", shape.name, (*shape.keys, *shape.values))
        self.name = shape.name
        self.table = quoted(f"n_{shape.name}")
        self.kinds = shape.keys
        self.value_names = shape.values
        self.indexes = shape.indexes
        self.keys = [quoted(each) for each in shape.keys]
        self.numbers = [quoted(each) for each in shape.values]
        primary = ", ".join([*self.keys, "_lane"])
        sums = ", ".join(f"{each}={each}+excluded.{each}" for each in self.numbers)
        self.insert = (
            f"INSERT INTO {self.table}({primary}, {', '.join(self.numbers)})"
            f" VALUES ({_marks(len(self.keys) + 1 + len(self.numbers))})"
        )
        self.add = f"{self.insert} ON CONFLICT({primary}) DO UPDATE SET {sums}"

    def purge(self, column: str) -> str:
        """Return the statement with parameters lane, value, most."""
        keys = ", ".join([*self.keys, "_lane"])
        rows = f"SELECT {keys} FROM {self.table} WHERE _lane=? AND {self.column(column)} IS ? LIMIT ?"
        return f"DELETE FROM {self.table} WHERE ({keys}) IN ({rows})"

    def column(self, name: str) -> str:
        """Return the key column as an identifier; KeyError if it was not declared."""
        if name not in self.kinds:
            raise KeyError(f"counter {self.name} has no key {name!r}")
        return quoted(name)

    def create(self) -> list[str]:
        """Return the statements for the bare table."""
        keys = ", ".join(f"{quoted(name)} {TYPES[kind]} NOT NULL" for name, kind in self.kinds.items())
        numbers = ", ".join(f"{each} INTEGER NOT NULL" for each in self.numbers)
        primary = ", ".join([*self.keys, "_lane"])
        columns = f"{keys}, _lane INTEGER NOT NULL, {numbers}, PRIMARY KEY({primary})"
        return [f"CREATE TABLE {self.table}({columns}) STRICT, WITHOUT ROWID"]

    def finish(self) -> list[str]:
        """Return the statements that index the table, empty or full; a row of zeros removes itself."""
        zero = " AND ".join(f"new.{each}=0" for each in self.numbers)
        same = " AND ".join(f"{each}=new.{each}" for each in [*self.keys, "_lane"])
        remove = f"DELETE FROM {self.table} WHERE {same};"
        made = [
            f"CREATE TRIGGER {quoted(f'{self.name}:zero')} AFTER UPDATE ON {self.table} WHEN {zero} BEGIN {remove} END"
        ]
        for columns in self.indexes:
            names = ", ".join(self.column(each) for each in columns)
            made.append(f"CREATE INDEX {quoted(f'{self.name}:' + ','.join(columns))} ON {self.table}({names})")
        return made


class Shape:
    """All tables of one group."""

    def __init__(self, collections: Sequence[Collection], counters: Sequence[Counter]) -> None:
        self.collections = {each.name: CollectionTable(each) for each in collections}
        self.counters = {each.name: CounterTable(each) for each in counters}
        check_shapes(collections, counters)
        self.declared = declared(collections, counters)

    def create(self) -> list[str]:
        """Return the statements for bare tables."""
        return [*FRAME, *(statement for table in self._tables() for statement in table.create())]

    def finish(self) -> list[str]:
        """Return the statements for everything that is kept beside the tables."""
        return [statement for table in self._tables() for statement in table.finish()]

    def _tables(self) -> list[CollectionTable | CounterTable]:
        return [*self.collections.values(), *self.counters.values()]
