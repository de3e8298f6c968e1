"""What happened to one change of many records at once (#5); version 1. Each change is in its record's stream, too."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Line, Model, Ordinal

BulkSubject = Literal["client", "contact"]
"""Of what kind all records of an act are."""
ClientAction = Literal["owner", "temperature", "tag", "untag", "archive"]
ContactAction = Literal["remove"]
BulkAction = Literal[ClientAction, ContactAction]
WhyNot = Literal["same", "gone", "erased", "changed", "no-right", "refused"]
"""`same`: it was so already; `gone`: not there, or out of reach; `changed`: by somebody since, so it was not undone."""


class NotDone(Model):
    """A record that an act, or its undo, left as it was: a client or a contact person."""

    client_id: Id | None = None
    contact_id: Id | None = None
    why: WhyNot


class _OfBulk(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("bulk_id",)
    bulk_id: Id


class BulkClientsChosen(_OfBulk):
    """These clients are meant, too; nothing happens to them before the act is begun."""

    type = "gateway.BulkClientsChosen.v1"
    client_ids: list[Id]


class BulkContactsChosen(_OfBulk):
    """These contact persons are meant, too; nothing happens to them before the act is begun."""

    type = "gateway.BulkContactsChosen.v1"
    contact_ids: list[Id]


class BulkBegun(_OfBulk):
    """All records that were chosen are to be changed so. `value`: an employee, a temperature, a tag; null: none."""

    type = "gateway.BulkBegun.v1"
    subject: BulkSubject = "client"
    action: BulkAction
    value: Line | None = None
    count: Ordinal


class BulkFinished(_OfBulk):
    """So many records were changed, so many were not: the first of these, and why."""

    type = "gateway.BulkFinished.v1"
    changed: Ordinal
    skipped: Ordinal
    not_done: list[NotDone] = []


class BulkUndoBegun(_OfBulk):
    """What the act changed is to be as before, where it is still what the act made of it."""

    type = "gateway.BulkUndoBegun.v1"


class BulkUndone(_OfBulk):
    """So many records are as before, so many could not be: the first of these, and why."""

    type = "gateway.BulkUndone.v1"
    undone: Ordinal
    left: Ordinal
    not_done: list[NotDone] = []
