"""One change of many records: chosen, begun, finished, and taken back within ten minutes of its end (#5). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never, get_args

from contracts.gateway.bulk_commands import (
    BeginBulk,
    BulkCommand,
    ChooseBulkClients,
    ChooseBulkContacts,
    FinishBulk,
    FinishBulkUndo,
    UndoBulk,
)
from contracts.gateway.bulk_events import (
    BulkAction,
    BulkBegun,
    BulkClientsChosen,
    BulkContactsChosen,
    BulkFinished,
    BulkSubject,
    BulkUndoBegun,
    BulkUndone,
    ClientAction,
    ContactAction,
    NotDone,
)
from contracts.problem import IllegalMove, Invalid
from services.kit.decider import Decider

BulkEvent = BulkClientsChosen | BulkContactsChosen | BulkBegun | BulkFinished | BulkUndoBegun | BulkUndone
UNDO_MS = 600_000
"""How long after its end it can be undone."""
ACTIONS: Mapping[BulkSubject, tuple[BulkAction, ...]] = {
    "client": get_args(ClientAction),
    "contact": get_args(ContactAction),
}
"""What can be done to records of each kind."""
Stage = Literal["running", "finished", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class New:
    """Nothing was begun; records of one kind may be chosen. `subject` tells nothing while there are no `ids`."""

    subject: BulkSubject = "client"
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """`ended_at`: UTC ms, of the change itself. `skipped` and `left`: how many were not changed, not undone; `not_done`
    and `not_undone`: the first of them."""

    subject: BulkSubject
    action: BulkAction
    value: str | None
    ids: tuple[str, ...]
    stage: Stage = "running"
    ended_at: int = 0
    changed: int = 0
    skipped: int = 0
    not_done: Sequence[NotDone] = ()
    undone: int = 0
    left: int = 0
    not_undone: Sequence[NotDone] = ()


Bulk = New | Begun


def decide(command: BulkCommand, bulk: Bulk) -> list[BulkEvent]:
    """Return what the command makes happen; what was said before is nothing new. Raises Invalid, IllegalMove."""
    match command, bulk:
        case ChooseBulkClients(bulk_id=id, client_ids=ids), New(ids=()) | New(subject="client"):
            return [BulkClientsChosen(bulk_id=id, client_ids=ids)]
        case ChooseBulkContacts(bulk_id=id, contact_ids=ids), New(ids=()) | New(subject="contact"):
            return [BulkContactsChosen(bulk_id=id, contact_ids=ids)]
        case ((ChooseBulkClients() | ChooseBulkContacts()), New()):
            raise IllegalMove("an act is on clients or on contact persons")
        case BeginBulk(), New(ids=()):
            raise Invalid("choose records first", field="ids")
        case BeginBulk(action=action), New(subject=subject) if action not in ACTIONS[subject]:
            raise Invalid("this cannot be done to such records", field="action")
        case BeginBulk(bulk_id=id, action=action, value=value), New(subject=subject, ids=ids):
            return [BulkBegun(bulk_id=id, subject=subject, action=action, value=value, count=len(ids))]
        case _, New():
            raise IllegalMove("nothing was begun")
        case ((ChooseBulkClients() | ChooseBulkContacts() | BeginBulk()), Begun()):
            return []
        case FinishBulk(), Begun():
            return [BulkFinished(**command.model_dump(exclude={"at"}))] if bulk.stage == "running" else []
        case UndoBulk(), Begun():
            return _undo_begun(command, bulk)
        case FinishBulkUndo(), Begun():
            return [BulkUndone(**command.model_dump(exclude={"at"}))] if bulk.stage == "undoing" else []
        case _:
            assert_never((command, bulk))


def _undo_begun(command: UndoBulk, bulk: Begun) -> list[BulkEvent]:
    if bulk.stage == "running":
        raise IllegalMove("it is still going on; wait until it is done")
    if bulk.stage != "finished":
        return []
    if (command.at or 0) > bulk.ended_at + UNDO_MS:
        raise IllegalMove("a change of many records can be undone for ten minutes; change them back by another one")
    return [BulkUndoBegun(bulk_id=command.bulk_id)]


def evolve(bulk: Bulk, event: BulkEvent) -> Bulk:
    """Return the act after the event."""
    match bulk, event:
        case New(ids=ids), BulkClientsChosen(client_ids=more):
            return New("client", tuple(dict.fromkeys((*ids, *more))))
        case New(ids=ids), BulkContactsChosen(contact_ids=more):
            return New("contact", tuple(dict.fromkeys((*ids, *more))))
        case New(ids=ids), BulkBegun(subject=subject, action=action, value=value):
            return Begun(subject, action, value, ids)
        case Begun(), BulkFinished(changed=changed, skipped=skipped, not_done=told):
            done = replace(bulk, stage="finished", ended_at=event.occurred_at)
            return replace(done, changed=changed, skipped=skipped, not_done=told)
        case Begun(), BulkUndoBegun():
            return replace(bulk, stage="undoing")
        case Begun(), BulkUndone(undone=undone, left=left, not_done=told):
            return replace(bulk, stage="undone", undone=undone, left=left, not_undone=told)
        case _:
            return bulk


BULK: Decider[BulkCommand, Bulk, BulkEvent] = Decider("bulk", New(), decide, evolve)
