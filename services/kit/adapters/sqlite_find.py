"""One page of a collection by keyset: a few index ranges read one after the other, never an offset."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from services.kit.adapters.document_places import Sort
from services.kit.adapters.keyset import Bound, Keyset, Range
from services.kit.adapters.sqlite_choice import AMONG, Choice
from services.kit.adapters.sqlite_filters import Condition, conditions
from services.kit.adapters.sqlite_schema import CollectionTable
from services.kit.documents import Cursor, Filter, Page, Stored

WALK = 20_000
"""Rows of a sort's index that are tested against the other filters before the matching ones are sorted instead."""
STROLL = 2_000
"""The same where an index holds all that filters and order ask about: what matches is soon sorted then."""

Read = tuple[Any, ...]
"""A row: its number, id and lane, the values it is sorted by, what is shown of it."""


class Find:
    """One call of `find`."""

    def __init__(
        self,
        db: sqlite3.Connection,
        table: CollectionTable,
        choice: Choice,
        where: Sequence[Filter],
        sort: Sort,
        lane: int | None,
        columns: Sequence[str],
    ) -> None:
        self._db = db
        self._table = table
        self._choice = choice
        self._where = where
        self._lane = lane
        self._columns = tuple(columns)
        self._keyset = Keyset(table, where, sort)
        names = [table.column(column) for column, _ in self._keyset.order]
        shown = [table.column(column) for column in columns] or ["_body"]
        self._width = 3 + len(names)
        self._select = f"SELECT {', '.join(['_n', '_id', '_lane', *names, *shown])} FROM {table.table}"

    def page(self, cursor: Cursor | None, limit: int) -> Page:
        """Return up to `limit` rows after the cursor."""
        if limit < 1:
            raise ValueError("a page has at least one row")
        rows: list[Read] = []
        for each in self._keyset.ranges(cursor):
            rows += self._read(each, limit + 1 - len(rows))
            if len(rows) > limit:
                last = rows[limit - 1]
                after = self._keyset.cursor(last[3 : self._width], last[1], last[2])
                return Page([self._stored(row) for row in rows[:limit]], after)
        return Page([self._stored(row) for row in rows], None)

    def _stored(self, row: tuple[Any, ...]) -> Stored:
        if self._columns:
            return Stored(row[1], row[2], None, dict(zip(self._columns, row[self._width :], strict=True)))
        return Stored(row[1], row[2], self._table.decode(row[self._width]))

    # ------------------------------------------------------------ reading a range

    def _read(self, of: Range, limit: int) -> list[Read]:
        """Return the first rows of the range, in order."""
        backwards = bool(of.left) and all(descending for _, descending in of.left)
        ids = " DESC" if backwards else ""
        exact, walked = self._index_in_order(of)
        if walked is not None:
            found = self._walk(of, *walked, ids, limit)
            if found is None:
                return self._sorted(of, limit)
        else:
            told = f" INDEXED BY {exact}" if exact else ""
            sql, values = self._conditions(of)
            order = self._order(of, ids)
            found = self._run(f"{self._select}{told}{_where(sql)} ORDER BY {order} LIMIT ?", (*values, limit))
        return self._ties(found, limit) if backwards else found

    def _ties(self, rows: list[Read], limit: int) -> list[Read]:
        """Put what an index read backwards gave in order: it gives ids backwards too. A last tie that the limit cuts is
        read again by id: SQLite would sort the whole tie, which may be half of the table."""
        first, last = 3, self._width
        rows.sort(key=lambda row: (row[1], row[2]))
        groups: dict[Read, list[Read]] = {}
        for row in rows:
            groups.setdefault(row[first:last], []).append(row)
        ordered = sorted(groups, key=_missing_lowest, reverse=True)
        made = [row for key in ordered for row in groups[key]]
        if len(rows) < limit:
            return made
        cut = ordered[-1]
        columns = [column for column, _ in self._keyset.order]
        whole = Range(tuple(zip(columns, cut, strict=True)), None, ())
        count = len(groups[cut])
        return made[: len(made) - count] + self._read(whole, count)

    def _run(self, sql: str, values: tuple[Any, ...]) -> list[Read]:
        return self._db.execute(sql, values).fetchall()

    def _conditions(self, of: Range, where: Sequence[Filter] | None = None) -> Condition:
        sql, values = conditions(self._table, self._where if where is None else where, self._lane)
        parts = [sql] if sql else []
        more: list[Any] = list(values)
        for column, value in of.equal:
            parts.append(f"{self._table.column(column)} {'IS NULL' if value is None else '= ?'}")
            more += [] if value is None else [value]
        if of.begin is not None:
            text, extra = self._begin(of.begin)
            parts.append(text)
            more += extra
        return " AND ".join(parts), tuple(more)

    def _begin(self, bound: Bound) -> Condition:
        if not bound.column:
            return f"(_id, _lane) {bound.op} (?, ?)", bound.value
        return f"{self._table.column(bound.column)} {bound.op} ?", (bound.value,)

    def _order(self, of: Range, ids: str) -> str:
        terms = [
            f"{self._table.column(column)} {'DESC' if descending else 'ASC'}"
            + (" NULLS LAST" if not descending and column in self._table.nullable and at else "")
            for at, (column, descending) in enumerate(of.left)
        ]
        return ", ".join([*terms, f"_id{ids}", f"_lane{ids}"])

    # ------------------------------------------------------------ filters that the sort's index does not answer

    def _index_in_order(self, of: Range) -> tuple[str, tuple[str, frozenset[str]] | None]:
        """Return the index that gives the rows in order ("": none does); else one whose order is wanted and that leaves
        filters unanswered, and the columns it answers."""
        equal = {column for column, _ in of.equal}
        constant = self._keyset.fixed | equal
        wanted = [column for column, _ in of.left]
        rest = {each.column for each in self._where} - constant - set(wanted[:1])
        best: tuple[str, frozenset[str]] | None = None
        for columns in self._table.indexes:
            begin = 0
            while begin < len(columns) and columns[begin] in constant:
                begin += 1
            if list(columns[begin : begin + len(wanted)]) != wanted or (not wanted and begin != len(columns)):
                continue
            answered = constant.intersection(columns[:begin])
            if not rest and answered == constant:
                return self._table.index(columns), None
            # A value of the order's is as a rule that of few rows: it tells more than filters do.
            if best is None or (len(answered & equal), len(answered)) > (len(best[1] & equal), len(best[1])):
                best = self._table.index(columns), answered
        filtered = {each.column for each in self._where}
        return "", best if any(columns[0] in filtered for columns in self._table.indexes) else None

    def _walk(self, of: Range, index: str, answered: frozenset[str], ids: str, limit: int) -> list[Read] | None:
        """Test the first rows in the index's order. None: all that match are to be sorted, for they are few, or too few
        of them came."""
        few = self._choice.few(self._where)
        usual = WALK if self._held() is None else STROLL
        most = usual if few is None else few.stroll(limit, self._choice.size())
        if not most:
            return None
        begin = (answered & self._keyset.fixed) | {column for column, _ in of.left[:1]}
        bounds = [each for each in self._where if each.column in begin]
        tested = [each for each in self._where if each.column not in begin]
        outer, more = conditions(self._table, tested) if few is None else (AMONG, (few.numbers,))
        names = ["_n", *(self._table.column(each.column) for each in tested if few is None)]
        inner, values = self._conditions(of, bounds)
        source, order = f"{self._table.table} INDEXED BY {index}", self._order(of, ids)
        walk = f"SELECT {', '.join(dict.fromkeys(names))} FROM {source}{_where(inner)} ORDER BY {order} LIMIT {most}"
        found = self._run(f"SELECT _n FROM ({walk}){_where(outer)} LIMIT ?", (*values, *more, limit))
        if len(found) < limit and self._run(f"SELECT count(*) FROM ({walk})", values)[0][0] == most:
            return None
        return self._numbered([row[0] for row in found])

    def _held(self) -> str | None:
        return self._choice.covering(self._where, (column for column, _ in self._keyset.order))

    def _numbered(self, numbers: list[int]) -> list[Read]:
        """Return the rows of these numbers, in this order."""
        if not numbers:
            return []
        rows = self._run(f"{self._select} WHERE _n IN ({','.join('?' * len(numbers))})", tuple(numbers))
        by_number = {row[0]: row for row in rows}
        return [by_number[each] for each in numbers]

    def _sorted(self, of: Range, limit: int) -> list[Read]:
        """Sort all that match, without their bodies: few by their numbers; else over an index that holds all that is
        asked about, or what the rarest filter leaves."""
        sql, values = self._conditions(of)
        few = self._choice.few(self._where)
        if few is not None:
            read, values = self._choice.numbered(sql), (*values, few.numbers)
        else:
            read = f"{self._choice.source(self._held() or self._rarest())}{_where(sql)}"
        found = self._run(f"SELECT _n FROM {read} ORDER BY {self._order(of, '')} LIMIT ?", (*values, limit))
        return self._numbered([row[0] for row in found])

    def _rarest(self) -> str | None:
        found = self._choice.rarest(self._where, WALK)
        return found[0] if found is not None and found[1] <= WALK else None


def _where(sql: str) -> str:
    return f" WHERE {sql}" if sql else ""


def _missing_lowest(values: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is not None, value if value is not None else 0) for value in values)
