"""Which column of a table is which field: by its name in three languages, or as somebody said by hand (#5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.problem import Invalid
from services.importer.sheets.fields import FIELDS, NAMES, REQUIRED, Field, Kind
from services.importer.sheets.reading import Known
from services.importer.sheets.words import key

_PARTS = ("last_name", "first_name")
"""Of these a name is made too."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Columns by place → field, and the columns that are left out."""

    kind: Kind
    fields: dict[int, Field]
    left_out: tuple[str, ...]


def field_of(kind: Kind, column: str) -> Field | None:
    """Return the field that a column is named after, a number behind its name aside."""
    name = key(column)
    return NAMES[kind].get(name) or NAMES[kind].get(name.rstrip("0123456789"))


def known(kind: Kind) -> Known:
    """Return how many of a row's cells are names of columns of the kind."""
    return lambda cells: len({field.id for cell in cells if cell and (field := field_of(kind, cell)) is not None})


def matched(kind: Kind, columns: Sequence[str], by_hand: Mapping[str, str]) -> Matching:
    """Match the columns. `by_hand`: column → id of a field, "" to leave it out; it goes before names. A field that one
    column alone may hold is the first column's. Raises Invalid."""
    ids = {field.id: field for field in FIELDS[kind]}
    wanted: dict[int, Field | None] = {}
    for column, id in by_hand.items():
        place = _place(columns, column)
        if id and id not in ids:
            raise Invalid(f"there is no field {id!r} of {kind}; choose one of {', '.join(ids)}", field="map")
        wanted[place] = ids[id] if id else None
    taken = {field.id for field in wanted.values() if field is not None}
    if len(taken) < sum(field is not None and not field.many for field in wanted.values()):
        raise Invalid("two columns are matched to one field that holds one value; match one of them", field="map")
    fields = {place: field for place, field in wanted.items() if field is not None}
    for place, column in enumerate(columns):
        field = None if place in wanted else field_of(kind, column)
        if field is not None and (field.many or field.id not in taken):
            fields[place] = field
            taken.add(field.id)
    for id in REQUIRED[kind]:
        if id not in taken and not (id == "name" and taken & {*_PARTS}):
            raise Invalid(
                f"no column is known as the {id} of {kind}; say which of them it is: {', '.join(columns[:20])}",
                field="map",
            )
    left_out = tuple(column for place, column in enumerate(columns) if place not in fields)
    return Matching(kind, dict(sorted(fields.items())), left_out)


def supposed(kind: Kind, columns: Sequence[str], by_hand: Mapping[str, str]) -> list[str]:
    """Return for each column the id of the field that it is taken for, "" for none; also where that is no match."""
    taken = {id for id in by_hand.values() if id}
    found: list[str] = []
    for column in columns:
        field = None if column in by_hand else field_of(kind, column)
        id = field.id if field is not None and (field.many or field.id not in taken) else ""
        found.append(by_hand.get(column, id))
        taken.add(id)
    return found


def _place(columns: Sequence[str], column: str) -> int:
    if column in columns:
        return columns.index(column)
    alike = [place for place, each in enumerate(columns) if key(each) == key(column)]
    if len(alike) == 1:
        return alike[0]
    raise Invalid(f"there is no column {column!r}; the file has {', '.join(columns[:20])}", field="map")
