"""What read models are made of: collections with declared columns, counters, writes, filters (DESIGN 5, 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

ColumnKind = Literal["text", "int"]


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents of one shape, found by (id, lane). Money columns are integer minor units, times UTC ms."""

    name: str
    model: type[msgspec.Struct]
    """Body: an msgspec Struct; attributes named like the declared columns give their values."""
    columns: dict[str, ColumnKind] = field(default_factory=dict)
    """Attributes kept as real columns beside the body, for filters and sorts."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Each a tuple of columns; the id follows by itself as the last one."""
    text: Callable[[Any], str] | None = None
    """What `search` looks in, if anything: document → text."""
    names: Callable[[Any], str] | None = None
    """The names in that text, which `near` finds with a slip, if any: document → text."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Whole numbers kept per lane under a composed key, changed by differences only, summed over lanes when read."""

    name: str
    keys: dict[str, ColumnKind]
    values: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    """Besides the primary order, which is that of `keys`."""


@dataclass(slots=True)
class Put:
    """Store a document as it is now. `changed`: columns that differ from the stored row; None: all (or new)."""

    collection: str
    id: str
    document: Any
    changed: frozenset[str] | None = None


@dataclass(slots=True)
class Delete:
    """Remove a document of this lane."""

    collection: str
    id: str


@dataclass(slots=True)
class Add:
    """Add `deltas` (in the order of the counter's values) to the counter under `key` (in the order of its keys).

    A row whose values all become 0 is removed."""

    counter: str
    key: tuple[Any, ...]
    deltas: tuple[int, ...]


@dataclass(slots=True)
class Purge:
    """Remove up to `most` rows of this lane from a collection or counter whose column has this value."""

    name: str
    column: str
    value: Any
    most: int


Write = Put | Delete | Add | Purge


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a declared column or `id`. `in`: value is a tuple; `prefix`: text; `word`: one of those that the
    column's text was made of by `words`; `null`, `not_null`: none."""

    column: str
    op: Literal["=", "<", "<=", ">", ">=", "in", "prefix", "word", "null", "not_null"]
    value: Any = None


_BETWEEN = "\x1f"


def words(of: Iterable[str]) -> str:
    """Return several texts as the value of one column, in which the condition `word` finds each."""
    return "".join(f"{_BETWEEN}{each}" for each in of) + _BETWEEN


Cursor = str
"""Opaque text: the sort values and id of the last row of a page."""
Row = dict[str, Any]


@dataclass(slots=True)
class Stored:
    """A document as stored: its id, its lane and its body (None if only columns were asked for)."""

    id: str
    lane: int
    document: Any
    columns: Row | None = None
    slips: int = 0
    """How far its names are from what `near` looked for."""


@dataclass(slots=True)
class Page:
    """Rows in order, and the cursor of the next page (None: this was the last)."""

    rows: list[Stored]
    next: Cursor | None


Positions = dict[str, tuple[int, str]]
"""Per topic: the position of the last folded event and its id."""


@dataclass(slots=True)
class LaneState:
    """Where a lane of a group stands. `log_id` is that of the log its positions belong to ("": never used)."""

    lane: int
    rev: int
    log_id: str
    positions: Positions
    incomplete: bool = False
    """An event was skipped by hand; `verify` says so until a rebuild."""


class LaneMoved(Exception):
    """Another worker owns the lane now: this one's commit was refused and its cache must be dropped."""


class LaneUnsure(LaneMoved):
    """Whether the commit was stored could not be found out in time. Opened again, the lane tells by its positions, and
    then it is too late for a commit that was still on its way."""


class MissingKey(Exception):
    """A sealed field's key is neither there nor tombstoned: an old keyring; the lane must stop (DESIGN 8)."""
