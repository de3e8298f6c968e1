"""Conditions of `find` and `counters`: from the port's words to SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.kit.adapters.document_places import LEAST, checked, prefix_end
from services.kit.adapters.sqlite_schema import CollectionTable, CounterTable
from services.kit.documents import Filter, words

Condition = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""
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
        values = tuple(checked(of, kind, each) for each in of.value)
        return f"{column} IN ({','.join('?' * len(values))})", values
    if of.op == "prefix":
        return _prefix(column, checked(of, kind, of.value))
    if of.op == "word":
        # What is made of no word comes first in an index, and is not looked through.
        return f"({column} > ? AND instr({column}, ?) > 0)", (words(()), words((checked(of, kind, of.value),)))
    if of.op not in _COMPARE:
        raise ValueError(f"no such operator: {of.op!r}")
    return f"{column} {of.op} ?", (checked(of, kind, of.value),)


def _prefix(column: str, prefix: str) -> Condition:
    end = prefix_end(prefix)
    if end is None:
        return f"{column} >= ?", (prefix,)
    return f"({column} >= ? AND {column} < ?)", (prefix, end)
