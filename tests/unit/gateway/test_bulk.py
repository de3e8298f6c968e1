"""One change of many records: the act in the log, and what a record's stream says of it (#5, ADR 0032, 0036)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.clients import commands as c
from contracts.gateway.bulk_commands import (
    BeginBulk,
    ChooseBulkClients,
    ChooseBulkContacts,
    FinishBulk,
    FinishBulkUndo,
    UndoBulk,
)
from contracts.gateway.bulk_events import (
    BulkBegun,
    BulkClientsChosen,
    BulkContactsChosen,
    BulkFinished,
    BulkUndoBegun,
    BulkUndone,
    NotDone,
)
from contracts.problem import IllegalMove, Invalid
from services.gateway.bulk.change import Past, past
from services.gateway.bulk.kinds import KINDS
from services.gateway.domain.bulk import BULK, UNDO_MS, Begun
from services.kit.testing import given

CLIENTS, CONTACTS = KINDS["client"], KINDS["contact"]
CHOSEN = BulkClientsChosen(bulk_id="b", client_ids=["x", "y"])
BEGUN = BulkBegun(bulk_id="b", action="tag", value="vip", count=2)
SKIPPED = NotDone(client_id="y", why="same")
FINISHED = BulkFinished(bulk_id="b", changed=1, skipped=1, not_done=[SKIPPED], occurred_at=1_000)
UNDOING = BulkUndoBegun(bulk_id="b")
UNDONE = BulkUndone(bulk_id="b", undone=1, left=0)
FINISH = FinishBulk(bulk_id="b", changed=1, skipped=1, not_done=[SKIPPED])
BEGIN = BeginBulk(bulk_id="b", action="tag", value="vip")


def test_clients_are_chosen_in_pieces_then_it_begins_once():
    more = ChooseBulkClients(bulk_id="b", client_ids=["y", "z"])
    given(BULK).when(ChooseBulkClients(bulk_id="b", client_ids=["x", "y"])).then(CHOSEN)
    given(BULK, CHOSEN).when(more).then(BulkClientsChosen(bulk_id="b", client_ids=["y", "z"]))
    again = BulkClientsChosen(bulk_id="b", client_ids=["y", "z"])
    given(BULK, CHOSEN, again).when(BEGIN).then(BulkBegun(bulk_id="b", action="tag", value="vip", count=3))
    given(BULK, CHOSEN, BEGUN).when(BEGIN).then_nothing()
    given(BULK, CHOSEN, BEGUN).when(more).then_nothing()
    given(BULK).when(BEGIN).then_refused(Invalid, field="ids")
    assert BULK.fold([CHOSEN, BEGUN, again]) == BULK.fold([CHOSEN, BEGUN]), "nobody joins what was begun"
    state = BULK.fold([CHOSEN, again, BEGUN])
    assert isinstance(state, Begun)
    assert state.ids == ("x", "y", "z")


def test_an_act_is_on_records_of_one_kind_and_does_what_can_be_done_to_them():  # ADR 0036
    choose = ChooseBulkContacts(bulk_id="b", contact_ids=["k", "k2"])
    chosen = BulkContactsChosen(bulk_id="b", contact_ids=["k", "k2"])
    remove = BeginBulk(bulk_id="b", action="remove")
    given(BULK).when(choose).then(chosen)
    given(BULK, chosen).when(ChooseBulkContacts(bulk_id="b", contact_ids=["k3"])).then(
        BulkContactsChosen(bulk_id="b", contact_ids=["k3"])
    )
    given(BULK, chosen).when(remove).then(
        BulkBegun(bulk_id="b", subject="contact", action="remove", value=None, count=2)
    )
    given(BULK, CHOSEN).when(choose).then_refused(IllegalMove)
    given(BULK, chosen).when(ChooseBulkClients(bulk_id="b", client_ids=["x"])).then_refused(IllegalMove)
    given(BULK, chosen).when(BEGIN).then_refused(Invalid, field="action")
    given(BULK, CHOSEN).when(remove).then_refused(Invalid, field="action")
    state = BULK.fold([chosen, BulkBegun(bulk_id="b", subject="contact", action="remove", count=2)])
    assert isinstance(state, Begun)
    assert (state.subject, state.ids) == ("contact", ("k", "k2"))
    given(BULK, chosen, BulkBegun(bulk_id="b", subject="contact", action="remove", count=2)).when(choose).then_nothing()


def test_it_ends_once_and_is_undone_once():
    given(BULK, CHOSEN, BEGUN).when(FINISH).then(FINISHED)
    given(BULK, CHOSEN, BEGUN, FINISHED).when(FINISH).then_nothing()
    told = FinishBulkUndo(bulk_id="b", undone=1, left=0)
    given(BULK, CHOSEN, BEGUN, FINISHED).when(told).then_nothing()
    given(BULK, CHOSEN, BEGUN, FINISHED, UNDOING).when(told).then(UNDONE)
    given(BULK, CHOSEN, BEGUN, FINISHED, UNDOING, UNDONE).when(told).then_nothing()
    given(BULK, CHOSEN, BEGUN, FINISHED, UNDOING, UNDONE).when(UndoBulk(bulk_id="b", at=1_000)).then_nothing()
    given(BULK, CHOSEN).when(FINISH).then_refused(IllegalMove)


def test_it_can_be_undone_for_ten_minutes_after_its_end():
    history = given(BULK, CHOSEN, BEGUN, FINISHED)
    history.when(UndoBulk(bulk_id="b", at=1_000 + UNDO_MS)).then(UNDOING)
    history.when(UndoBulk(bulk_id="b", at=1_001 + UNDO_MS)).then_refused(IllegalMove)
    given(BULK, CHOSEN, BEGUN).when(UndoBulk(bulk_id="b", at=0)).then_refused(IllegalMove)


def stream(*events: tuple[str, str, dict[str, Any]]) -> Any:
    """A client's stream: (name of the event, command id, its data)."""
    return [
        (SimpleNamespace(type=f"clients.{name}.v1", command_id=id), SimpleNamespace(**data))
        for name, id, data in events
    ]


MADE = ("ClientRegistered", "c0", {"owner_id": "ann", "temperature": None, "tags": ["a"]})


@pytest.mark.parametrize(
    ("action", "value", "events", "expected"),
    [
        ("owner", "bob", [MADE], Past(did=False)),
        (
            "owner",
            "bob",
            [MADE, ("ClientAssigned", "me", {"to_owner": "bob"})],
            Past(did=True, before="ann", still=True),
        ),
        (
            "owner",
            "bob",
            [MADE, ("ClientAssigned", "me", {"to_owner": "bob"}), ("ClientAssigned", "c2", {"to_owner": "eve"})],
            Past(did=True, before="ann", still=False),
        ),
        (
            "temperature",
            "hot",
            [MADE, ("ClientTemperatureChanged", "me", {"to_temperature": "hot"}), ("ClientArchived", "c2", {})],
            Past(did=True, before=None, still=True),
        ),
        (
            "tag",
            "vip",
            [
                MADE,
                ("ClientDetailsChanged", "me", {"tags": ["a", "vip"]}),
                ("ClientDetailsChanged", "c2", {"tags": ["vip"]}),
            ],
            Past(did=True, before=False, still=True),
        ),
        (
            "untag",
            "a",
            [MADE, ("ClientDetailsChanged", "me", {"tags": []}), ("ClientDetailsChanged", "c2", {"tags": ["a"]})],
            Past(did=True, before=True, still=False),
        ),
        ("archive", None, [MADE, ("ClientArchived", "me", {})], Past(did=True, before=None, still=True)),
        (
            "archive",
            None,
            [MADE, ("ClientArchived", "me", {}), ("ClientRestored", "c2", {})],
            Past(did=True, before=None, still=False),
        ),
        (
            "archive",
            None,
            [MADE, ("ClientArchived", "me", {}), ("ClientErased", "c2", {})],
            Past(did=True, erased=True),
        ),
    ],
)
def test_what_became_of_a_client_since(action: Any, value: str | None, events: Any, expected: Past):
    assert past(CLIENTS, action, value, stream(*events), "me") == expected


def test_what_is_sent_and_what_takes_it_back():
    command, back = CLIENTS.command, CLIENTS.back
    assert command("owner", None, "x") == c.AssignClient(client_id="x", owner_id=None)
    assert back("owner", "bob", "x", "ann") == c.AssignClient(client_id="x", owner_id="ann")
    assert back("temperature", "hot", "x", None) == c.ChangeClientTemperature(client_id="x", temperature=None)
    assert back("tag", "vip", "x", None) == c.UntagClient(client_id="x", tag="vip")
    assert back("untag", "vip", "x", None) == c.TagClient(client_id="x", tag="vip")
    assert back("archive", None, "x", None) == c.RestoreClient(client_id="x")
    with pytest.raises(ValidationError):
        command("temperature", "boiling", "x")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("ContactAdded", "c0", {})], Past(did=False)),
        ([("ContactAdded", "c0", {}), ("ContactRemoved", "me", {})], Past(did=True, still=True)),
        (
            [("ContactAdded", "c0", {}), ("ContactRemoved", "me", {}), ("ContactRestored", "c2", {})],
            Past(did=True, still=False),
        ),
        ([("ContactAdded", "c0", {}), ("ContactRemoved", "c1", {})], Past(did=False)),
    ],
)
def test_what_became_of_a_contact_since(events: Any, expected: Past):
    assert past(CONTACTS, "remove", None, stream(*events), "me") == expected


def test_contacts_are_removed_and_restored():
    assert CONTACTS.command("remove", None, "k") == c.RemoveContact(contact_id="k")
    assert CONTACTS.back("remove", None, "k", None) == c.RestoreContact(contact_id="k")
    assert CONTACTS.not_done("k", "gone") == NotDone(contact_id="k", why="gone")
    assert CLIENTS.not_done("x", "gone") == NotDone(client_id="x", why="gone")


@pytest.mark.parametrize(("kind", "action"), [(CONTACTS, "tag"), (CLIENTS, "remove")])
def test_what_cannot_be_done_to_such_records_is_refused(kind: Any, action: Any):
    for ask in (
        lambda: kind.command(action, None, "x"),
        lambda: kind.reading(action, None),
        lambda: kind.back(action, None, "x", None),
    ):
        with pytest.raises(Invalid):
            ask()
