"""Deals, orders and payments as documents; lanes; erasure."""

import random

import pytest

from contracts.clients.events import ClientErased
from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealTouched,
    DealValueChanged,
)
from contracts.pipeline.facts import DealLine, OrderLine, Shipment, Visit
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    PaymentJoinedClient,
    PaymentLeftClient,
    PaymentReceived,
)
from services.pipeline.projections import deals, orders, payments
from services.pipeline.projections.erased import SLICE, ErasedClient
from services.pipeline.projections.groups import PIPELINE
from tests.support.memory import MemoryContext, fold, recorded
from tests.unit.pipeline import test_deal as d
from tests.unit.pipeline import test_order as o
from tests.unit.pipeline import test_payment as p

DEAL = deals.Deal(
    deal_id="d",
    number=7,
    client_id="c1",
    contact_ids=("k1",),
    owner_id="o1",
    funnel_id="f",
    stage_id="a",
    title="Big one",
    value=1000,
    currency="USD",
    rate="2",
    base_value=500,
    lines=(deals.Line("p", "2", None, None, None),),
    country="UA",
    external_id="X-1",
    personal=1,
    opened_at=100,
    opened_imputed=False,
    entered_at=100,
    changed_at=100,
    touched_at=None,
    version=1,
)


def changed(document, **fields):
    return type(document)(**{name: getattr(document, name) for name in document.__struct_fields__} | fields)


def test_an_opened_deal():  # P21
    assert fold(PIPELINE, d.OPENED).get("deals", "d") == DEAL
    assert deals.words(DEAL) == "#7 Big one X-1"
    assert deals.words(changed(DEAL, title="", external_id=None)) == "#7"


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (d.moved("b", 100), {"stage_id": "b", "entered_at": 300}),
        (
            DealValueChanged(**d.facts(value=1, currency="EUR", rate="1", base_value=3)),
            {"value": 1, "currency": "EUR", "rate": "1", "base_value": 3},
        ),
        (
            DealLinesChanged(**d.FACTS, lines=[DealLine(product_id="q", total=5, unit_cost="1", cost=2)]),
            {"lines": (deals.Line("q", "1", 5, "1", 2),)},
        ),
        (DealContactsChanged(**d.facts(contact_ids=[])), {"contact_ids": ()}),
        (DealAssigned(**d.facts(owner_id=None)), {"owner_id": None}),
        (DealTouched(deal_id="d", client_id="c1", funnel_id="f", stage_id="a"), {"touched_at": 300}),
    ],
)
def test_a_change_of_a_deal(event, fields):
    folded = fold(PIPELINE, d.OPENED, event.model_copy(update={"occurred_at": 300}))
    assert folded.get("deals", "d") == changed(DEAL, **fields, changed_at=300, version=2)


ORDER = orders.Order(
    order_id="r",
    number=3,
    client_id="c1",
    contact_ids=("k1",),
    owner_id="o1",
    deal_id="d",
    funnel_id="orders",
    status="new",
    currency="USD",
    rate="2",
    total=1000,
    base_total=500,
    base_cost=300,
    base_shipping=50,
    base_tax=10,
    lines=(orders.Line(1, "p", "2", "5.00", "0", 1000, "3", 600),),
    required_at=999,
    country="UA",
    branch="Kyiv",
    external_id="N-1",
    personal=1,
    ordered_at=100,
    ordered_imputed=False,
    entered_at=100,
    changed_at=100,
    shipped_at=None,
    shipment=None,
    version=1,
)


def test_a_placed_order():  # S3.34
    assert fold(PIPELINE, o.PLACED).get("orders", "r") == ORDER
    assert orders.words(ORDER) == "#3 N-1"


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            OrderLinesChanged(**o.facts(rate="3", total=5, base_total=2, base_cost=None), lines=[]),
            {"lines": (), "rate": "3", "total": 5, "base_total": 2, "base_cost": None},
        ),
        (o.moved("confirmed", 100), {"status": "confirmed", "entered_at": 300}),
        (OrderAssigned(**o.facts(owner_id="o2")), {"owner_id": "o2"}),
        (o.SHIPPED, {"shipped_at": 300, "shipment": orders.Shipment(300, "Lviv", "m", 500, 300, 50)}),
    ],
)
def test_a_change_of_an_order(event, fields):  # P15
    folded = fold(PIPELINE, o.PLACED, event.model_copy(update={"occurred_at": 300}))
    assert folded.get("orders", "r") == changed(ORDER, **fields, changed_at=300, version=2)


PAYMENT = payments.Payment(
    payment_id="y",
    client_id="c1",
    order_id="r",
    owner_id="o",
    amount=1000,
    currency="USD",
    rate="2",
    base_amount=500,
    branch="Kyiv",
    external_id="P-1",
    reason="",
    personal=1,
    paid_at=100,
    reversed_at=None,
    changed_at=100,
    version=1,
)


def test_a_payment_received_and_reversed():  # P11
    assert fold(PIPELINE, p.RECEIVED).get("payments", "y") == PAYMENT
    reversed_ = changed(PAYMENT, reversed_at=200, reason="mistake", changed_at=200, version=2)
    assert fold(PIPELINE, p.RECEIVED, p.REVERSED).get("payments", "y") == reversed_
    assert payments.words(PAYMENT) == "P-1"
    assert payments.words(changed(PAYMENT, external_id=None)) == ""


HANDED_OVER = {
    "deals": (
        d.OPENED,
        DealLeftClient(deal_id="d", client_id="c1", to_client="c2", occurred_at=400),
        DealJoinedClient(
            **d.facts(client_id="c2", stage_id="b"),
            **d.REST,
            opened_at=100,
            touched_at=150,
            visits=[Visit(stage_id="a", entered_at=100, left_at=250), Visit(stage_id="b", entered_at=250)],
            occurred_at=400,
        ),
        changed(DEAL, client_id="c2", stage_id="b", entered_at=250, touched_at=150, changed_at=400, version=3),
    ),
    "orders": (
        o.PLACED,
        OrderLeftClient(order_id="r", client_id="c1", to_client="c2", occurred_at=400),
        OrderJoinedClient(
            **o.facts(client_id="c2", status="confirmed"),
            **o.REST,
            lines=[o.LINE],
            ordered_at=100,
            visits=[Visit(stage_id="new", entered_at=100, left_at=150), Visit(stage_id="confirmed", entered_at=150)],
            shipment=Shipment(shipped_at=200, branch="Lviv", manager_id="m", goods=500, cost=300, shipping=50),
            occurred_at=400,
        ),
        changed(
            ORDER,
            client_id="c2",
            status="confirmed",
            entered_at=150,
            shipped_at=200,
            shipment=orders.Shipment(200, "Lviv", "m", 500, 300, 50),
            changed_at=400,
            version=3,
        ),
    ),
    "payments": (
        p.RECEIVED,
        PaymentLeftClient(payment_id="y", client_id="c1", to_client="c2", occurred_at=400),
        PaymentJoinedClient(
            **p.FACTS | {"client_id": "c2"}, external_id="P-1", paid_at=100, reversed_at=300, occurred_at=400
        ),
        changed(PAYMENT, client_id="c2", reversed_at=300, changed_at=400, version=3),
    ),
}


@pytest.mark.parametrize("collection", list(HANDED_OVER))
def test_a_fact_handed_over_is_in_the_lane_of_its_new_client_alone(collection):  # DESIGN 4, 5
    first, left, joined, expected = HANDED_OVER[collection]
    id_ = getattr(expected, expected.__struct_fields__[0])
    log = [recorded(event, version=n, position=n) for n, event in enumerate((first, left, joined), start=1)]
    assert fold(PIPELINE, *log).documents[collection] == {id_: expected}
    assert fold(PIPELINE, *log[:2]).documents[collection] == {}
    assert fold(PIPELINE, log[2], lane=1).documents[collection] == {id_: expected}
    # the leaving comes after the joining, or into a lane that never had the fact: nothing is lost
    assert fold(PIPELINE, log[0], log[2], log[1]).documents[collection] == {id_: expected}
    assert fold(PIPELINE, log[1]).documents[collection] == {}


def test_an_order_handed_over_before_it_was_shipped():
    joined = HANDED_OVER["orders"][2].model_copy(update={"shipment": None})
    document = fold(PIPELINE, joined).get("orders", "r")
    assert (document.shipment, document.shipped_at) == (None, None)


@pytest.mark.parametrize("event", [d.moved("b", 100), o.SHIPPED, p.REVERSED])
def test_a_change_of_what_is_not_there_stops_the_lane(event):  # DESIGN 5
    with pytest.raises(LookupError, match="was not folded"):
        fold(PIPELINE, event)


def erased(client_id: str, **fields) -> ClientErased:
    return ClientErased(client_id=client_id, occurred_at=900, **fields)


BLANK = {
    "deals": {"d": changed(DEAL, title="", external_id=None, personal=0)},
    "orders": {"r": changed(ORDER, external_id=None, personal=0)},
    "payments": {
        "y": changed(PAYMENT, external_id=None, personal=0, reversed_at=200, reason="", changed_at=200, version=2)
    },
}


@pytest.mark.parametrize("key_destroyed", [False, True])
@pytest.mark.parametrize("place", range(5))
def test_an_erased_client_leaves_no_words_wherever_the_erasure_is_told(key_destroyed, place):  # X10, DESIGN 5, 8
    log = [recorded(event, erased=key_destroyed) for event in (d.OPENED, o.PLACED, p.RECEIVED)]
    log.append(recorded(p.REVERSED, version=2, erased=key_destroyed))
    log.insert(place, recorded(erased("c1")))
    context = fold(PIPELINE, *log)
    assert {name: context.documents[name] for name in BLANK} == BLANK
    assert context.get("erased", "c1") == ErasedClient("c1", 900, 0)
    assert not context.projection.work(context)


def test_others_keep_their_words():
    other = DealOpened(**d.facts(deal_id="d2", client_id="c2"), number=2, title="Mine")
    alone = DealOpened(**d.facts(deal_id="d3", client_id=None), number=3, title="Nobody's")
    context = fold(PIPELINE, other, alone, erased("c1"), d.OPENED)
    assert [deal.title for deal in context.documents["deals"].values()] == ["Mine", "Nobody's", ""]


def test_a_large_client_is_blanked_slice_by_slice():  # DESIGN 6: no fold writes more than 500 documents
    context = MemoryContext(PIPELINE)
    for n in range(SLICE):
        context.take(DealOpened(**d.facts(deal_id=f"d{n}"), number=n, title="T"))
        context.take(OrderPlaced(**o.facts(order_id=f"r{n}"), number=n, external_id="E"))
        context.take(PaymentReceived(**p.FACTS | {"payment_id": f"y{n}"}, external_id="E"))
    context.take(erased("c1"))
    assert len(context.written) == SLICE + 1
    assert context.get("erased", "c1").pending == 1
    left = sum(doc.personal for name in BLANK for doc in context.documents[name].values())
    assert left == 2 * SLICE
    assert context.work() == 4
    assert not any(doc.personal for name in BLANK for doc in context.documents[name].values())
    assert context.get("erased", "c1").pending == 0


def test_what_comes_before_or_after_the_work_is_blank_too():
    context = MemoryContext(PIPELINE)
    events = [DealOpened(**d.facts(deal_id=f"d{n}"), number=n, title="T") for n in range(SLICE + 10)]
    for event in events[:-5]:
        context.take(event)
    context.take(erased("c1"))
    for event in events[-5:]:
        context.take(event)
    context.work()
    assert not any(deal.title for deal in context.documents["deals"].values())


def test_topics_in_any_order_give_the_same():  # DESIGN 5
    pipeline = [
        d.OPENED,
        o.PLACED,
        p.RECEIVED,
        p.REVERSED,
        d.moved("b", 100, at=500),
        o.moved("confirmed", 100, at=600),
    ]
    counts: dict[str, int] = {}
    log = []
    for position, event in enumerate(pipeline, start=1):
        stream = event.type.split(".")[1][:4]
        counts[stream] = counts.get(stream, 0) + 1
        log.append(recorded(event, version=counts[stream], position=position))
    chance = random.Random(1)
    expected = None
    for _ in range(20):
        place = chance.randint(0, len(log))
        context = fold(PIPELINE, *log[:place], recorded(erased("c1")), *log[place:])
        expected = expected or context.documents
        assert context.documents == expected


def test_indexes_name_declared_columns():
    for collection in PIPELINE.collections:
        assert {column for index in collection.indexes for column in index} <= set(collection.columns)
        assert set(collection.columns) <= set(collection.model.__struct_fields__)


def test_every_event_and_every_field_of_a_line_is_folded():
    assert len(PIPELINE.folds) == 9 + 7 + 4 + 1
    assert OrderLine.model_fields.keys() == set(orders.Line.__struct_fields__)
    assert DealLine.model_fields.keys() == set(deals.Line.__struct_fields__)
    assert Shipment.model_fields.keys() == set(orders.Shipment.__struct_fields__)


class Watched(MemoryContext):
    """Notes which documents a fold asks for."""

    def take(self, event) -> None:
        self.asked: set[tuple[str, str]] = set()
        super().take(event)

    def get(self, collection: str, id: str):
        self.asked.add((collection, id))
        return super().get(collection, id)


def test_folds_name_the_documents_they_ask_for():  # so that a batch loads them at once
    for first, left, joined, _ in HANDED_OVER.values():
        for events in ((first, left), (joined,), (first, *CHANGES[type(first)])):
            context = Watched(PIPELINE)
            for event in events:
                context.take(event)
                assert context.asked <= set(PIPELINE.keys[event.type](event, None))


CHANGES = {
    DealOpened: (d.moved("b", 100), DealTouched(deal_id="d", client_id="c1", funnel_id="f", stage_id="b")),
    OrderPlaced: (o.moved("confirmed", 100), o.SHIPPED),
    PaymentReceived: (p.REVERSED,),
}
