"""What the edge fills into an order's commands: prices, costs, sums, legal moves."""

import pytest

from contracts.ids import command_id
from contracts.pipeline.commands import (
    AddStage,
    AssignOrder,
    ChangeOrderClient,
    ChangeOrderLines,
    ChangeOrderStatus,
    LineSpec,
    OpenDeal,
    PlaceOrder,
    ShipOrder,
)
from contracts.pipeline.events import CostSet, FunnelDefined, PriceSet, RateSet, StageAdded
from contracts.pipeline.order_events import OrderPlaced
from contracts.problem import IllegalMove, Invalid, MissingRate, NotFound, UnknownReference
from services.pipeline.domain.order_moves import LEGAL
from services.pipeline.edge_orders import change_status
from tests.unit.pipeline.support import DAY, NOW, Office
from tests.unit.pipeline.test_edge_deals import refused

TEA = LineSpec(product_id="tea", quantity="2")
MILK = LineSpec(product_id="milk", quantity="3", discount="0.1")


def order(**fields) -> PlaceOrder:
    return PlaceOrder(**{"order_id": "r", "lines": [TEA]} | fields)


async def placed(office: Office, **fields):
    return office.data(await office.do(order(**fields)))[0]


async def test_the_default_order_funnel_is_made_on_first_use(office: Office):  # P15
    made = await placed(office)
    assert (made.funnel_id, made.status) == ("orders", "new")
    first = next(event for event in office.store.log if event.stream == "funnel-orders")
    assert (first.actor, first.origin) == ("system", "system")
    assert first.command_id == command_id("system", "default-order-funnel")
    funnel = office.known.funnels["orders"]
    assert [(i, s.position, s.kind) for i, s in funnel.stages.items()] == [
        ("new", 1, "in_work"),
        ("confirmed", 2, "in_work"),
        ("in_production", 3, "in_work"),
        ("shipped", 4, "bought"),
        ("completed", 5, "bought"),
        ("cancelled", 6, "refused"),
    ]
    await placed(office, order_id="r2", funnel_id="orders", status="confirmed")
    assert sum(event.stream == "funnel-orders" for event in office.store.log) == 7


async def test_a_funnel_made_by_another_process_is_used(office: Office):  # P15
    await placed(office)
    del office.known.funnels["orders"]  # its events have not come here yet
    assert (await placed(office, order_id="r2", status="confirmed")).status == "confirmed"


async def test_prices_costs_and_sums_are_pinned(office: Office):  # P10, P11, S3.34
    made = await placed(office, lines=[TEA, MILK], shipping=500, tax=99, client_id="c1", owner_id="o1")
    tea, milk = made.lines
    assert (tea.line_no, tea.unit_price, tea.total, tea.unit_cost, tea.cost) == (1, "10", 2000, "4", 800)
    # 300 UAH at 50 to a EUR is 6.00 EUR; x 3 less 10 %; 1.2345 USD at 2 is 0.61725, four decimals 0.6173
    assert (milk.line_no, milk.unit_price, milk.total, milk.unit_cost, milk.cost) == (2, "6.00", 1620, "0.6173", 185)
    assert (made.currency, made.rate, made.total, made.base_total) == ("EUR", "1", 3620, 3620)
    assert (made.base_cost, made.base_shipping, made.base_tax) == (985, 500, 99)
    assert office.known.has_money


async def test_a_foreign_order_is_converted_at_the_rate_of_its_day(office: Office):  # P10, P27, DEFINITIONS
    lines = [TEA, MILK.model_copy(update={"unit_price": "1.005"})]
    made = await placed(office, lines=lines, currency="USD", shipping=501)
    tea, milk = made.lines
    assert (tea.unit_price, tea.total, tea.unit_cost, tea.cost) == ("20.00", 4000, "8.0000", 1600)
    assert (milk.unit_price, milk.total, milk.unit_cost, milk.cost) == ("1.005", 271, "1.2345", 370)
    assert (made.rate, made.total, made.base_total, made.base_cost) == ("2", 4271, 2136, 985)
    assert made.base_shipping == 251


async def test_a_price_in_the_order_s_currency_comes_first(office: Office):  # P27
    await office.add("product-tea", PriceSet(product_id="tea", price="19.99", currency="USD", valid_from=0))
    assert (await placed(office, currency="USD")).lines[0].unit_price == "19.99"


async def test_no_cost_is_not_a_cost_of_zero(office: Office):  # DEFINITIONS: profit empty
    idea = LineSpec(product_id="idea", quantity="1", unit_price="5")
    assert (await placed(office, lines=[idea])).base_cost is None
    assert (await placed(office, order_id="r2", lines=[idea, TEA])).base_cost == 800
    assert (await placed(office, order_id="r3", lines=[])).base_cost is None


async def test_the_client_s_discount_is_for_links_alone(office: Office):  # S3.18
    assert (await placed(office, client_id="c1")).lines[0].discount == "0"


async def test_a_product_without_a_price_needs_one(office: Office):  # P27
    await refused(office, order(lines=[LineSpec(product_id="idea", quantity="1")]), Invalid, "lines")


async def test_a_missing_rate_is_no_guess(office: Office):  # P10
    await refused(office, order(at=NOW - DAY, currency="USD"), MissingRate, "currency")
    await refused(office, order(at=NOW - DAY, lines=[MILK]), MissingRate, "currency")


async def test_amounts_too_large_are_refused(office: Office):
    await refused(office, order(lines=[TEA.model_copy(update={"quantity": "900000000000000"})]), Invalid, "lines")
    nearly = TEA.model_copy(update={"quantity": "900000000000"})
    await refused(office, order(lines=[nearly, nearly]), Invalid, "lines")


async def test_money_waits_for_the_base_currency():  # P10
    await refused(Office(), order(lines=[]), Invalid, "currency")


async def test_what_an_order_names_must_exist(office: Office):
    for fields, field in (
        ({"funnel_id": "x"}, "funnel_id"),
        ({"funnel_id": "f"}, "funnel_id"),
        ({"client_id": "x"}, "client_id"),
        ({"owner_id": "x"}, "owner_id"),
        ({"deal_id": "x"}, "deal_id"),
        ({"branch": "Odesa"}, "branch"),
        ({"lines": [LineSpec(product_id="x", quantity="1")]}, "lines"),
    ):
        await refused(office, order(**fields), UnknownReference, field)
    await placed(office)
    await refused(office, order(order_id="r2", status="x"), UnknownReference, "status")


async def test_an_order_from_a_deal_is_of_the_deal_s_client(office: Office):  # P1
    await office.do(OpenDeal(deal_id="d", funnel_id="f", client_id="c1"))
    made = await placed(office, deal_id="d", branch="Kyiv")
    assert (made.deal_id, made.client_id, made.branch) == ("d", "c1", "Kyiv")


async def test_another_order_funnel_begins_with_its_first_status(office: Office):
    await office.add(
        "funnel-g",
        FunnelDefined(funnel_id="g", name="Custom", subject="order"),
        StageAdded(funnel_id="g", stage_id="in", name="In", position=1),
        StageAdded(funnel_id="g", stage_id="out", name="Out", position=2),
    )
    made = await placed(office, funnel_id="g")
    assert (made.funnel_id, made.status) == ("g", "in")
    (moved,) = office.data(await office.do(ChangeOrderStatus(order_id="r", status="out")))
    assert moved.status == "out"
    await office.do(ShipOrder(order_id="r", status="in"))


async def test_lines_change_at_the_rate_of_the_order_s_day(office: Office):  # DEFINITIONS
    await office.add("rate-USD", RateSet(currency="USD", base="EUR", day="2026-05-27", rate="4"))
    await placed(office, currency="USD", at=NOW - DAY)
    await office.add(
        "product-tea",
        PriceSet(product_id="tea", price="11", currency="EUR", valid_from=0),
        CostSet(product_id="tea", cost="5", currency="EUR", valid_from=0),
    )
    milk = MILK.model_copy(update={"unit_price": "1"})
    command = ChangeOrderLines(order_id="r", lines=[TEA.model_copy(update={"quantity": "1"}), milk])
    (changed,) = office.data(await office.do(command))
    tea, milk = changed.lines
    # what was in the order keeps its price and cost (P13); 10 EUR at 4 is 40 USD
    assert (tea.unit_price, tea.total, tea.unit_cost, tea.cost) == ("40.00", 4000, "16.0000", 1600)
    assert (milk.total, milk.unit_cost, milk.cost) == (270, "1.2345", 370)
    assert (changed.rate, changed.total, changed.base_total, changed.base_cost) == ("4", 4270, 1068, 493)


async def test_lines_of_an_order_without_currency_are_not_priced(office: Office):
    await office.add("order-x", OrderPlaced(order_id="x", funnel_id="g", status="in", number=1))
    await refused(office, ChangeOrderLines(order_id="x", lines=[TEA]), Invalid, "currency")
    await refused(office, ChangeOrderLines(order_id="z", lines=[TEA]), NotFound, "order_id")
    await refused(office, ChangeOrderStatus(order_id="x", status="out"), UnknownReference, "status")


@pytest.mark.parametrize("frm", list(LEGAL))
async def test_the_default_funnel_has_legal_moves(office: Office, frm: str):  # P15
    await placed(office, status=frm)
    for to in LEGAL:
        command = await change_status(office.desk, ChangeOrderStatus(order_id="r", status=to), None)
        if to == frm:
            assert command.legal is None
        else:
            assert set(command.legal) == set(LEGAL[frm])
            if to not in LEGAL[frm]:
                await refused(office, ChangeOrderStatus(order_id="r", status=to), IllegalMove, "status")
    for to in LEGAL[frm][:1]:
        assert office.data(await office.do(ChangeOrderStatus(order_id="r", status=to)))[0].status == to


async def test_a_status_added_by_hand_is_free(office: Office):  # P15, P7
    await placed(office)
    await office.do(AddStage(funnel_id="orders", stage_id="packed", name="Packed", position=4))
    await office.do(ChangeOrderStatus(order_id="r", status="packed"))
    assert office.data(await office.do(ChangeOrderStatus(order_id="r", status="shipped")))[0].status == "shipped"
    await refused(office, ChangeOrderStatus(order_id="r", status="x"), UnknownReference, "status")
    await refused(office, ChangeOrderStatus(order_id="z", status="new"), NotFound, "order_id")


async def test_an_order_is_shipped_from_a_branch_by_a_manager(office: Office):  # S4.3, S4.4
    await placed(office, status="confirmed", shipping=300)
    await refused(office, ShipOrder(order_id="r", branch="Odesa"), UnknownReference, "branch")
    await refused(office, ShipOrder(order_id="r", manager_id="x"), UnknownReference, "manager_id")
    await refused(office, ShipOrder(order_id="r", status="completed"), IllegalMove, "status")
    await refused(office, ShipOrder(order_id="r", status="x"), UnknownReference, "status")
    await refused(office, ShipOrder(order_id="z"), NotFound, "order_id")
    command = ShipOrder(order_id="r", branch="Lviv", manager_id="o2", status="shipped")
    shipped, moved = office.data(await office.do(command))
    assert (shipped.branch, shipped.manager_id, shipped.base_total, shipped.base_cost) == ("Lviv", "o2", 2000, 800)
    assert (shipped.base_shipping, shipped.status, moved.status) == (300, "confirmed", "shipped")


async def test_a_cancelled_order_is_not_shipped(office: Office):  # P15
    await placed(office, status="cancelled")
    await refused(office, ShipOrder(order_id="r"), IllegalMove, "order_id")


async def test_without_branches_any_is_taken(office: Office):
    office.known.branches = []
    await placed(office)
    assert office.data(await office.do(ShipOrder(order_id="r", branch="Odesa", status="new")))[0].branch == "Odesa"


async def test_owner_and_client_must_exist(office: Office):
    await placed(office)
    assert office.data(await office.do(AssignOrder(order_id="r", owner_id="o1")))[0].owner_id == "o1"
    await refused(office, AssignOrder(order_id="r", owner_id="x"), UnknownReference, "owner_id")
    assert office.data(await office.do(ChangeOrderClient(order_id="r", client_id="c1")))[1].client_id == "c1"
    assert office.data(await office.do(ChangeOrderClient(order_id="r", client_id=None)))[1].client_id is None
    await refused(office, ChangeOrderClient(order_id="r", client_id="x"), UnknownReference, "client_id")
