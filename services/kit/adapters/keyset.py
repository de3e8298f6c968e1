"""The order of a page and the ranges after a cursor, the same for every document store; never an offset.

The order is: each sort column, missing values last, then id and lane ascending. Rows after a cursor are the union of
ranges that share fewer and fewer of its sort values: (a, b, id > i), (a, > b), (a, b missing), (> a), (a missing).
Each is a range of an index on (a, b, id, lane), and their concatenation is in order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from services.kit.adapters.document_places import LEAST, Listed, Sort, make_cursor, read_cursor
from services.kit.documents import Cursor, Filter

Order = tuple[tuple[str, bool], ...]
"""(column, descending), each once."""
Equal = tuple[tuple[str, Any], ...]


class Ordered(Listed, Protocol):
    """A collection whose rows have an order."""

    @property
    def nullable(self) -> Collection[str]: ...

    def column(self, name: str) -> str:
        """Return the store's name for a column. KeyError if it was not declared."""
        ...


def fixed(where: Sequence[Filter]) -> frozenset[str]:
    """Return the columns that have one and the same value, or none, in all rows that match."""
    return frozenset(each.column for each in where if each.op in ("=", "null"))


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a range begins: a column's values compared so with one; `column` "": (id, lane)."""

    column: str
    op: Literal["<", ">", ">="]
    value: Any


@dataclass(frozen=True, slots=True)
class Range:
    """Rows with these values (None: missing) in the first sort columns, where they begin, and what is left to sort."""

    equal: Equal
    begin: Bound | None
    left: Order


class Keyset:
    """The order of one list. Columns that a filter holds equal, or missing, need no place in it."""

    def __init__(self, shape: Ordered, where: Sequence[Filter], sort: Sort) -> None:
        self.fixed = fixed(where)
        seen: dict[str, bool] = {}
        for column, descending in sort:
            shape.column(column)  # declared?
            seen.setdefault(column, descending)
        self.order: Order = tuple((column, down) for column, down in seen.items() if column not in self.fixed)
        self._shape = shape

    def cursor(self, values: Sequence[Any], id: str, lane: int) -> Cursor:
        """Return the place after a row with these values of the order's columns."""
        return make_cursor(self._shape, self.order, values, id, lane)

    def ranges(self, cursor: Cursor | None) -> Iterator[Range]:
        """Yield the ranges whose rows are the list's from the cursor on. Raises Invalid for a cursor of another."""
        order = self.order
        if cursor is None:
            yield from self.after((), order)
            return
        values, id, lane = read_cursor(self._shape, order, cursor)
        equal = tuple((column, value) for (column, _), value in zip(order, values, strict=True))
        yield Range(equal, Bound("", ">", (id, lane)), ())
        for at in range(len(order) - 1, -1, -1):
            if values[at] is not None:
                yield from self.after(equal[:at], order[at:], values[at])

    def after(self, equal: Equal, left: Order, value: Any = None) -> Iterator[Range]:
        """Yield what comes after `value` (None: everything) in the first column of `left`, then where it is missing."""
        if not left:
            yield Range(equal, None, ())
            return
        column, descending = left[0]
        missing = column in self._shape.nullable
        if value is not None:
            yield Range(equal, Bound(column, "<" if descending else ">", value), left)
        elif missing:
            yield Range(equal, Bound(column, ">=", LEAST[self._shape.kinds[column]]), left)
        else:
            yield Range(equal, None, left)
        if missing:
            yield from self.after((*equal, (column, None)), left[1:])
