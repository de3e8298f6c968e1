"""What the edge fills into payments and rates."""

from contracts.clients.events import ClientErased
from contracts.pipeline.commands import ChangePaymentClient, LineSpec, PlaceOrder, ReceivePayment, SetRate
from contracts.problem import Invalid, MissingRate, UnknownReference
from tests.unit.pipeline.support import TODAY, Office
from tests.unit.pipeline.test_edge_deals import refused


def payment(**fields) -> ReceivePayment:
    return ReceivePayment(**{"payment_id": "y", "amount": 1001, "currency": "USD"} | fields)


async def order(office: Office, **fields) -> None:
    await office.do(PlaceOrder(**{"order_id": "r", "lines": [LineSpec(product_id="tea", quantity="1")]} | fields))


async def test_a_payment_is_of_the_order_s_client_and_owner(office: Office):  # DEFINITIONS, S4.4
    await order(office, client_id="c1", owner_id="o1")
    (received,) = office.data(await office.do(payment(order_id="r", branch="Kyiv")))
    assert (received.client_id, received.owner_id, received.branch) == ("c1", "o1", "Kyiv")
    assert (received.amount, received.rate, received.base_amount) == (1001, "2", 501)
    assert office.known.has_money


async def test_else_it_is_of_the_client_s_owner(office: Office):  # DEFINITIONS
    assert office.data(await office.do(payment(client_id="c1")))[0].owner_id == "o2"
    await order(office, client_id="c1")
    assert office.data(await office.do(payment(payment_id="y2", order_id="r")))[0].owner_id == "o2"


async def test_a_payment_of_nobody_has_no_owner(office: Office):
    (received,) = office.data(await office.do(payment(currency="EUR")))
    assert (received.client_id, received.owner_id, received.rate, received.base_amount) == (None, None, "1", 1001)


async def test_what_a_payment_names_must_exist(office: Office):
    await refused(office, payment(order_id="x"), UnknownReference, "order_id")
    await refused(office, payment(client_id="x"), UnknownReference, "client_id")
    await refused(office, payment(branch="Odesa"), UnknownReference, "branch")
    await refused(office, payment(currency="PLN"), MissingRate, "currency")
    await refused(Office(), payment(), Invalid, "currency")


async def test_a_payment_gets_another_client(office: Office):
    await office.do(payment())
    assert office.data(await office.do(ChangePaymentClient(payment_id="y", client_id="c1")))[1].client_id == "c1"
    assert office.data(await office.do(ChangePaymentClient(payment_id="y", client_id=None)))[1].client_id is None
    await office.add("client-c1", ClientErased(client_id="c1"))
    await refused(office, ChangePaymentClient(payment_id="y", client_id="c1"), UnknownReference, "client_id")


async def test_a_rate_is_set_to_the_base_currency(office: Office):  # P10
    (rate,) = office.data(await office.do(SetRate(currency="PLN", day=TODAY, rate="4.2")))
    assert (rate.currency, rate.base, rate.day, rate.rate) == ("PLN", "EUR", TODAY, "4.2")
    assert office.data(await office.do(payment(currency="PLN", amount=420)))[0].base_amount == 100
    await refused(office, SetRate(currency="EUR", day=TODAY, rate="1"), Invalid, "currency")
    await refused(Office(), SetRate(currency="PLN", day=TODAY, rate="1"), Invalid, "currency")
