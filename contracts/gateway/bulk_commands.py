"""What is said of one change of many records: chosen, begun, ended, taken back. Sent from within alone (#5)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.base import Command, Id, Line, Ordinal
from contracts.gateway.bulk_events import BulkAction, NotDone

_Chosen = Annotated[list[Id], Field(min_length=1, max_length=1000)]


class ChooseBulkClients(Command):
    """Name clients that are meant, at most 1,000 at once. An act is on records of one kind."""

    bulk_id: Id
    client_ids: _Chosen


class ChooseBulkContacts(Command):
    """Name contact persons that are meant, at most 1,000 at once. An act is on records of one kind."""

    bulk_id: Id
    contact_ids: _Chosen


class BeginBulk(Command):
    """Say that all chosen records are to be changed so."""

    bulk_id: Id
    action: BulkAction
    value: Line | None = None


class FinishBulk(Command):
    bulk_id: Id
    changed: Ordinal
    skipped: Ordinal
    not_done: list[NotDone] = []


class UndoBulk(Command):
    """Say that it is to be taken back; within ten minutes after its end."""

    bulk_id: Id


class FinishBulkUndo(Command):
    bulk_id: Id
    undone: Ordinal
    left: Ordinal
    not_done: list[NotDone] = []


BulkCommand = ChooseBulkClients | ChooseBulkContacts | BeginBulk | FinishBulk | UndoBulk | FinishBulkUndo
