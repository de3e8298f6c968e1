"""The newest note of a client, as lists show it (S3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.clients.events import NoteAdded, NoteEdited, NotePriorityChanged, NoteRemoved, NoteRestored
from contracts.envelope import RecordedEvent
from services.clients.projections.notes import Note, TextMention, newest_note
from services.kit.projection import Context, Key, Projection

PREVIEW = 120
"""Signs of a note shown in lists (S3.4)."""


class LastNote(msgspec.Struct, frozen=True):
    """The newest note that is not removed; `preview` is the beginning of its first line, `mentions` are those whole
    within it, counted from its begin."""

    note_id: str
    added_at: int
    priority: str
    preview: str
    mentions: list[TextMention] = []


LAST_NOTE = Projection("last_note", 1)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "clients", data.client_id


def preview(text: str, mentions: Iterable[TextMention]) -> tuple[str, list[TextMention]]:
    """Return the beginning of the text's first line that is not empty, and the mentions whole within it, counted from
    its begin."""
    line = next((line for line in text.splitlines() if line.strip()), "").strip()
    start = text.find(line)
    shown = line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip()
    inside = [
        TextMention(each.employee_id, each.start - start, each.length)
        for each in mentions
        if start <= each.start and each.start + each.length <= start + len(shown)
    ]
    return shown if shown == line else f"{shown}…", inside


def _preview(note: Note) -> LastNote:
    return LastNote(note.note_id, note.added_at, note.priority, *preview(note.text, note.mentions))


@LAST_NOTE.on(NoteAdded, NoteEdited, NotePriorityChanged, NoteRemoved, NoteRestored, keys=_keys)
def _note_changed(context: Context, data: Any, _: RecordedEvent) -> None:
    """Keep the last note right (S3.4): by what is known where that is enough, else by looking it up."""
    client = context.get("clients", data.client_id)
    if client is None or client.erased:
        return
    note = context.get("notes", data.note_id)
    last = client.last_note
    if note.removed_at is None and (last is None or _order(note) <= _order(last)):
        newest: Note | None = note
    elif note.removed_at is not None and last is not None and last.note_id == note.note_id:
        newest = newest_note(context, data.client_id)
    else:
        return
    context.put("clients", data.client_id, replace(client, last_note=_preview(newest) if newest else None))


def _order(note: Note | LastNote) -> tuple[int, str]:
    """Newest first, then by id, as `newest_note` sorts."""
    return -note.added_at, note.note_id
