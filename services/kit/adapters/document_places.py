"""Values of filters and cursors of pages, as all document stores check them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contracts.problem import Invalid
from services.kit.documents import ColumnKind, Cursor, Filter

Sort = Sequence[tuple[str, bool]]
LEAST: dict[ColumnKind, int | str] = {"int": -(2**63), "text": ""}
"""Everything that is not missing is at least this: a range an index can begin at."""


class Listed(Protocol):
    """A collection whose rows have cursors."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> Mapping[str, ColumnKind]: ...


def checked(of: Filter, kind: ColumnKind, value: Any) -> Any:
    """Return the value of a filter. ValueError: no such use of the column; Invalid: a value that no column can hold."""
    if not isinstance(value, str if kind == "text" else int):
        raise ValueError(f"{of.column} {of.op} {value!r}: the column holds {kind}; for no value use null or not_null")
    if not storable(value):
        raise Invalid("This value is outside of what can be stored.", field=of.column)
    return value


def storable(value: str | int) -> bool:
    """Tell whether a column can hold it: 64 bits, or text without halves of characters."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def prefix_end(prefix: str) -> str | None:
    """Return the first text behind all that begin so, None if there is none. Text is ordered by code points: it is the
    prefix with its last character raised by one."""
    end = prefix.rstrip(chr(0x10FFFF))
    if not end:
        return None
    last = ord(end[-1]) + 1
    return end[:-1] + chr(0xE000 if last == 0xD800 else last)  # between them are no characters


def make_cursor(shape: Listed, sort: Sort, values: Sequence[Any], id: str, lane: int) -> Cursor:
    """Return the place after a row: its sort values, id and lane, and what they belong to."""
    place = [shape.name, [[column, int(descending)] for column, descending in sort], list(values), id, lane]
    return urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(shape: Listed, sort: Sort, cursor: Cursor) -> tuple[list[Any], str, int]:
    """Return sort values, id and lane. Raises Invalid if it is not a cursor of this list in this order."""
    try:
        place = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        name, order, values, row, lane = place
    except (ValueError, TypeError, RecursionError) as error:
        raise _bad_cursor() from error
    kinds: list[ColumnKind] = [shape.kinds[column] for column, _ in sort]
    if (
        name != shape.name
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
