"""Conditions and cursors of `find`: from the port's words to SQL, and from a cursor's text to checked values."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from contracts.problem import Invalid
from services.kit.adapters.sqlite_schema import CollectionTable, CounterTable
from services.kit.documents import ColumnKind, Cursor, Filter

Sort = Sequence[tuple[str, bool]]
Condition = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""
LEAST: dict[ColumnKind, int | str] = {"int": -(2**63), "text": ""}
"""Everything that is not NULL is at least this: a range an index can begin at."""
_COMPARE = frozenset({"=", "<", "<=", ">", ">="})


def conditions(table: CollectionTable | CounterTable, where: Sequence[Filter], lane: int | None = None) -> Condition:
    """Return all filters, and the lane if it is given, joined by AND ("" if there is none)."""
    parts: list[str] = []
    values: list[Any] = []
    for each in where:
        sql, of = condition(table, each)
        parts.append(sql)
        values.extend(of)
    if lane is not None:
        parts.append("_lane = ?")
        values.append(lane)
    return " AND ".join(parts), tuple(values)


def condition(table: CollectionTable | CounterTable, of: Filter) -> Condition:
    """Return one filter. KeyError: undeclared column; ValueError: no such use; Invalid: a value no column can hold."""
    column = table.column(of.column)
    kind = table.kinds.get(of.column, "text")
    if of.op == "null":
        return f"{column} IS NULL", ()
    if of.op == "not_null":
        return f"{column} >= ?", (LEAST[kind],)
    if of.op == "in":
        values = tuple(_value(of, kind, each) for each in of.value)
        return f"{column} IN ({','.join('?' * len(values))})", values
    if of.op == "prefix":
        return _prefix(column, _value(of, kind, of.value))
    if of.op not in _COMPARE:
        raise ValueError(f"no such operator: {of.op!r}")
    return f"{column} {of.op} ?", (_value(of, kind, of.value),)


def _value(of: Filter, kind: ColumnKind, value: Any) -> Any:
    if not isinstance(value, str if kind == "text" else int):
        raise ValueError(f"{of.column} {of.op} {value!r}: the column holds {kind}; for no value use null or not_null")
    if not storable(value):
        raise Invalid("This value is outside of what can be stored.", field=of.column)
    return value


def storable(value: str | int) -> bool:
    """Tell whether SQLite can hold it: 64 bits, or text without halves of characters."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _prefix(column: str, prefix: str) -> Condition:
    """Text is ordered by code points: a prefix is a range that ends before it with its last character raised by one."""
    end = prefix.rstrip(chr(0x10FFFF))
    if not end:
        return f"{column} >= ?", (prefix,)
    last = ord(end[-1]) + 1
    end = end[:-1] + chr(0xE000 if last == 0xD800 else last)  # between them are no characters
    return f"({column} >= ? AND {column} < ?)", (prefix, end)


def make_cursor(table: CollectionTable, sort: Sort, values: Sequence[Any], id: str, lane: int) -> Cursor:
    """Return the place after a row: its sort values, id and lane, and what they belong to."""
    place = [table.name, [[column, int(descending)] for column, descending in sort], list(values), id, lane]
    return urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(table: CollectionTable, sort: Sort, cursor: Cursor) -> tuple[list[Any], str, int]:
    """Return sort values, id and lane. Raises Invalid if it is not a cursor of this list in this order."""
    try:
        place = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        name, order, values, row, lane = place
    except (ValueError, TypeError, RecursionError) as error:
        raise _bad_cursor() from error
    kinds: list[ColumnKind] = [table.kinds[column] for column, _ in sort]
    if (
        name != table.name
        or order != [[column, int(descending)] for column, descending in sort]
        or not isinstance(values, list)
        or len(values) != len(kinds)
        or not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True))
        or not _fits(row, "text", may_miss=False)
        or not _fits(lane, "int", may_miss=False)
    ):
        raise _bad_cursor()
    return values, row, lane


def _fits(value: Any, kind: ColumnKind, *, may_miss: bool = True) -> bool:
    if value is None:
        return may_miss
    if isinstance(value, bool) or not isinstance(value, str if kind == "text" else int):
        return False
    return storable(value)


def _bad_cursor() -> Invalid:
    return Invalid("This is no cursor of this list in this order: begin with the first page.", field="cursor")
