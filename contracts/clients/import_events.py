"""What happened to the import of a spreadsheet of clients, contact persons or notes (#5); version 1."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Line, Model, Ordinal

TableKind = Literal["clients", "contacts", "notes"]
"""What the rows of an imported spreadsheet are."""
Thing = Literal["client", "contact", "note"]


class _OfTableImport(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("import_id",)
    import_id: Id


class TableImportBegun(_OfTableImport):
    """A spreadsheet is taken in, or its import goes on; `options`: digest of how (columns, duplicates, country)."""

    type = "clients.TableImportBegun.v1"
    kind: TableKind
    file: Line
    options: Id
    rows: Ordinal


class TakenThing(Model):
    """What a row is about to make or change."""

    thing: Thing
    id: Id
    row: Ordinal


class TableRowsTaken(_OfTableImport):
    """These are written next, as far as nothing hinders: what an undo looks at."""

    type = "clients.TableRowsTaken.v1"
    options: Id
    things: list[TakenThing]


class TableImportFinished(_OfTableImport):
    """All rows were looked at: how many were new, changed what was there, were passed over, or were refused."""

    type = "clients.TableImportFinished.v1"
    new: Ordinal
    updated: Ordinal
    skipped: Ordinal
    refused: Ordinal


class TableImportUndone(_OfTableImport):
    """What the import did was taken back: of so many things, and of so many it could not be (they were changed)."""

    type = "clients.TableImportUndone.v1"
    undone: Ordinal
    left: Ordinal
