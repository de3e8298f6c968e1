"""Orders: placed, moved, shipped, handed over."""

from itertools import pairwise

import pytest

from contracts.pipeline.commands import (
    AssignOrder,
    ChangeOrderClient,
    ChangeOrderLines,
    ChangeOrderStatus,
    OrderCommand,
    PlaceOrder,
    ShipOrder,
)
from contracts.pipeline.facts import OrderLine, Shipment, Visit
from contracts.pipeline.order_events import (
    OrderAssigned,
    OrderJoinedClient,
    OrderLeftClient,
    OrderLinesChanged,
    OrderPlaced,
    OrderShipped,
    OrderStatusChanged,
)
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.testing import given
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.order_moves import LEGAL, STATUSES, may_follow
from services.pipeline.domain.order_state import New

LINE = OrderLine(line_no=1, product_id="p", quantity="2", unit_price="5.00", total=1000, unit_cost="3", cost=600)
FACTS = {
    "order_id": "r",
    "client_id": "c1",
    "contact_ids": ["k1"],
    "owner_id": "o1",
    "deal_id": "d",
    "funnel_id": "orders",
    "status": "new",
    "currency": "USD",
    "rate": "2",
    "total": 1000,
    "base_total": 500,
    "base_cost": 300,
    "base_shipping": 50,
    "base_tax": 10,
}
REST = {"number": 3, "required_at": 999, "country": "UA", "branch": "Kyiv", "external_id": "N-1"}
PLACED = OrderPlaced(**FACTS, **REST, lines=[LINE], occurred_at=100)
SHIPPED = OrderShipped(**FACTS, lines=[LINE], branch="Lviv", manager_id="m", ordered_at=100, occurred_at=200)


def facts(**changed) -> dict:
    return FACTS | changed


def moved(to: str, since: int, *, frm: str = "new", at: int = 0) -> OrderStatusChanged:
    return OrderStatusChanged(**facts(status=to), from_status=frm, from_entered_at=since, occurred_at=at)


def test_an_order_is_placed_with_what_the_edge_pinned():  # P10, P11
    given(ORDER).when(PlaceOrder(**FACTS, **REST, priced=[LINE])).then(PLACED)


def test_an_order_is_placed_once():
    given(ORDER, PLACED).when(PlaceOrder(**FACTS, **REST)).then_refused(AlreadyExists, field="order_id")


@pytest.mark.parametrize("field", ["funnel_id", "status"])
def test_an_order_begins_in_a_status_of_a_funnel(field: str):
    given(ORDER).when(PlaceOrder(**facts(**{field: None}))).then_refused(Invalid, field=field)


@pytest.mark.parametrize(
    "command",
    [
        ChangeOrderLines(order_id="r", lines=[]),
        ChangeOrderStatus(order_id="r", status="confirmed"),
        AssignOrder(order_id="r", owner_id=None),
        ShipOrder(order_id="r"),
        ChangeOrderClient(order_id="r", client_id=None),
    ],
)
def test_an_order_that_is_not_there_takes_nothing(command: OrderCommand):
    given(ORDER).when(command).then_refused(NotFound)


def test_a_status_changes():  # P15, S3.35
    case = given(ORDER, PLACED).when(ChangeOrderStatus(order_id="r", status="confirmed", legal=["confirmed"]), at=300)
    case.then(moved("confirmed", 100))
    assert case.then_state().visits == (
        Visit(stage_id="new", entered_at=100, left_at=300),
        Visit(stage_id="confirmed", entered_at=300),
    )


def test_the_same_status_is_no_event():
    given(ORDER, PLACED).when(ChangeOrderStatus(order_id="r", status="new", legal=[])).then_nothing()


def test_a_move_that_is_not_legal_is_refused():  # P15
    given(ORDER, PLACED).when(
        ChangeOrderStatus(order_id="r", status="completed", legal=["confirmed", "cancelled"])
    ).then_refused(IllegalMove, field="status")


def test_a_move_that_was_legal_when_the_edge_looked_is_refused_if_it_is_no_more():  # P15
    given(ORDER, PLACED, moved("shipped", 100, at=200)).when(
        ChangeOrderStatus(order_id="r", status="confirmed", legal=["confirmed", "cancelled"])
    ).then_refused(IllegalMove, field="status")


def test_without_rules_any_status_may_follow():  # DESIGN 9: imported funnels
    given(ORDER, PLACED).when(ChangeOrderStatus(order_id="r", status="completed")).then(moved("completed", 100))


def test_the_usual_way_of_an_order():  # S3.35: confirm, produce, ship
    assert [stage.stage_id for stage in STATUSES] == list(LEGAL)
    way = ["new", "confirmed", "in_production", "shipped", "completed"]
    assert all(may_follow("orders", to, frm) for frm, to in pairwise(way))
    legal = {frm: [to for to in LEGAL if may_follow("orders", to, frm)] for frm in LEGAL}
    assert legal == {
        "new": ["confirmed", "cancelled"],
        "confirmed": ["in_production", "shipped", "cancelled"],
        "in_production": ["shipped", "cancelled"],
        "shipped": ["completed"],
        "completed": [],
        "cancelled": ["new"],
    }
    assert may_follow("other", "completed", "new")
    assert may_follow("orders", "packed", "new")
    assert may_follow("orders", "new", "packed")


def test_lines_change_until_the_order_is_shipped():
    line = LINE.model_copy(update={"quantity": "1", "total": 500, "cost": 300})
    sums = {"rate": "2", "total": 500, "base_total": 250, "base_cost": None}
    command = ChangeOrderLines(order_id="r", lines=[], priced=[line], **sums)
    case = given(ORDER, PLACED).when(command)
    case.then(OrderLinesChanged(**facts(**sums), lines=[line]))
    state = case.then_state()
    assert (state.lines, state.total, state.base_total, state.base_cost) == ((line,), 500, 250, None)
    given(ORDER, PLACED, SHIPPED).when(command).then_refused(IllegalMove, field="lines")


def test_the_same_lines_are_no_event():
    given(ORDER, PLACED).when(ChangeOrderLines(order_id="r", lines=[], priced=[LINE])).then_nothing()


def test_an_order_gets_another_owner():  # S4.4
    case = given(ORDER, PLACED).when(AssignOrder(order_id="r", owner_id="o2"))
    case.then(OrderAssigned(**facts(owner_id="o2"), from_owner="o1"))
    assert case.then_state().owner_id == "o2"
    given(ORDER, PLACED).when(AssignOrder(order_id="r", owner_id="o1")).then_nothing()


def test_shipping_does_not_change_the_status():  # DEFINITIONS, S4.3
    case = given(ORDER, PLACED).when(ShipOrder(order_id="r", branch="Lviv", manager_id="m"), at=200)
    case.then(SHIPPED)
    assert case.then_state().status == "new"
    assert case.then_state().shipment == Shipment(
        shipped_at=200, branch="Lviv", manager_id="m", goods=500, cost=300, shipping=50
    )


def test_an_order_is_shipped_from_its_branch_unless_another_is_named():  # S4.3
    case = given(ORDER, PLACED).when(ShipOrder(order_id="r"))
    assert case.then_state().shipment.branch == "Kyiv"


def test_shipping_may_also_move_the_order():
    case = given(ORDER, PLACED).when(ShipOrder(order_id="r", branch="Lviv", manager_id="m", status="shipped"), at=200)
    case.then(SHIPPED, moved("shipped", 100))
    given(ORDER, PLACED).when(ShipOrder(order_id="r", branch="Lviv", manager_id="m", status="new")).then(SHIPPED)


def test_an_order_is_shipped_once():
    given(ORDER, PLACED, SHIPPED).when(ShipOrder(order_id="r")).then_refused(IllegalMove)


def test_another_client_gets_the_whole_fact():  # DESIGN 4
    history = (PLACED, moved("confirmed", 100, at=150), SHIPPED)
    case = given(ORDER, *history).when(ChangeOrderClient(order_id="r", client_id="c2"))
    case.then(
        OrderLeftClient(order_id="r", client_id="c1", to_client="c2"),
        OrderJoinedClient(
            **facts(client_id="c2", status="confirmed"),
            **REST,
            lines=[LINE],
            from_client="c1",
            ordered_at=100,
            visits=[
                Visit(stage_id="new", entered_at=100, left_at=150),
                Visit(stage_id="confirmed", entered_at=150),
            ],
            shipment=Shipment(shipped_at=200, branch="Lviv", manager_id="m", goods=500, cost=300, shipping=50),
        ),
    )
    assert [event.key() for event in case.events] == ["c1", "c2"]
    assert case.then_state().client_id == "c2"


def test_the_same_client_is_no_event():
    given(ORDER, PLACED).when(ChangeOrderClient(order_id="r", client_id="c1")).then_nothing()


def test_events_before_the_order_change_nothing():
    assert ORDER.fold([SHIPPED]) == New()
