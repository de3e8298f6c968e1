"""One page of a collection by keyset: a few index ranges read one after the other, never an offset.

The order is: each sort column, missing values last, then id and lane ascending. MongoDB puts missing values first, and
an index read backwards gives ids backwards too. So rows after a cursor are read as ranges that share fewer and fewer of
its sort values, each with one column's values there or missing; what an index gives in another order is put right here,
and a last tie that the limit cuts is read again by the rest of the order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.kit.adapters.document_places import LEAST, Sort, make_cursor, read_cursor
from services.kit.adapters.mongo_filters import Condition, conditions, together
from services.kit.adapters.mongo_shapes import Fields, Keys, MongoRows, id_of, place
from services.kit.documents import Cursor, Filter, Page, Stored

Read = Callable[[Condition, Fields, Keys, int], Awaitable[list[Fields]]]
"""(filter, projection, order, limit) → documents."""
_BY_ID: Keys = [("_id", 1)]


@dataclass(frozen=True, slots=True)
class Range:
    """Documents with these values (None: missing) in the first sort columns, more conditions, what is left to sort."""

    equal: tuple[tuple[str, Any], ...]
    extra: tuple[Condition, ...]
    left: tuple[tuple[str, bool], ...]


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
        fixed = {each.column for each in where if each.op == "="}
        seen: dict[str, bool] = {}
        for column, descending in sort:
            shape.field(column)  # declared?
            seen.setdefault(column, descending)
        self._sort = tuple((column, down) for column, down in seen.items() if column not in fixed)
        shown = [shape.field(column) for column in columns] or ["_b"]
        self._fields = dict.fromkeys(["_l", *shown, *(shape.field(column) for column, _ in self._sort)], 1)

    async def page(self, cursor: Cursor | None, limit: int) -> Page:
        """Return up to `limit` rows after the cursor."""
        if limit < 1:
            raise ValueError("a page has at least one row")
        rows: list[Fields] = []
        for each in self._ranges(cursor):
            rows += await self._read(each, limit + 1 - len(rows))
            if len(rows) > limit:
                last = rows[limit - 1]
                values = [self._value(last, column) for column, _ in self._sort]
                after = make_cursor(self._shape, self._sort, values, id_of(last["_id"]), last["_l"])
                return Page([self._stored(row) for row in rows[:limit]], after)
        return Page([self._stored(row) for row in rows], None)

    def _stored(self, row: Fields) -> Stored:
        id = id_of(row["_id"])
        if self._columns:
            return Stored(id, row["_l"], None, {name: self._value(row, name) for name in self._columns})
        return Stored(id, row["_l"], self._shape.decode(row["_b"]))

    def _value(self, row: Fields, column: str) -> Any:
        field = self._shape.field(column)
        return id_of(row["_id"]) if field == "_id" else row.get(field)

    # ------------------------------------------------------------ the ranges

    def _ranges(self, cursor: Cursor | None) -> Iterator[Range]:
        sort = self._sort
        if cursor is None:
            yield from self._after((), sort, None)
            return
        values, id, lane = read_cursor(self._shape, sort, cursor)
        equal = tuple((column, value) for (column, _), value in zip(sort, values, strict=True))
        yield Range(equal, ({"_id": {"$gt": place(id, lane)}},), ())
        for at in range(len(sort) - 1, -1, -1):
            if values[at] is not None:
                yield from self._after(equal[:at], sort[at:], values[at])

    def _after(
        self, equal: tuple[tuple[str, Any], ...], left: tuple[tuple[str, bool], ...], value: Any
    ) -> Iterator[Range]:
        """Yield what comes after `value` (None: everything) in the first column of `left`, then where it is missing."""
        if not left:
            yield Range(equal, (), ())
            return
        column, descending = left[0]
        field = self._shape.field(column)
        missing = column in self._shape.nullable
        if value is not None:
            yield Range(equal, ({field: {"$lt" if descending else "$gt": value}},), left)
        elif missing:
            yield Range(equal, ({field: {"$gte": LEAST[self._shape.kinds[column]]}},), left)
        else:
            yield Range(equal, (), left)
        if missing:
            yield from self._after((*equal, (column, None)), left[1:], None)

    # ------------------------------------------------------------ reading a range

    async def _read(self, of: Range, limit: int) -> list[Fields]:
        """Return the first documents of the range, in order."""
        if not of.left:
            return await self._rows(of, _BY_ID, limit)
        backwards = all(descending for _, descending in of.left)
        order = [(self._shape.field(column), -1 if descending else 1) for column, descending in of.left]
        rows = await self._rows(of, [*order, ("_id", -1 if backwards else 1)], limit)
        if not backwards and not any(not down and each in self._shape.nullable for each, down in of.left[1:]):
            return rows
        in_order = self._in_order(rows, of.left)
        if len(rows) < limit:
            return in_order
        column = of.left[0][0]
        cut = self._value(rows[-1], column)
        whole = [row for row in in_order if self._value(row, column) != cut]
        for each in self._after((*of.equal, (column, cut)), of.left[1:], None):
            if len(whole) < limit:
                whole += await self._read(each, limit - len(whole))
        return whole

    async def _rows(self, of: Range, order: Keys, limit: int) -> list[Fields]:
        equal = [{self._shape.field(column): value} for column, value in of.equal]
        return await self._read_rows(together([*self._where, *equal, *of.extra]), self._fields, order, limit)

    def _in_order(self, rows: list[Fields], left: tuple[tuple[str, bool], ...]) -> list[Fields]:
        rows = sorted(rows, key=lambda row: str(row["_id"]))
        for column, descending in reversed(left):
            there = [row for row in rows if self._value(row, column) is not None]
            missing = [row for row in rows if self._value(row, column) is None]
            there.sort(key=lambda row: self._value(row, column), reverse=descending)
            rows = there + missing
        return rows
