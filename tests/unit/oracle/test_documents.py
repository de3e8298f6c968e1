"""Last plain values of documents, and the comparison of two reports."""

from pathlib import Path

from contracts.clients.events import (
    ClientAssigned,
    ClientDetailsChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
    ClientTermsChanged,
    ContactAdded,
    ContactChanged,
    ContactRemoved,
    ContactRestored,
    LeadCaptured,
    LeadTaken,
    MainContactChosen,
    NoteAdded,
    NoteEdited,
    NotePriorityChanged,
    NoteRemoved,
    NoteRestored,
)
from contracts.pipeline.order_events import PaymentReversed
from services.analytics.oracle.difference import Difference, Report, compare
from tests.support.sales_history import History

DAY = "2026-01-01"


def test_documents(tmp_path: Path):
    history = History()
    history.client(owner_id="u1", temperature="hot", country="UA", segment="B2B", status="potential")
    one = {"client_id": "c1"}
    for event in [
        ClientDetailsChanged(**one, kind="company", name="Нова", country="PL"),
        ClientStatusChanged(**one, from_status="potential", to_status="current"),
        ClientTemperatureChanged(**one, from_temperature="hot"),
        ClientTermsChanged(**one, discount="5"),
        ClientAssigned(**one, from_owner="u1"),
    ]:
        history.add("client-c1", event, DAY)
    note = {"note_id": "n1", "client_id": "c1"}
    history.add("note-n1", NoteAdded(**note, text="one", priority="high"), DAY)
    history.add("note-n1", NoteEdited(**note, text="two"), DAY)
    history.add("note-n1", NotePriorityChanged(**note, from_priority="high", to_priority="none"), DAY)
    history.add("note-n1", NoteRemoved(**note), DAY)
    history.add("client-c1", ClientAssigned(client_id="c1", to_owner="u1"), DAY)
    contact = {"contact_id": "k1", "client_id": "c1"}
    history.add("contact-k1", ContactAdded(**contact, name="Ada", number=1, email="a@b.c", position="chief"), DAY)
    history.add("contact-k1", ContactChanged(**contact, name="Ada L."), DAY)
    history.add("client-c1", MainContactChosen(**contact), DAY)
    history.add("contact-k1", ContactRemoved(**contact), DAY)
    history.add("lead-l1", LeadCaptured(lead_id="l1", name="x", number=1), DAY)
    history.deal("d1", "A", DAY, value=100)
    history.order("o1", "new", DAY, total=200)
    history.paid("p1", 300, DAY)
    with history.oracle(tmp_path) as oracle:
        got = oracle.documents()
    assert got["clients"] == {
        "c1": {
            "name": "Нова", "status": "current", "temperature": None, "owner_id": "u1", "discount": "5",
            "country": "PL", "segment": None, "main_contact_id": None,
        }
    }  # fmt: skip
    assert got["notes"] == {"n1": {"client_id": "c1", "text": "two", "priority": "none", "removed": True}}
    person = {"client_id": "c1", "name": "Ada L.", "email": None, "owner_id": "u1", "removed": True}
    assert got["contacts"] == {"k1": person}
    assert got["leads"] == {"l1": {"status": "new"}}
    assert got["deals"] == {"d1": {"stage_id": "A", "client_id": "c1", "owner_id": "u1", "base_value": 100}}
    assert got["orders"] == {"o1": {"status": "new", "client_id": "c1", "owner_id": "u1", "base_total": 200}}
    assert got["payments"] == {"p1": {"client_id": "c1", "base_amount": 300, "reversed": False}}
    history.add("note-n1", NoteRestored(**note), DAY)
    history.add("contact-k1", ContactRestored(**contact), DAY)
    history.add("lead-l1", LeadTaken(lead_id="l1", owner_id="u1"), DAY)
    history.add("payment-p1", PaymentReversed(**history.facts["p1"]), DAY)
    with history.oracle(tmp_path) as oracle:
        got = oracle.documents()
    assert got["notes"]["n1"]["removed"] is False
    assert got["contacts"] == {"k1": {**person, "removed": False}}
    assert got["clients"]["c1"]["main_contact_id"] == "k1"
    assert got["leads"]["l1"]["status"] == "in_work"
    assert got["payments"]["p1"] == {"client_id": "c1", "base_amount": 300, "reversed": True}


def test_compare_names_every_difference():
    want = Report({"customers": [{"customer_id": "a", "n": "1"}, {"customer_id": "b", "n": "2"}]}, {"s": {"x": 1}})
    got = Report({"customers": [{"customer_id": "a", "n": "1.0", "more": "7"}, {"customer_id": "c", "n": "2"}]}, {})
    assert compare(want, want) == []
    assert compare(got, want) == [
        Difference("customers", ("c",), "", "row", None),
        Difference("customers", ("a",), "n", "1.0", "1"),
        Difference("customers", ("b",), "", None, "row"),
        Difference("summary", ("s.x",), "x", None, "1"),
    ]


def test_compare_tells_rows_with_one_key_apart():
    row = {"from_stage": "A", "to_stage": "B", "count": "1"}
    want = Report({"transitions": [row, {**row, "count": "2"}]}, {})
    assert compare(want, want) == []
    assert compare(Report({"transitions": [row]}, {}), want) == [
        Difference("transitions", ("A", "B", "#2"), "", None, "row")
    ]
