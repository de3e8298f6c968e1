"""A note on a client: added, edited, given a priority (S3.21, S3.22), hidden and restored (P12). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from contracts.clients.commands import AddNote, ChangeNotePriority, EditNote, NoteCommand, RemoveNote, RestoreNote
from contracts.clients.events import (
    Mention,
    NoteAdded,
    NoteEdited,
    NotePriorityChanged,
    NoteRemoved,
    NoteRestored,
    Priority,
)
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.decider import Decider

NoteEvent = NoteAdded | NoteEdited | NotePriorityChanged | NoteRemoved | NoteRestored


@dataclass(frozen=True, slots=True)
class New:
    """There is no such note yet."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A note in its client's list."""

    client_id: str
    text: str
    priority: Priority
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """Hidden; `note` is what restoring brings back."""

    note: Shown


Note = New | Shown | Removed


def decide(command: NoteCommand, note: Note) -> list[NoteEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, IllegalMove, Invalid."""
    match command, note:
        case AddNote(), New():
            _check(command.text, command.mentions)
            return [NoteAdded(**command.model_dump(exclude={"at"}))]
        case AddNote(note_id=id), _:
            raise AlreadyExists(f"there is a note {id} already", field="note_id")
        case _, New():
            raise NotFound(f"there is no note {command.note_id}", field="note_id")
        case RestoreNote(note_id=id), Removed(note=hidden):
            return [NoteRestored(note_id=id, client_id=hidden.client_id)]
        case RemoveNote(), Removed():
            return []
        case _, Removed():
            raise IllegalMove("the note is removed; restore it first", field="note_id")
        case EditNote(text=text, mentions=mentions), Shown() if (text, tuple(mentions)) == (note.text, note.mentions):
            return []
        case EditNote(note_id=id, text=text, mentions=mentions), Shown():
            _check(text, mentions)
            return [NoteEdited(note_id=id, client_id=note.client_id, text=text, mentions=mentions)]
        case ChangeNotePriority(priority=priority), Shown() if priority == note.priority:
            return []
        case ChangeNotePriority(note_id=id, priority=to), Shown():
            return [
                NotePriorityChanged(note_id=id, client_id=note.client_id, from_priority=note.priority, to_priority=to)
            ]
        case RemoveNote(note_id=id), Shown():
            return [NoteRemoved(note_id=id, client_id=note.client_id)]
        case RestoreNote(), Shown():
            return []
        case _:
            assert_never((command, note))


def _check(text: str, mentions: list[Mention]) -> None:
    """Raise Invalid for a mention that is not where a name stands, or stands over another one."""
    end = 0
    for each in mentions:
        if each.start < end or each.length < 2 or text[each.start : each.start + 1] != "@":
            raise Invalid("a mention begins with @ in the text, after the end of the one before", field="mentions")
        end = each.start + each.length
    if end > len(text):
        raise Invalid("a mention ends within the text", field="mentions")


def evolve(note: Note, event: NoteEvent) -> Note:
    """Return the note after the event."""
    match note, event:
        case New(), NoteAdded(client_id=client, text=text, priority=priority, mentions=mentions):
            return Shown(client, text, priority, tuple(mentions))
        case Shown(), NoteEdited(text=text, mentions=mentions):
            return replace(note, text=text, mentions=tuple(mentions))
        case Shown(), NotePriorityChanged(to_priority=priority):
            return replace(note, priority=priority)
        case Shown(), NoteRemoved():
            return Removed(note)
        case Removed(note=hidden), NoteRestored():
            return hidden
        case _:
            return note


NOTE: Decider[NoteCommand, Note, NoteEvent] = Decider("note", New(), decide, evolve)
