"""The note decider, row by row."""

import pytest

from contracts.clients.commands import AddNote, ChangeNotePriority, EditNote, RemoveNote, RestoreNote
from contracts.clients.events import NoteAdded, NoteEdited, NotePriorityChanged, NoteRemoved, NoteRestored
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.clients.domain.note import NOTE, Shown
from services.kit.testing import given

OF = {"note_id": "n1", "client_id": "c1"}
added = NoteAdded(**OF, text="calls on Friday", priority="high", about="d1")
removed = NoteRemoved(**OF)
restored = NoteRestored(**OF)
edit = EditNote(note_id="n1", text="calls on Monday")
lower = ChangeNotePriority(note_id="n1", priority="none")
REMOVE, RESTORE = RemoveNote(note_id="n1"), RestoreNote(note_id="n1")


def test_a_note_is_added_once():  # S3.21
    command = AddNote(**OF, text="calls on Friday", priority="high", about="d1")
    given(NOTE).when(command).then(added)
    given(NOTE, added).when(command).then_refused(AlreadyExists)
    given(NOTE, added, removed).when(command).then_refused(AlreadyExists)


@pytest.mark.parametrize("command", [edit, lower, REMOVE, RESTORE])
def test_a_note_that_is_not_there_is_not_found(command):
    given(NOTE).when(command).then_refused(NotFound, field="note_id")


def test_a_note_is_edited():  # S3.24
    edited = NoteEdited(**OF, text="calls on Monday")
    given(NOTE, added).when(edit).then(edited)
    given(NOTE, added, edited).when(edit).then_nothing()


def test_a_note_gets_another_priority():  # S3.22
    changed = NotePriorityChanged(**OF, from_priority="high", to_priority="none")
    given(NOTE, added).when(lower).then(changed)
    given(NOTE, added, changed).when(lower).then_nothing()


def test_a_note_is_removed_and_restored():  # P12
    given(NOTE, added).when(REMOVE).then(removed)
    given(NOTE, added, removed).when(REMOVE).then_nothing()
    given(NOTE, added, removed).when(RESTORE).then(restored)
    given(NOTE, added).when(RESTORE).then_nothing()
    assert NOTE.fold([added, removed, restored]) == Shown("c1", "calls on Friday", "high")


@pytest.mark.parametrize("command", [edit, lower])
def test_a_removed_note_must_be_restored_to_be_changed(command):  # P12
    outcome = given(NOTE, added, removed).when(command)
    outcome.then_refused(IllegalMove, field="note_id")
    assert outcome.refusal is not None
    assert "restore it first" in outcome.refusal.detail


def test_an_event_out_of_place_changes_nothing():
    assert NOTE.fold([added, restored]) == Shown("c1", "calls on Friday", "high")
