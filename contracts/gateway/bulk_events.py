"""What happened to one change of many clients at once (#5); version 1. Each change is in its client's stream, too."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Line, Model, Ordinal

BulkAction = Literal["owner", "temperature", "tag", "untag", "archive"]
WhyNot = Literal["same", "gone", "erased", "changed", "no-right", "refused"]
"""`same`: it was so already; `gone`: not there, or out of reach; `changed`: by somebody since, so it was not undone."""


class NotDone(Model):
    """A client that an act, or its undo, left as it was."""

    client_id: Id
    why: WhyNot


class _OfBulk(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("bulk_id",)
    bulk_id: Id


class BulkClientsChosen(_OfBulk):
    """These clients are meant, too; nothing happens to them before the act is begun."""

    type = "gateway.BulkClientsChosen.v1"
    client_ids: list[Id]


class BulkBegun(_OfBulk):
    """All clients that were chosen are to be changed so. `value`: an employee, a temperature, a tag; null: none."""

    type = "gateway.BulkBegun.v1"
    action: BulkAction
    value: Line | None = None
    count: Ordinal


class BulkFinished(_OfBulk):
    """So many clients were changed, so many were not: the first of these, and why."""

    type = "gateway.BulkFinished.v1"
    changed: Ordinal
    skipped: Ordinal
    not_done: list[NotDone] = []


class BulkUndoBegun(_OfBulk):
    """What the act changed is to be as before, where it is still what the act made of it."""

    type = "gateway.BulkUndoBegun.v1"


class BulkUndone(_OfBulk):
    """So many clients are as before, so many could not be: the first of these, and why."""

    type = "gateway.BulkUndone.v1"
    undone: Ordinal
    left: Ordinal
    not_done: list[NotDone] = []
