"""Notes on clients (S3.20 to S3.24): by priority, then newest first; a removed one is kept, to be restored (P12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.clients.events import NoteAdded, NoteEdited, NotePriorityChanged, NoteRemoved, NoteRestored
from contracts.envelope import RecordedEvent
from services.clients.projections.erased import erased_at, wipe
from services.kit.documents import Collection, Filter
from services.kit.projection import Context, Key, Projection

_RANKS = {"high": 0, "medium": 1, "none": 2}


class TextMention(msgspec.Struct, frozen=True):
    """An employee named in a note's text: `length` signs from `start` on, in Unicode code points."""

    employee_id: str
    start: int
    length: int


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note. Times are UTC ms; `author` and `removed_by` are actors; `about`: the deal or order it is about."""

    note_id: str
    client_id: str
    text: str
    priority: str
    about: str | None
    external_id: str | None
    author: str
    added_at: int
    imputed: bool
    version: int
    edited_at: int | None = None
    removed_at: int | None = None
    removed_by: str | None = None
    erased_at: int | None = None
    mentions: list[TextMention] = []

    @property
    def priority_rank(self) -> int:
        """High, medium, none (S3.23)."""
        return _RANKS[self.priority]


NOTES = Projection(
    "notes",
    1,
    [
        Collection(
            "notes",
            Note,
            columns={
                "client_id": "text",
                "priority_rank": "int",
                "added_at": "int",
                "about": "text",
                "removed_at": "int",
                "erased_at": "int",
            },
            indexes=(("client_id", "priority_rank", "added_at"), ("client_id", "added_at"), ("about", "added_at")),
        )
    ],
)


def newest_note(context: Context, client_id: str) -> Note | None:
    """Return the client's newest note that is not removed; of equally new ones that with the smallest id."""
    where = (Filter("client_id", "=", client_id), Filter("removed_at", "null"))
    found = context.find("notes", where, (("added_at", True),))
    return found[0] if found else None


def erase_notes(context: Context, client_id: str, at: int) -> bool:
    """Blank a slice of the client's notes at this time (UTC ms); True: there may be more."""
    return wipe(context, "notes", client_id, "note_id", lambda note: _blank(note, at))


def _blank(note: Note, at: int) -> Note:
    return replace(note, text="", mentions=[], external_id=None, erased_at=at)


def _mentions(data: Any) -> list[TextMention]:
    return [TextMention(each.employee_id, each.start, each.length) for each in data.mentions]


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "notes", data.note_id
    yield "clients", data.client_id


def _put(context: Context, note: Note) -> None:
    at = erased_at(context, note.client_id)
    context.put("notes", note.note_id, note if at is None else _blank(note, at))


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    _put(context, replace(context.get("notes", data.note_id), version=event.version, **changes))


@NOTES.on(NoteAdded, keys=_keys)
def _added(context: Context, data: Any, event: RecordedEvent) -> None:
    note = Note(
        note_id=data.note_id,
        client_id=data.client_id,
        text=data.text,
        mentions=_mentions(data),
        priority=data.priority,
        about=data.about,
        external_id=data.external_id,
        author=event.actor,
        added_at=event.occurred_at,
        imputed=event.imputed,
        version=event.version,
    )
    _put(context, note)


@NOTES.on(NoteEdited, keys=_keys)
def _edited(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, text=data.text, mentions=_mentions(data), edited_at=event.occurred_at)


@NOTES.on(NotePriorityChanged, keys=_keys)
def _priority_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, priority=data.to_priority)


@NOTES.on(NoteRemoved, keys=_keys)
def _removed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=event.occurred_at, removed_by=event.actor)


@NOTES.on(NoteRestored, keys=_keys)
def _restored(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=None, removed_by=None)
