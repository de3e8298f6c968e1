"""Which index answers a list or a sum: the one that leaves the fewest rows, or one that holds all that is asked about.

SQLite knows no sizes of ours (there is no ANALYZE between commits), so some entries of an index are counted first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.kit.adapters.keyset import fixed
from services.kit.adapters.sqlite_filters import conditions
from services.kit.adapters.sqlite_schema import CollectionTable
from services.kit.documents import Filter

FEW = 4_000
"""Rows that are read one by one without ado: some 10 ms."""
TESTED = 4
"""Entries of an index that are tested for their numbers in less than half the time of reading a row."""
Rarest = tuple[str, int] | None
AMONG = "_n IN (SELECT value FROM json_each(?))"
"""The condition that a row is one of a JSON array of numbers."""


@dataclass(frozen=True)
class Few:
    """Rows that the rarest filter leaves. `numbers`: a JSON array; `whole`: no other filter is left to be tested."""

    numbers: str
    count: int
    whole: bool

    def stroll(self, limit: int, size: int) -> int:
        """Return how many entries of another index, of `size`, may be tested for `limit` that are among these rows; 0
        where so many will hardly do, and reading and sorting the rows costs less."""
        most = TESTED * self.count
        return most if self.whole and 2 * limit * size <= most * self.count else 0


class Choice:
    """Chooses for one collection as one snapshot sees it."""

    def __init__(self, db: sqlite3.Connection, table: CollectionTable) -> None:
        self._db = db
        self._table = table
        self._known: dict[tuple[tuple[Filter, ...], int], Rarest] = {}
        self._few: dict[tuple[Filter, ...], Few | None] = {}

    def rarest(self, where: Sequence[Filter], most: int) -> Rarest:
        """Return the index whose own columns leave the fewest rows, and how many, counted up to `most` + 1."""
        asked = tuple(where), most
        if asked not in self._known:
            counted = [(index, self._count(index, filters, most)) for index, filters in self._narrow(where)]
            self._known[asked] = min(counted, key=lambda each: each[1], default=None)
        return self._known[asked]

    def _count(self, index: str, where: Sequence[Filter], most: int) -> int:
        sql, values = conditions(self._table, where)
        some = f"SELECT 1 FROM {self._table.table} INDEXED BY {index} WHERE {sql} LIMIT {most + 1}"
        return int(self._db.execute(f"SELECT count(*) FROM ({some})", values).fetchone()[0])

    def _narrow(self, where: Sequence[Filter]) -> Iterator[tuple[str, list[Filter]]]:
        """Yield the indexes that begin with columns held equal, then with a filter more, and the filters on any of
        their columns; of those that begin with the same, or with less than another, one."""
        equal, filtered = fixed(where), {each.column for each in where}
        found: dict[frozenset[str], tuple[str, ...]] = {}
        for columns in self._table.indexes:
            begin = _begins(columns, equal)
            begun = frozenset((*columns[:begin], *filtered.intersection(columns[begin : begin + 1])))
            if begun:
                found.setdefault(begun, columns)
        for begun, columns in found.items():
            if not any(begun < other for other in found):
                yield self._table.index(columns), [each for each in where if each.column in columns]

    def covering(self, where: Sequence[Filter], more: Iterable[str] = ()) -> str | None:
        """Return the index that holds all columns asked about, of several the one that begins with most of what is held
        equal: no row of the table is read then."""
        asked, equal = {*(each.column for each in where), *more} - {"id"}, fixed(where)
        holding = [columns for columns in self._table.indexes if where and asked.issubset(columns)]
        return self._table.index(max(holding, key=lambda columns: _begins(columns, equal))) if holding else None

    def few(self, where: Sequence[Filter]) -> Few | None:
        """Return which rows the rarest filter leaves, if they are few. They are read by their numbers, to be sorted as
        to be added up: the index, of which most may have to be passed over, is walked once."""
        asked = tuple(where)
        if asked not in self._few:
            found = [self._numbers(index, filters, where) for index, filters in self._narrow(where)]
            least = min(found, key=lambda each: each.count, default=None)
            self._few[asked] = least if least is not None and least.count <= FEW else None
        return self._few[asked]

    def _numbers(self, index: str, filters: Sequence[Filter], where: Sequence[Filter]) -> Few:
        sql, values = conditions(self._table, filters)
        some = f"SELECT _n FROM {self._table.table} INDEXED BY {index} WHERE {sql} LIMIT {FEW + 1}"
        count, numbers = self._db.execute(f"SELECT count(*), json_group_array(_n) FROM ({some})", values).fetchone()
        return Few(numbers, count, len(filters) == len(where))

    def size(self) -> int:
        """Return about how many rows there are, rather more."""
        return int(self._db.execute(f"SELECT coalesce(max(_n), 0) FROM {self._table.table}").fetchone()[0])

    def source(self, index: str | None) -> str:
        """Return the table as a query names it that shall use the index."""
        return self._table.table if index is None else f"{self._table.table} INDEXED BY {index}"

    def numbered(self, sql: str) -> str:
        """Return table and conditions of a query that reads rows by their numbers, its last parameter."""
        return f"{self._table.table} NOT INDEXED WHERE {f'{sql} AND {AMONG}' if sql else AMONG}"


def _begins(columns: Sequence[str], equal: frozenset[str]) -> int:
    return next((at for at, column in enumerate(columns) if column not in equal), len(columns))
