"""One page of a collection by keyset: a few index ranges read one after the other, never an offset.

MongoDB puts missing values first, and an index read backwards gives ids backwards too. What an index gives in another
order than the list's is put right here, and a last tie that the limit cuts is read again by the rest of the order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from services.kit.adapters.document_places import Sort
from services.kit.adapters.keyset import Bound, Keyset, Order, Range
from services.kit.adapters.mongo_filters import Condition, conditions, together
from services.kit.adapters.mongo_shapes import Fields, Keys, MongoRows, id_of, place
from services.kit.documents import Cursor, Filter, Page, Stored

Read = Callable[[Condition, Fields, Keys, int], Awaitable[list[Fields]]]
"""(filter, projection, order, limit) → documents."""
_BY_ID: Keys = [("_id", 1)]


_OPERATORS = {"<": "$lt", ">": "$gt", ">=": "$gte"}


class Find:
    """One call of `find`."""

    def __init__(
        self,
        read: Read,
        shape: MongoRows,
        where: Sequence[Filter],
        sort: Sort,
        lane: int | None,
        columns: Sequence[str],
    ) -> None:
        self._read_rows = read
        self._shape = shape
        self._where = conditions(shape, where, lane)
        self._columns = tuple(columns)
        self._keyset = Keyset(shape, where, sort)
        shown = [shape.column(column) for column in columns] or ["_b"]
        self._fields = dict.fromkeys(["_l", *shown, *(shape.column(column) for column, _ in self._keyset.order)], 1)

    async def page(self, cursor: Cursor | None, limit: int) -> Page:
        """Return up to `limit` rows after the cursor."""
        if limit < 1:
            raise ValueError("a page has at least one row")
        rows: list[Fields] = []
        for each in self._keyset.ranges(cursor):
            rows += await self._read(each, limit + 1 - len(rows))
            if len(rows) > limit:
                last = rows[limit - 1]
                values = [self._value(last, column) for column, _ in self._keyset.order]
                after = self._keyset.cursor(values, id_of(last["_id"]), last["_l"])
                return Page([self._stored(row) for row in rows[:limit]], after)
        return Page([self._stored(row) for row in rows], None)

    def _stored(self, row: Fields) -> Stored:
        id = id_of(row["_id"])
        if self._columns:
            return Stored(id, row["_l"], None, {name: self._value(row, name) for name in self._columns})
        return Stored(id, row["_l"], self._shape.decode(row["_b"]))

    def _value(self, row: Fields, column: str) -> Any:
        field = self._shape.column(column)
        return id_of(row["_id"]) if field == "_id" else row.get(field)

    # ------------------------------------------------------------ reading a range

    async def _read(self, of: Range, limit: int) -> list[Fields]:
        """Return the first documents of the range, in order."""
        if not of.left:
            return await self._rows(of, _BY_ID, limit)
        backwards = all(descending for _, descending in of.left)
        order = [(self._shape.column(column), -1 if descending else 1) for column, descending in of.left]
        rows = await self._rows(of, [*order, ("_id", -1 if backwards else 1)], limit)
        if not backwards and not any(not down and each in self._shape.nullable for each, down in of.left[1:]):
            return rows
        in_order = self._in_order(rows, of.left)
        if len(rows) < limit:
            return in_order
        column = of.left[0][0]
        cut = self._value(rows[-1], column)
        whole = [row for row in in_order if self._value(row, column) != cut]
        for each in self._keyset.after((*of.equal, (column, cut)), of.left[1:]):
            if len(whole) < limit:
                whole += await self._read(each, limit - len(whole))
        return whole

    async def _rows(self, of: Range, order: Keys, limit: int) -> list[Fields]:
        equal = [{self._shape.column(column): value} for column, value in of.equal]
        begin = [] if of.begin is None else [self._begin(of.begin)]
        return await self._read_rows(together([*self._where, *equal, *begin]), self._fields, order, limit)

    def _begin(self, bound: Bound) -> Condition:
        if not bound.column:
            return {"_id": {_OPERATORS[bound.op]: place(*bound.value)}}
        return {self._shape.column(bound.column): {_OPERATORS[bound.op]: bound.value}}

    def _in_order(self, rows: list[Fields], left: Order) -> list[Fields]:
        rows = sorted(rows, key=lambda row: str(row["_id"]))
        for column, descending in reversed(left):
            there = [row for row in rows if self._value(row, column) is not None]
            missing = [row for row in rows if self._value(row, column) is None]
            there.sort(key=lambda row: self._value(row, column), reverse=descending)
            rows = there + missing
        return rows
