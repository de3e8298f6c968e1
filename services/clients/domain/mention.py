"""A note's mentions: who of those it names has read it; the note itself does not change by it (#5). Pure."""

from __future__ import annotations

from typing import assert_never

from contracts.clients.commands import MentionCommand, ReadMention, UnreadMention
from contracts.clients.events import MentionRead, MentionUnread
from services.kit.decider import Decider

MentionEvent = MentionRead | MentionUnread
Readers = frozenset[str]
"""Ids of the employees who have read it."""


def decide(command: MentionCommand, readers: Readers) -> list[MentionEvent]:
    """Return what the command makes happen."""
    read = command.employee_id in readers
    match command:
        case ReadMention(note_id=note, client_id=client, employee_id=employee):
            return [] if read else [MentionRead(note_id=note, client_id=client, employee_id=employee)]
        case UnreadMention(note_id=note, client_id=client, employee_id=employee):
            return [MentionUnread(note_id=note, client_id=client, employee_id=employee)] if read else []
        case _:
            assert_never(command)


def evolve(readers: Readers, event: MentionEvent) -> Readers:
    """Return who has read it after the event."""
    match event:
        case MentionRead(employee_id=employee):
            return readers | {employee}
        case MentionUnread(employee_id=employee):
            return readers - {employee}
        case _:
            assert_never(event)


MENTION: Decider[MentionCommand, Readers, MentionEvent] = Decider("mention", frozenset(), decide, evolve)
