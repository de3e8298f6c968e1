"""What the accounting example makes of every event type ever released (P19, tests/contracts/golden)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from contracts.registry import EVENTS
from examples.accounting_sync.fold import Document, Rules, Stage, Unknown, fold, is_sale
from examples.accounting_sync.message import Message, NotAnEvent, read
from tests.contracts import make_golden
from tests.contracts.newer import newer

GOLDEN = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["event"] for path in make_golden.FOLDER.glob("*.json")
}


def message(type: str, **data: Any) -> Message:
    """Return the golden event as it is on the wire, with some data replaced."""
    event = GOLDEN[type] | {"logid": "a-log", "prev": 0}
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"]
    return read(json.dumps(event["data"] | data).encode(), headers, 7)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_released_event_is_folded_or_known_to_say_nothing(name: str):
    change = fold(message(name))
    service, event, _ = name.split(".")
    silent = event in {"OrderLeftClient", "DealLeftClient", "PaymentLeftClient", "DealTouched"}
    money = service == "pipeline" and event.startswith(("Order", "Deal", "Payment")) and not silent
    if money or event == "ClientStageChanged":
        assert isinstance(change, Document)
    elif event == "StageAdded":
        assert isinstance(change, Stage)
    elif event == "SalesRulesSet":
        assert isinstance(change, Rules)
    else:
        assert change is None


@pytest.mark.parametrize("name", GOLDEN)
def test_a_newer_event_that_only_adds_is_booked_as_before(name: str):  # docs/subscribe.md, Versions
    data = newer(GOLDEN[name])["data"]
    assert data != GOLDEN[name]["data"]
    assert fold(message(name, **data)) == fold(message(name))


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("pipeline.Order") and "Left" not in name])
def test_the_next_version_of_what_is_booked_stops_the_ledger(name: str):
    known = message(name)
    with pytest.raises(Unknown, match="newer than this program"):
        fold(replace(known, type=name.removesuffix("1") + "2"))


def test_all_released_events_are_golden():
    assert set(GOLDEN) == set(EVENTS)


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("pipeline.Order") and "Left" not in name])
def test_an_order_is_billed_with_shipping_and_tax(name: str):  # DEFINITIONS: billed_sum
    data = GOLDEN[name]["data"]
    order = fold(message(name))
    assert isinstance(order, Document)
    assert (order.kind, order.id, order.client_id) == ("orders", GOLDEN[name]["subject"], data["client_id"])
    assert (order.amount, order.currency) == (data["total"], data["currency"])
    assert order.base_amount == data["base_total"] + data["base_shipping"] + data["base_tax"]
    assert order.from_deal is True


def test_a_reversed_payment_is_worth_nothing():
    received, reversed_ = fold(message("pipeline.PaymentReceived.v1")), fold(message("pipeline.PaymentReversed.v1"))
    joined = fold(message("pipeline.PaymentJoinedClient.v1", reversed_at=None))
    gone = fold(message("pipeline.PaymentJoinedClient.v1", reversed_at=1_780_219_800_123))
    assert [one.amount for one in (received, reversed_, joined, gone)] == [625_023, 0, 625_023, 0]
    assert [one.base_amount for one in (received, reversed_, joined, gone)] == [15_151, 0, 15_151, 0]


def test_an_order_of_a_deal_counts_through_its_deal_unless_deals_are_no_source():  # P1
    order = Document("order-1", "orders", 1, "c", "EUR", 1, 1, "f", "s", from_deal=True)
    kinds = {("f", "s"): "bought"}
    assert not is_sale(order, kinds, Rules(1, frozenset({"orders", "deals"}), {}))
    assert is_sale(order, kinds, Rules(1, frozenset({"orders"}), {}))
    assert not is_sale(order, kinds, Rules(1, frozenset({"clients"}), {}))


def test_the_sales_rules_decide_before_the_class_a_stage_came_with():  # P2
    order = Document("order-1", "orders", 1, "c", "EUR", 1, 1, "f", "s")
    rules = Rules(1, frozenset({"orders"}), {("f", "s"): "in_work"})
    assert not is_sale(order, {("f", "s"): "bought"}, rules)
    assert is_sale(order, {}, Rules(1, frozenset({"orders"}), {("f", "s"): "bought"}))
    assert not is_sale(order, {}, Rules(1, frozenset({"orders"}), {}))


def test_fields_that_are_added_change_nothing():  # versions: add, never alter
    assert fold(message("pipeline.OrderPlaced.v1", discount_card="x")) == fold(message("pipeline.OrderPlaced.v1"))


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("pipeline.OrderPlaced.v2", {"total": 1}),
        ("pipeline.OrderCredited.v1", {"order_id": "1"}),
        ("pipeline.PaymentReceived.v1", {"payment_id": "1", "amount": 3}),
        ("nonsense", {}),
    ],
)
def test_a_fact_about_money_that_is_not_known_stops(type: str, data: dict[str, Any]):
    with pytest.raises(Unknown):
        fold(Message("e", type, "order-1", 1, "2026-01-01T00:00:00Z", 1, 0, "a-log", data, 0))


def test_a_new_fact_about_something_else_stops_nobody():
    assert fold(Message("e", "pipeline.WarehouseOpened.v7", "w-1", 1, "", 1, 0, "a-log", {}, 0)) is None


@pytest.mark.parametrize(
    ("value", "changed"),
    [(b"no json", {}), (b"[]", {}), (None, {}), (b"{}", {"ce_prev": None}), (b"{}", {"ce_position": b"x"}),
     (b"{}", {"ce_id": b"\xff"})],
)  # fmt: skip
def test_a_message_that_is_no_event_is_refused(value: bytes | None, changed: dict[str, bytes | None]):
    event = GOLDEN["pipeline.PaymentReceived.v1"] | {"logid": "a-log", "prev": 0}
    headers = {f"ce_{name}": str(one).encode() for name, one in event.items()} | changed
    with pytest.raises(NotAnEvent):
        read(value, [(name, one) for name, one in headers.items() if one is not None], 0)
