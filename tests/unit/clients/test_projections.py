"""The read models of the clients service, folded in memory."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.clients.events import (
    ClientArchived,
    ClientAssigned,
    ClientDetailsChanged,
    ClientErased,
    ClientMarkedLost,
    ClientRegistered,
    ClientRestored,
    ClientReturned,
    ClientStageChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
    ClientTermsChanged,
    ContactAdded,
    ContactChanged,
    ContactRemoved,
    ContactRestored,
    LeadCaptured,
    LeadClosed,
    LeadConverted,
    LeadTaken,
    MainContactChosen,
    NoteAdded,
    NoteEdited,
    NotePriorityChanged,
    NoteRemoved,
    NoteRestored,
)
from contracts.registry import EVENTS
from services.clients.projections import CLIENTS_GROUP
from services.clients.projections.clients import ClientStay
from services.clients.projections.erased import SLICE
from services.clients.projections.last_note import LastNote
from tests.support.memory import MemoryContext, fold, recorded

C1 = {"client_id": "c1"}
DETAILS = {
    "kind": "company", "name": "Акме", "tax_id": "7707083893", "email": "a@acme.test",
    "phones": ["+38 (044) 111-22"], "address": "Kyiv, Main st.", "birthday": "2000-01-02", "links": ["https://x.test"],
    "country": "UA", "city": "Kyiv", "category": "B2B", "segment": "retail", "tags": ["vip"], "source": "website",
}  # fmt: skip
registered = ClientRegistered(
    **C1, **DETAILS, number=7, temperature="hot", discount="5", owner_id="e1", external_id="ACME-1", occurred_at=10
)
OLHA = {"contact_id": "k1", **C1, "name": "Olha", "phones": ["050-1"], "email": "o@acme.test", "telegram": "@olha"}
contact = ContactAdded(**OLHA, number=3, birthday="1990-01-01", position="buyer", external_id="K", occurred_at=11)
TEXTS = {c.name: c.text for c in CLIENTS_GROUP.collections}


def note(id, at, text="call", priority="none", **more):
    return NoteAdded(note_id=id, **C1, text=text, priority=priority, occurred_at=at, **more)


def client(context: MemoryContext):
    return context.documents["clients"]["c1"]


def test_every_event_of_the_service_is_folded():
    """Imports of spreadsheets are read from their own streams (ADR 0025)."""
    of_imports = {name for name in EVENTS if name.startswith("clients.Table")}
    assert {name for name in EVENTS if name.startswith("clients.")} - of_imports == set(CLIENTS_GROUP.folds)


def test_a_registered_client_shows_all_its_details():  # S3.4, S3.9, P21
    document = client(fold(CLIENTS_GROUP, registered))
    assert {name: getattr(document, name) for name in DETAILS} == DETAILS
    assert (document.number, document.status, document.temperature) == (7, "potential", "hot")
    assert (document.discount, document.owner_id, document.external_id) == ("5", "e1", "ACME-1")
    assert (document.registered_at, document.changed_at, document.version, document.imputed) == (10, 10, 1, False)
    assert document.name_key == "акме"
    assert (document.last_note, document.lost_at, document.erased, document.erased_at) == (None, None, False, None)


def test_an_imputed_registration_is_marked():  # P22
    assert client(fold(CLIENTS_GROUP, registered.model_copy(update={"imputed": True}))).imputed


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ClientDetailsChanged(**C1, kind="person", name="Ivan"), {"kind": "person", "name": "Ivan", "email": None}),
        (ClientStatusChanged(**C1, from_status="potential", to_status="current"), {"status": "current"}),
        (ClientTemperatureChanged(**C1, from_temperature="hot"), {"temperature": None, "temperature_rank": 3}),
        (
            ClientTermsChanged(**C1, discount="10", currency="UAH", language="uk"),
            {"discount": "10", "currency": "UAH", "language": "uk"},
        ),
        (ClientAssigned(**C1, from_owner="e1", to_owner="e2"), {"owner_id": "e2"}),
        (ClientMarkedLost(**C1, reason="moved"), {"lost_at": 20, "lost_reason": "moved"}),
        (ClientArchived(**C1), {"archived_at": 20}),
        (MainContactChosen(**C1, contact_id="k1"), {"main_contact_id": "k1"}),
    ],
)
def test_a_change_is_shown_with_its_time_and_version(event, expected):  # S3.11 to S3.19, P23
    document = client(fold(CLIENTS_GROUP, registered, event.model_copy(update={"occurred_at": 20})))
    assert {name: getattr(document, name) for name in expected} == expected
    assert (document.changed_at, document.version, document.registered_at) == (20, 2, 10)


def test_a_returned_client_is_not_lost():  # P9
    document = client(fold(CLIENTS_GROUP, registered, ClientMarkedLost(**C1, reason="x"), ClientReturned(**C1)))
    assert (document.lost_at, document.lost_reason) == (None, "")


def test_a_restored_client_is_not_in_the_archive():  # X10, #5
    document = client(fold(CLIENTS_GROUP, registered, ClientArchived(**C1), ClientRestored(**C1)))
    assert document.archived_at is None


def test_temperatures_are_in_their_order():  # P28
    order = ["hot", "warm", "cold", None, "not_interested"]
    ranks = [
        client(fold(CLIENTS_GROUP, registered.model_copy(update={"temperature": each}))).temperature_rank
        for each in order
    ]
    assert ranks == [0, 1, 2, 3, 4]


def test_the_place_in_each_client_funnel_is_shown():  # P20
    first = ClientStageChanged(**C1, funnel_id="f1", to_stage="a", value=5, base_value=5, occurred_at=20)
    dearer = ClientStageChanged(
        **C1, funnel_id="f1", from_stage="a", to_stage="a", from_entered_at=20, value=6, base_value=6, occurred_at=25
    )
    moved = ClientStageChanged(**C1, funnel_id="f1", from_stage="a", to_stage="b", from_entered_at=20, occurred_at=30)
    other = ClientStageChanged(**C1, funnel_id="f2", to_stage="z", expected_on="2026-06-01", occurred_at=40)
    assert client(fold(CLIENTS_GROUP, registered, first, dearer)).stages == {
        "f1": ClientStay("a", 20, 6, None, 6, None)
    }
    assert client(fold(CLIENTS_GROUP, registered, first, dearer, moved, other)).stages == {
        "f1": ClientStay("b", 30, 0, None, 0, None),
        "f2": ClientStay("z", 40, 0, None, 0, "2026-06-01"),
    }


def test_a_client_is_found_by_what_people_know_of_it():  # S3.5, S0.39, P21
    lines = TEXTS["clients"](client(fold(CLIENTS_GROUP, registered))).split("\n")
    assert lines == [
        "#7", "Акме", "a@acme.test", "7707083893", "Kyiv, Main st.", "ACME-1", "+38 (044) 111-22", "3804411122",
    ]  # fmt: skip


# ---------------------------------------------------------------- notes


def test_the_last_note_is_the_newest():  # S3.4
    document = client(fold(CLIENTS_GROUP, registered, note("n1", 30, "new", "high"), note("n2", 20, "old")))
    assert document.last_note == LastNote("n1", 30, "high", "new")
    assert (document.changed_at, document.version) == (10, 1)


def test_of_equally_new_notes_the_last_one_is_always_the_same():  # S3.4
    one, two = note("n1", 30), note("n2", 30)
    assert client(fold(CLIENTS_GROUP, registered, one, two)).last_note.note_id == "n1"
    assert client(fold(CLIENTS_GROUP, registered, two, one)).last_note.note_id == "n1"


def test_the_preview_is_the_beginning_of_the_first_line():  # S3.4
    assert client(fold(CLIENTS_GROUP, registered, note("n1", 1, "\n  hello \nmore"))).last_note.preview == "hello"
    assert client(fold(CLIENTS_GROUP, registered, note("n1", 1, " \n"))).last_note.preview == ""
    assert client(fold(CLIENTS_GROUP, registered, note("n1", 1, "x" * 120))).last_note.preview == "x" * 120
    assert client(fold(CLIENTS_GROUP, registered, note("n1", 1, "x" * 121))).last_note.preview == "x" * 119 + "…"


def test_the_last_note_follows_edits_removals_and_restores():  # S3.4, S3.24, P12
    n1, n2 = {"note_id": "n1", **C1}, {"note_id": "n2", **C1}
    context = fold(CLIENTS_GROUP, registered, note("n1", 20, "old"), note("n2", 30, "new"))
    context.take(NoteEdited(**n1, text="older", occurred_at=40))
    assert client(context).last_note == LastNote("n2", 30, "none", "new")
    context.take(NoteEdited(**n2, text="newer", occurred_at=41))
    context.take(NotePriorityChanged(**n2, from_priority="none", to_priority="medium", occurred_at=42))
    assert client(context).last_note == LastNote("n2", 30, "medium", "newer")
    context.take(NoteRemoved(**n2, occurred_at=43))
    assert client(context).last_note == LastNote("n1", 20, "none", "older")
    context.take(NoteRemoved(**n1, occurred_at=44))
    assert client(context).last_note is None
    context.take(NoteRestored(**n1, occurred_at=45))
    assert client(context).last_note == LastNote("n1", 20, "none", "older")
    context.take(NoteRestored(**n2, occurred_at=46))
    context.take(NoteRemoved(**n1, occurred_at=47))
    assert client(context).last_note == LastNote("n2", 30, "medium", "newer")


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=20))
def test_the_last_note_is_what_a_look_at_all_notes_gives(steps):  # S3.4
    context, there = fold(CLIENTS_GROUP, registered), {}
    for clock, (n, added_at, action) in enumerate(steps):
        key = f"n{n}"
        name = {"note_id": key, **C1}
        if key not in there:
            context.take(note(key, added_at, f"text {key}"))
            there[key] = [added_at, f"text {key}", False]
        elif there[key][2]:
            context.take(NoteRestored(**name))
            there[key][2] = False
        elif action:
            context.take(NoteRemoved(**name))
            there[key][2] = True
        else:
            context.take(NoteEdited(**name, text=f"edit {clock}"))
            there[key][1] = f"edit {clock}"
    shown = sorted((-at, key, text) for key, (at, text, removed) in there.items() if not removed)
    last = client(context).last_note
    assert (last and (-last.added_at, last.note_id, last.preview)) == (shown[0] if shown else None)


def test_a_note_shows_who_wrote_it_and_when():  # S3.20, S3.21, P12
    added = recorded(note("n1", 20, "hi", "high", about="d1", external_id="N"), actor="e1")
    edited = recorded(NoteEdited(note_id="n1", **C1, text="ho", occurred_at=30), version=2, actor="e2")
    removed = recorded(NoteRemoved(note_id="n1", **C1, occurred_at=40), version=3, actor="e3")
    context = fold(CLIENTS_GROUP, registered, added, edited, removed)
    document = context.documents["notes"]["n1"]
    assert (document.text, document.priority, document.priority_rank, document.about) == ("ho", "high", 0, "d1")
    assert (document.author, document.added_at, document.edited_at, document.version) == ("e1", 20, 30, 3)
    assert (document.removed_at, document.removed_by, document.external_id) == (40, "e3", "N")
    context.take(NoteRestored(note_id="n1", **C1))
    restored = context.documents["notes"]["n1"]
    assert (restored.removed_at, restored.removed_by, restored.text) == (None, None, "ho")


def test_notes_stand_by_priority_then_newest_first():  # S3.23
    notes = [note("a", 1, priority="none"), note("b", 2, priority="high"), note("c", 3, priority="medium")]
    notes += [note("d", 4, priority="high"), note("e", 5, priority="none")]
    context = fold(CLIENTS_GROUP, registered, *notes)
    found = context.find("notes", (), (("priority_rank", False), ("added_at", True)), limit=9)
    assert [each.note_id for each in found] == ["d", "b", "c", "e", "a"]


def test_a_note_without_its_client_is_kept():
    context = fold(CLIENTS_GROUP, note("n1", 1))
    assert context.documents["notes"]["n1"].text == "call"
    assert context.documents["clients"] == {}


# ---------------------------------------------------------------- contacts


def test_a_contact_is_shown_changed_and_removed():  # S1.15, S3.13, P23
    context = fold(CLIENTS_GROUP, registered, contact, MainContactChosen(**C1, contact_id="k1"))
    document = context.documents["contacts"]["k1"]
    assert (document.name, document.position, document.number, document.telegram) == ("Olha", "buyer", 3, "@olha")
    assert (document.name_key, document.added_at, document.client_id) == ("olha", 11, "c1")
    assert TEXTS["contacts"](document).split("\n") == ["#3", "Olha", "o@acme.test", "@olha", "K", "050-1", "0501"]
    context.take(ContactChanged(**{**OLHA, "name": "Olha B."}, occurred_at=20))
    document = context.documents["contacts"]["k1"]
    assert (document.name, document.position, document.changed_at, document.version) == ("Olha B.", None, 20, 2)
    context.take(ContactRemoved(contact_id="k1", **C1, occurred_at=30))
    document = context.documents["contacts"]["k1"]
    assert (document.removed_at, TEXTS["contacts"](document)) == (30, "")
    assert client(context).main_contact_id is None
    context.take(ContactRestored(contact_id="k1", **C1, occurred_at=40))
    document = context.documents["contacts"]["k1"]
    assert (document.name, document.removed_at, document.changed_at, document.version) == ("Olha B.", None, 40, 4)
    assert TEXTS["contacts"](document).split("\n")[1] == "Olha B."


def main_after(*events) -> str | None:
    other = ContactAdded(**{**OLHA, "contact_id": "k2"}, number=4)
    return client(fold(CLIENTS_GROUP, registered, contact, other, *events)).main_contact_id


def test_the_main_contact_is_who_was_chosen_last_while_they_are_there():  # P23
    def chosen(id):
        return MainContactChosen(**C1, contact_id=id)

    def gone(id):
        return ContactRemoved(**C1, contact_id=id)

    def back(id):
        return ContactRestored(**C1, contact_id=id)

    assert main_after(chosen("k1"), gone("k1"), back("k1")) == "k1"
    assert main_after(chosen("k1"), gone("k1"), chosen("k2"), back("k1")) == "k2"
    assert main_after(chosen("k1"), gone("k1"), chosen("k2"), gone("k2"), back("k1")) is None
    assert main_after(chosen("k1"), gone("k2"), back("k2")) == "k1"
    assert main_after(gone("k1"), chosen("k1")) is None
    assert main_after(gone("k1"), chosen("k1"), back("k1")) == "k1"
    assert main_after(chosen("k1"), gone("k1"), ClientErased(**C1), back("k1")) is None


def test_removing_another_contact_leaves_the_main_one():  # P23
    other = ContactAdded(**{**OLHA, "contact_id": "k2"}, number=4)
    events = [registered, contact, other, MainContactChosen(**C1, contact_id="k1")]
    context = fold(CLIENTS_GROUP, *events, ContactRemoved(contact_id="k2", **C1))
    assert client(context).main_contact_id == "k1"


def test_a_contact_without_its_client_is_kept():
    context = fold(
        CLIENTS_GROUP, contact, ContactRemoved(contact_id="k1", **C1), ContactRestored(contact_id="k1", **C1)
    )
    assert context.documents["contacts"]["k1"].name == "Olha"


# ---------------------------------------------------------------- leads

captured = LeadCaptured(
    lead_id="l1", name="Ivan", company="Ivan & Co", phone="+380 67", email="i@co.test", message="need a consultation",
    source="referral", number=5, occurred_at=10,
)  # fmt: skip


def lead(*events):
    return fold(CLIENTS_GROUP, captured, *events).documents["leads"]["l1"]


def test_a_lead_is_new_then_in_work_then_closed():  # S0.10, S0.11, S0.12, P16
    assert (lead().status, lead().source, lead().number, lead().captured_at) == ("new", "referral", 5, 10)
    assert TEXTS["leads"](lead()).split("\n") == ["#5", "Ivan", "Ivan & Co", "i@co.test", "+380 67", "38067"]
    assert (lead().name_key, lead().phone, lead().message) == ("ivan", "+380 67", "need a consultation")
    taken = LeadTaken(lead_id="l1", owner_id="e1", occurred_at=20)
    assert (lead(taken).status, lead(taken).owner_id, lead(taken).changed_at) == ("in_work", "e1", 20)
    closed = lead(taken, LeadClosed(lead_id="l1", reason="spam", occurred_at=30))
    assert (closed.status, closed.closed_at, closed.close_reason, closed.version) == ("closed", 30, "spam", 3)
    assert closed.client_id is None


def test_a_converted_lead_keeps_no_personal_field():  # P16, X10
    details = {"name": "Ivan", "company": "Ivan & Co", "phone": "+380 67", "email": "i@co.test", "message": "need"}
    event = LeadConverted(lead_id="l1", **details, client_id="c1", owner_id="e1", deal_id="d1", occurred_at=20)
    document = lead(event)
    assert (document.status, document.client_id, document.deal_id, document.source) == (
        "closed",
        "c1",
        "d1",
        "referral",
    )
    assert not any(getattr(document, field) for field in LeadConverted.personal_fields())
    assert TEXTS["leads"](document) == "#5"


# ---------------------------------------------------------------- erasing


def personal_texts(context: MemoryContext) -> str:
    return msgspec.json.encode(context.documents).decode()


def test_an_erased_client_is_blank_but_counted():  # X10, P12
    events = [registered, ClientMarkedLost(**C1, reason="secret reason"), contact, note("n1", 20, "secret note")]
    erased = ClientErased(**C1, occurred_at=50)
    context = fold(CLIENTS_GROUP, *events, MainContactChosen(**C1, contact_id="k1"), erased)
    document = client(context)
    assert not any(getattr(document, field) for field in ClientRegistered.personal_fields())
    assert (document.erased, document.erased_at, document.last_note, document.main_contact_id) == (True, 50, None, None)
    assert (document.number, document.status, document.category, document.registered_at) == (7, "potential", "B2B", 10)
    person = context.documents["contacts"]["k1"]
    assert not any(getattr(person, field) for field in ContactAdded.personal_fields())
    assert person.erased_at == 50
    assert (context.documents["notes"]["n1"].text, context.documents["notes"]["n1"].erased_at) == ("", 50)
    assert "secret" not in personal_texts(context)
    assert "Olha" not in personal_texts(context)
    assert TEXTS["clients"](document) == "#7"
    assert context.documents["erasures"] == {}


def test_what_comes_after_the_erasure_brings_no_text_back():  # X10
    before = [registered, contact, note("n1", 20, "secret")]
    late = [
        note("n2", 60, "secret too"),
        NoteEdited(note_id="n1", **C1, text="secret three"),
        ContactChanged(**OLHA),
        ContactAdded(**{**OLHA, "contact_id": "k2"}, number=4),
    ]
    context = fold(CLIENTS_GROUP, *before, ClientErased(**C1, occurred_at=50), *late)
    assert "secret" not in personal_texts(context)
    assert "Olha" not in personal_texts(context)
    assert client(context).last_note is None
    assert {context.documents["notes"]["n2"].erased_at, context.documents["contacts"]["k2"].erased_at} == {50}


def test_a_rebuild_after_the_keys_are_gone_gives_the_same():  # X10
    events = [registered, contact, note("n1", 20, "secret"), ClientErased(**C1, occurred_at=50)]
    stored = [recorded(event, position=i + 1, version=2 if i == 3 else 1) for i, event in enumerate(events)]
    blank = [recorded(event, position=i + 1, version=2 if i == 3 else 1, erased=True) for i, event in enumerate(events)]
    assert fold(CLIENTS_GROUP, *stored).documents == fold(CLIENTS_GROUP, *blank).documents


@pytest.mark.parametrize("many", [SLICE - 1, SLICE, 2 * SLICE + 1])
def test_a_client_with_many_notes_and_contacts_is_blanked_in_slices(many):  # X10, P2
    notes = [note(f"n{i}", i, "secret") for i in range(many)]
    contacts = [ContactAdded(**{**OLHA, "contact_id": f"k{i}", "name": "secret"}, number=i) for i in range(5)]
    other = [
        registered.model_copy(update={"client_id": "c2"}),
        NoteAdded(note_id="x", client_id="c2", text="kept", occurred_at=1),
    ]
    context = fold(CLIENTS_GROUP, registered, *other, *notes, *contacts, ClientErased(**C1, occurred_at=9000))
    left = [each for each in context.documents["notes"].values() if each.text == "secret"]
    assert len(left) == max(0, many - SLICE)
    assert list(context.documents["erasures"]) == ([] if many < SLICE else ["c1"])
    context.work()
    assert "secret" not in personal_texts(context)
    assert context.documents["erasures"] == {}
    assert context.documents["notes"]["x"].text == "kept"
    assert context.work() == 1


def test_two_large_erasures_are_both_finished():  # X10
    second = registered.model_copy(update={"client_id": "c2"})
    notes = [NoteAdded(note_id=f"{c}-{i}", client_id=c, text="secret") for c in ("c1", "c2") for i in range(SLICE + 1)]
    erasures = [ClientErased(client_id=c, occurred_at=5) for c in ("c1", "c2")]
    context = fold(CLIENTS_GROUP, registered, second, *notes, *erasures)
    assert set(context.documents["erasures"]) == {"c1", "c2"}
    context.work()
    assert "secret" not in personal_texts(context)
    assert context.documents["erasures"] == {}


def test_the_actor_of_an_event_is_its_envelopes():
    event = replace(recorded(note("n1", 1)), actor="e7")
    assert fold(CLIENTS_GROUP, registered, event).documents["notes"]["n1"].author == "e7"
