"""Who is mentioned in which note, and has read it (#5): ids alone, what is shown of it is read from note and client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.clients.events import MentionRead, MentionUnread, NoteAdded, NoteEdited, NoteRemoved, NoteRestored
from contracts.envelope import RecordedEvent
from services.clients.projections.erased import SLICE, erased_at
from services.kit.documents import Collection, Filter
from services.kit.projection import Context, Key, Projection


class Mentioned(msgspec.Struct, frozen=True, kw_only=True):
    """An employee is mentioned in a note by somebody else. `by`: the actor who did; `owner_id`: the client's owner;
    times are UTC ms."""

    note_id: str
    employee_id: str
    client_id: str
    owner_id: str | None
    by: str
    at: int
    read_at: int | None = None
    removed_at: int | None = None

    @property
    def id(self) -> str:
        """One for each note and employee."""
        return _id(self.note_id, self.employee_id)


MENTIONS = Projection(
    "mentions",
    1,
    [
        Collection(
            "mentions",
            Mentioned,
            columns={
                "employee_id": "text",
                "owner_id": "text",
                "client_id": "text",
                "at": "int",
                "read_at": "int",
                "removed_at": "int",
            },
            indexes=(
                ("employee_id", "removed_at", "read_at", "at"),
                ("employee_id", "removed_at", "at"),
                ("client_id",),
            ),
        )
    ],
)


def _id(note_id: str, employee_id: str) -> str:
    return f"{note_id}:{employee_id}"


def erase_mentions(context: Context, client_id: str) -> bool:
    """Take away a slice of the mentions in the client's notes; True: there may be more."""
    found = context.find("mentions", (Filter("client_id", "=", client_id),), limit=SLICE)
    for each in found:
        context.delete("mentions", each.id)
    return len(found) == SLICE


def hand_over_mentions(context: Context, client_id: str, from_owner: str | None, to_owner: str | None) -> bool:
    """Give a slice of them to the client's new owner, so that who may see them is right; True: there may be more."""
    before = Filter("owner_id", "null") if from_owner is None else Filter("owner_id", "=", from_owner)
    found = context.find("mentions", (Filter("client_id", "=", client_id), before), limit=SLICE)
    for each in found:
        context.put("mentions", each.id, replace(each, owner_id=to_owner))
    return len(found) == SLICE


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "notes", data.note_id
    yield "clients", data.client_id


def _of_reader(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "mentions", _id(data.note_id, data.employee_id)


def _employees(mentions: Iterable[Any]) -> set[str]:
    return {each.employee_id for each in mentions}


@MENTIONS.on(NoteAdded, NoteEdited, keys=_keys)
def _written(context: Context, data: Any, event: RecordedEvent) -> None:
    """Tell those who are mentioned anew, but for who wrote it; who is mentioned no more is told nothing any more."""
    note = context.get("notes", data.note_id)
    before, now = _employees(note.mentions) if note else set[str](), _employees(data.mentions)
    if before == now or erased_at(context, data.client_id) is not None:
        return
    for employee in sorted(before - now):
        context.delete("mentions", _id(data.note_id, employee))
    client = context.get("clients", data.client_id)
    for employee in sorted(now - before - {event.actor}):
        mentioned = Mentioned(
            note_id=data.note_id,
            employee_id=employee,
            client_id=data.client_id,
            owner_id=client.owner_id if client else None,
            by=event.actor,
            at=event.occurred_at,
        )
        context.put("mentions", mentioned.id, mentioned)


@MENTIONS.on(NoteRemoved, NoteRestored, keys=_keys)
def _hidden(context: Context, data: Any, event: RecordedEvent) -> None:
    removed_at = event.occurred_at if event.type == NoteRemoved.type else None
    for employee in sorted(_employees(context.get("notes", data.note_id).mentions)):
        _change(context, data.note_id, employee, removed_at=removed_at)


@MENTIONS.on(MentionRead, MentionUnread, keys=_of_reader)
def _read(context: Context, data: Any, event: RecordedEvent) -> None:
    read_at = event.occurred_at if event.type == MentionRead.type else None
    _change(context, data.note_id, data.employee_id, read_at=read_at)


def _change(context: Context, note_id: str, employee_id: str, **changes: Any) -> None:
    mentioned = context.get("mentions", _id(note_id, employee_id))
    if mentioned is not None:
        context.put("mentions", mentioned.id, replace(mentioned, **changes))
