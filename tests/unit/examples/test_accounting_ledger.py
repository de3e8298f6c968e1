"""The accounting example's ledger: one transaction a batch, repeats and reordering change nothing, gaps are noticed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from examples.accounting_sync.fold import Unknown
from examples.accounting_sync.ledger import Gap, Ledger, OtherLog
from examples.accounting_sync.message import Message

TOPIC = "pipeline.events"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def event(position: int, prev: int, type: str, subject: str, version: int = 1, **data: Any) -> Message:
    """Return a message; its offset is its position, its id too."""
    time = "2026-05-31T09:30:00Z"
    return Message(f"e{position}", type, subject, version, time, position, prev, "log", data, position)


def stage(position: int, prev: int, name: str = "done", kind: str = "bought") -> Message:
    return event(
        position, prev, "pipeline.StageAdded.v1", "funnel-f", position, funnel_id="f", stage_id=name, kind=kind
    )


def order(position: int, prev: int, id: str = "1", version: int = 1, **data: Any) -> Message:
    facts = {"client_id": "acme", "funnel_id": "f", "status": "done", "currency": "EUR", "total": 100}
    facts |= {"base_total": 100, "base_shipping": 5, "base_tax": 7} | data
    return event(position, prev, "pipeline.OrderPlaced.v1", f"order-{id}", version, **facts)


def payment(position: int, prev: int, name: str = "Received", version: int = 1, **data: Any) -> Message:
    facts = {"client_id": "acme", "currency": "USD", "amount": 60, "base_amount": 50} | data
    return event(position, prev, f"pipeline.Payment{name}.v1", "payment-1", version, **facts)


def test_orders_and_payments_become_entries(ledger: Ledger):  # DEFINITIONS: billed, paid, balance
    ledger.book(TOPIC, 3, [stage(1, 0), order(4, 1), payment(6, 4)])
    assert ledger.totals() == {("billed", "acme", "EUR"): (1, 100, 112), ("paid", "acme", "USD"): (1, 60, 50)}
    assert ledger.offset(TOPIC, 3) == 7


def test_what_comes_again_changes_nothing(ledger: Ledger):
    messages = [stage(1, 0), order(4, 1), payment(6, 4)]
    ledger.book(TOPIC, 3, messages)
    before = ledger.totals()
    outcome = ledger.book(TOPIC, 3, messages)
    assert (outcome.booked, outcome.repeated, outcome.gap) == (0, 3, None)
    assert ledger.totals() == before


def test_a_batch_is_booked_whole_or_not_at_all(ledger: Ledger):
    with pytest.raises(Unknown):
        ledger.book(TOPIC, 3, [stage(1, 0), order(4, 1), event(5, 4, "pipeline.OrderPlaced.v9", "order-2")])
    assert ledger.totals() == {}
    assert ledger.offset(TOPIC, 3) == 0
    assert ledger.book(TOPIC, 3, [stage(1, 0), order(4, 1)]).booked == 2


def test_a_gap_is_noticed_and_nothing_behind_it_is_booked(ledger: Ledger):
    ledger.book(TOPIC, 3, [stage(1, 0)])
    outcome = ledger.book(TOPIC, 3, [replace(payment(6, 4), offset=2)])
    assert (outcome.booked, outcome.gap, outcome.again) == (0, Gap(1, 6), None)
    assert ledger.totals() == {}
    assert ledger.offset(TOPIC, 3) == 2  # a new start reads from here


def test_a_gap_closes_when_what_is_missing_comes_behind_it(ledger: Ledger):
    early, late = replace(payment(6, 4), offset=2), replace(order(4, 1), offset=4)  # sent again, behind
    ledger.book(TOPIC, 3, [stage(1, 0)])
    ledger.book(TOPIC, 3, [early, replace(payment(8, 6, version=2), offset=3)])
    outcome = ledger.book(TOPIC, 3, [late])
    assert (outcome.booked, outcome.gap, outcome.again) == (1, None, 2)
    assert ledger.offset(TOPIC, 3) == 2
    assert ledger.book(TOPIC, 3, [early]).booked == 1
    assert ledger.book(TOPIC, 3, [replace(payment(8, 6, version=2), offset=3), late]).booked == 1
    assert ledger.offset(TOPIC, 3) == 5
    assert set(ledger.totals()) == {("billed", "acme", "EUR"), ("paid", "acme", "USD")}


def test_a_reference_event_counts_once_though_it_is_in_every_partition(ledger: Ledger):
    ledger.book(TOPIC, 0, [order(2, 0)])
    assert ledger.totals() == {}  # the class of its stage is not known yet
    ledger.book(TOPIC, 0, [stage(3, 2)])
    ledger.book(TOPIC, 1, [stage(3, 0)])
    assert ledger.totals() == {("billed", "acme", "EUR"): (1, 100, 112)}


def test_new_sales_rules_are_booked_as_entries(ledger: Ledger):  # P2
    ledger.book(TOPIC, 0, [stage(1, 0), order(2, 1)])
    classes = [{"funnel_id": "f", "stage_id": "done", "kind": "in_work"}]
    rules = event(3, 0, "analytics.SalesRulesSet.v1", "rules-sales", 1, sources=["orders"], classes=classes)
    ledger.book("analytics.events", 0, [rules])
    assert ledger.totals() == {("billed", "acme", "EUR"): (0, 0, 0)}
    again = event(4, 3, "analytics.SalesRulesSet.v1", "rules-sales", 2, sources=["orders"], classes=[])
    ledger.book("analytics.events", 0, [again])
    assert ledger.totals() == {("billed", "acme", "EUR"): (1, 100, 112)}


def test_a_reversed_payment_is_taken_back(ledger: Ledger):
    ledger.book(TOPIC, 0, [payment(1, 0), payment(2, 1, "Reversed", 2)])
    assert ledger.totals() == {("paid", "acme", "USD"): (1, 0, 0)}


@pytest.mark.parametrize("lanes", list(permutations([0, 1, 2])))
def test_an_order_that_changes_its_client_is_billed_once_in_any_order_of_partitions(ledger: Ledger, lanes: Any):
    batches = [
        [stage(1, 0), order(2, 1), event(4, 2, "pipeline.OrderLeftClient.v1", "order-1", 2, to_client="globex")],
        [stage(1, 0), order(5, 1, version=3, client_id="globex"), order(7, 5, version=5, client_id="globex", total=90)],
        [stage(1, 0), order(6, 1, version=4, client_id="initech", total=80)],
    ]
    for lane in lanes:
        ledger.book(TOPIC, lane, batches[lane])
    totals = {key: value for key, value in ledger.totals().items() if any(value)}
    assert totals == {("billed", "globex", "EUR"): (1, 90, 112)}


def test_another_log_is_refused(ledger: Ledger):
    ledger.book(TOPIC, 0, [payment(1, 0)])
    with pytest.raises(OtherLog):
        ledger.book(TOPIC, 0, [replace(payment(2, 1, version=2), log_id="another")])


def test_two_programs_on_one_ledger_book_once(ledger: Ledger, tmp_path: Path):
    twin = Ledger(tmp_path / "ledger.sqlite")
    try:
        for messages in ([stage(1, 0), order(2, 1)], [order(3, 2, "2"), payment(4, 3)]):
            outcomes = [one.book(TOPIC, 0, messages) for one in (ledger, twin)]
            assert [one.booked for one in outcomes] == [2, 0]
    finally:
        twin.close()
    assert ledger.totals()["billed", "acme", "EUR"] == (2, 200, 224)


def test_the_journal_adds_up_to_the_documents(ledger: Ledger, tmp_path: Path):
    """An oracle without the fold: the last state of each document against the sums of the journal."""
    ledger.book(TOPIC, 0, [stage(1, 0), order(2, 1), order(3, 2, version=2, total=40), payment(4, 3)])
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        documents = db.execute("SELECT sum(amount) FROM document").fetchone()
        journal = db.execute("SELECT sum(amount) FROM entry").fetchone()
        moves = db.execute("SELECT amount FROM entry ORDER BY number").fetchall()
    db.close()
    assert documents == journal == (100,)
    assert moves == [(100,), (-60,), (60,)]
