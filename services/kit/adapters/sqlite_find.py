"""One page of a collection by keyset: a few index ranges read one after the other, never an offset."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from services.kit.adapters.document_places import Sort
from services.kit.adapters.keyset import Bound, Keyset, Range
from services.kit.adapters.sqlite_choice import Choice
from services.kit.adapters.sqlite_filters import Condition, conditions
from services.kit.adapters.sqlite_schema import CollectionTable
from services.kit.documents import Cursor, Filter, Page, Stored

WALK = 20_000
"""Rows of a sort's index that are tested against the other filters before the matching ones are sorted instead."""
STROLL = 2_000
"""The same where an index holds all that filters and order ask about: what matches is soon sorted then."""


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
        rows: list[tuple[Any, ...]] = []
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

    def _read(self, of: Range, limit: int) -> list[tuple[Any, ...]]:
        """Return the first rows of the range, in order."""
        if not of.left or not all(descending for _, descending in of.left):
            return self._rows(of, "", limit)
        # An index read backwards gives ids backwards too. Ties are put right here, and a last tie that the limit cuts
        # is read again by id: SQLite would sort the whole tie, which may be half of the table.
        rows = self._rows(of, " DESC", limit)
        first, last = 3, self._width
        rows.sort(key=lambda row: (row[1], row[2]))
        groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
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
        return made[: len(made) - count] + self._rows(whole, "", count)

    def _rows(self, of: Range, ids: str, limit: int) -> list[tuple[Any, ...]]:
        sql, values = self._conditions(of)
        order = self._order(of, ids)
        exact, walked = self._index_in_order(of)
        if walked is not None:
            return self._walk(of, *walked, order, limit)
        told = f" INDEXED BY {exact}" if exact else ""
        return self._run(f"{self._select}{told}{_where(sql)} ORDER BY {order} LIMIT ?", (*values, limit))

    def _run(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
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
        constant = self._keyset.fixed | {column for column, _ in of.equal}
        wanted = [column for column, _ in of.left]
        rest = {each.column for each in self._where} - constant - set(wanted[:1])
        best: tuple[str, frozenset[str]] | None = None
        for columns in self._table.indexes:
            begin = 0
            while begin < len(columns) and columns[begin] in constant:
                begin += 1
            if list(columns[begin : begin + len(wanted)]) != wanted or (not wanted and begin != len(columns)):
                continue
            answered = frozenset(self._keyset.fixed & set(columns[:begin]))
            if not rest and answered >= self._keyset.fixed:
                return self._table.index(columns), None
            if best is None or len(answered) > len(best[1]):
                best = self._table.index(columns), answered
        filtered = {each.column for each in self._where}
        return "", best if any(columns[0] in filtered for columns in self._table.indexes) else None

    def _walk(self, of: Range, index: str, answered: frozenset[str], order: str, limit: int) -> list[tuple[Any, ...]]:
        """Sort all that match where they are few. Else test the first rows in the index's order; where too few of them
        match, sort all that match after all."""
        few = self._choice.few(self._where)
        if few is not None:
            return self._sorted(of, few, order, limit)
        held = self._choice.covering(self._where, (column for column, _ in self._keyset.order))
        most = WALK if held is None else STROLL
        begin = answered | {column for column, _ in of.left[:1]}
        bounds = [each for each in self._where if each.column in begin]
        tested = [each for each in self._where if each.column not in begin]
        inner, values = self._conditions(of, bounds)
        names = ", ".join(dict.fromkeys(["_n", *(self._table.column(each.column) for each in tested)]))
        table = self._table.table
        walk = f"SELECT {names} FROM {table} INDEXED BY {index}{_where(inner)} ORDER BY {order} LIMIT {most}"
        outer, more = conditions(self._table, tested)
        found = self._run(f"SELECT _n FROM ({walk}){_where(outer)} LIMIT ?", (*values, *more, limit))
        if len(found) < limit and held is not None:
            return self._sorted(of, held, order, limit)
        if len(found) < limit and self._run(f"SELECT count(*) FROM ({walk})", values)[0][0] == most:
            return self._sorted_matches(of, order, limit)
        return self._numbered([row[0] for row in found])

    def _numbered(self, numbers: list[int]) -> list[tuple[Any, ...]]:
        """Return the rows of these numbers, in this order."""
        if not numbers:
            return []
        rows = self._run(f"{self._select} WHERE _n IN ({','.join('?' * len(numbers))})", tuple(numbers))
        by_number = {row[0]: row for row in rows}
        return [by_number[each] for each in numbers]

    def _sorted_matches(self, of: Range, order: str, limit: int) -> list[tuple[Any, ...]]:
        """Sort what the rarest filter leaves."""
        found = self._choice.rarest(self._where, WALK)
        return self._sorted(of, found[0] if found is not None and found[1] <= WALK else None, order, limit)

    def _sorted(self, of: Range, index: str | None, order: str, limit: int) -> list[tuple[Any, ...]]:
        """Sort all that match, without their bodies."""
        sql, values = self._conditions(of)
        source = self._choice.source(index)
        found = self._run(f"SELECT _n FROM {source}{_where(sql)} ORDER BY {order} LIMIT ?", (*values, limit))
        return self._numbered([row[0] for row in found])


def _where(sql: str) -> str:
    return f" WHERE {sql}" if sql else ""


def _missing_lowest(values: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is not None, value if value is not None else 0) for value in values)
