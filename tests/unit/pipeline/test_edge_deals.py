"""What the edge fills into a deal's commands."""

import pytest

from contracts.clients.events import (
    ClientAssigned,
    ClientErased,
    ClientRegistered,
    ClientTemperatureChanged,
    ClientTermsChanged,
)
from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealLines,
    ChangeDealValue,
    MoveDeal,
    OpenDeal,
)
from contracts.pipeline.events import CostSet, FunnelDefined, RateSet, StageAdded
from contracts.pipeline.facts import DealLine
from contracts.problem import Invalid, MissingRate, NotFound, Refusal, UnknownReference
from services.pipeline.client_facts import ClientFacts, client_facts
from tests.unit.pipeline.support import DAY, NOW, Office


def deal(**fields) -> OpenDeal:
    return OpenDeal(**{"deal_id": "d", "funnel_id": "f"} | fields)


async def refused(office: Office, command, kind: type[Refusal], field: str | None = None) -> None:
    before = len(office.store.log)
    with pytest.raises(kind) as caught:
        await office.do(command)
    assert caught.value.field == field
    assert len(office.store.log) == before


async def test_a_deal_begins_in_the_first_stage_in_the_base_currency(office: Office):  # P7, P10
    (opened,) = office.data(await office.do(deal(client_id="c1", owner_id="o1", value=1234)))
    assert (opened.stage_id, opened.currency, opened.rate, opened.base_value) == ("a", "EUR", "1", 1234)
    assert office.known.has_money


async def test_a_foreign_value_is_converted_at_the_rate_of_the_day(office: Office):  # P10
    (opened,) = office.data(await office.do(deal(stage_id="b", value=1235, currency="USD")))
    assert (opened.stage_id, opened.value, opened.currency, opened.rate) == ("b", 1235, "USD", "2")
    assert opened.base_value == 618  # 617.5 half-up


async def test_the_rate_is_that_of_the_time_typed(office: Office):  # P10
    await refused(office, deal(value=5, currency="USD", at=NOW - DAY), MissingRate, "currency")


async def test_without_an_amount_no_rate_is_asked_for(office: Office):
    (opened,) = office.data(await office.do(deal(currency="PLN")))
    assert (opened.currency, opened.rate, opened.base_value) == ("PLN", "1", 0)
    assert not office.known.has_money


async def test_costs_of_lines_are_pinned_in_the_base_currency(office: Office):  # P11
    lines = [
        DealLine(product_id="tea", quantity="2.5", total=2500, cost=1),
        DealLine(product_id="milk", quantity="3", total=900),
        DealLine(product_id="idea", total=100, unit_cost="7", cost=7),
    ]
    (opened,) = office.data(await office.do(deal(lines=lines)))
    assert [(line.unit_cost, line.cost) for line in opened.lines] == [("4", 1000), ("0.6173", 185), (None, None)]


async def test_what_a_deal_names_must_exist(office: Office):
    await office.add("funnel-g", FunnelDefined(funnel_id="g", name="Orders", subject="order"))
    await office.add("funnel-h", FunnelDefined(funnel_id="h", name="Empty", subject="deal"))
    for fields, field in (
        ({"funnel_id": "x"}, "funnel_id"),
        ({"funnel_id": "g"}, "funnel_id"),
        ({"funnel_id": "h"}, "stage_id"),
        ({"stage_id": "x"}, "stage_id"),
        ({"stage_id": "old"}, "stage_id"),
        ({"client_id": "x"}, "client_id"),
        ({"owner_id": "x"}, "owner_id"),
        ({"lines": [DealLine(product_id="x")]}, "lines"),
    ):
        await refused(office, deal(**fields), UnknownReference, field)


async def test_an_erased_client_gets_no_deal(office: Office):  # X10
    await office.add("client-c1", ClientErased(client_id="c1"))
    await refused(office, deal(client_id="c1"), UnknownReference, "client_id")


async def test_money_waits_for_the_base_currency():  # P10
    office = Office()
    await office.add(
        "funnel-f",
        FunnelDefined(funnel_id="f", name="Sales", subject="deal"),
        StageAdded(funnel_id="f", stage_id="a", name="A", position=1),
    )
    await refused(office, deal(value=1, currency="EUR"), Invalid, "currency")
    (opened,) = office.data(await office.do(deal()))
    assert opened.currency is None
    await refused(office, ChangeDealValue(deal_id="d", value=5, currency="EUR"), Invalid, "currency")


async def test_a_deal_moves_within_its_funnel(office: Office):  # P6
    await office.do(deal(value=1000))
    (moved,) = office.data(await office.do(MoveDeal(deal_id="d", stage_id="b")))
    assert (moved.stage_id, moved.value, moved.base_value) == ("b", 1000, 1000)
    valued, moved = office.data(await office.do(MoveDeal(deal_id="d", stage_id="a", value=300, currency="USD")))
    assert (valued.stage_id, moved.stage_id) == ("b", "a")
    assert {(e.value, e.currency, e.rate, e.base_value) for e in (valued, moved)} == {(300, "USD", "2", 150)}
    await refused(office, MoveDeal(deal_id="d", stage_id="old"), UnknownReference, "stage_id")
    await refused(office, MoveDeal(deal_id="d", stage_id="x"), UnknownReference, "stage_id")
    await refused(office, MoveDeal(deal_id="z", stage_id="a"), NotFound, "deal_id")


async def test_a_deal_in_an_archived_stage_may_stay_there(office: Office):  # P7
    await office.do(deal(stage_id="b"))
    office.known.funnels["f"].stages["b"].archived = True
    assert (await office.do(MoveDeal(deal_id="d", stage_id="b"))).events == []
    del office.known.funnels["f"]
    await refused(office, MoveDeal(deal_id="d", stage_id="a"), UnknownReference, "stage_id")


async def test_a_value_changes_in_the_deal_s_currency(office: Office):  # P6
    await office.do(deal(value=1000, currency="USD"))
    (valued,) = office.data(await office.do(ChangeDealValue(deal_id="d", value=500)))
    assert (valued.currency, valued.rate, valued.base_value) == ("USD", "2", 250)
    assert (await office.do(ChangeDealValue(deal_id="d", value=500, currency="USD"))).events == []
    (valued,) = office.data(await office.do(ChangeDealValue(deal_id="d", value=0)))
    assert (valued.value, valued.currency, valued.base_value) == (0, "USD", 0)
    await refused(office, ChangeDealValue(deal_id="z", value=1), NotFound, "deal_id")


async def test_the_same_value_needs_no_rate_of_today(office: Office):  # P10
    await office.add("rate-PLN", RateSet(currency="PLN", base="EUR", day="2026-05-27", rate="4"))
    await office.do(deal(value=1000, currency="PLN", at=NOW - DAY))
    assert (await office.do(ChangeDealValue(deal_id="d", value=1000))).events == []
    await refused(office, ChangeDealValue(deal_id="d", value=1001), MissingRate, "currency")


async def test_an_amount_that_no_store_can_hold_is_refused(office: Office):
    await office.add("rate-BTN", RateSet(currency="BTN", base="EUR", day="2026-05-28", rate="0.001"))
    await refused(office, deal(value=10**15, currency="BTN"), Invalid, "value")
    await refused(office, deal(lines=[DealLine(product_id="tea", quantity="900000000000000")]), Invalid, "lines")


async def test_a_product_that_stays_keeps_its_cost(office: Office):  # P11
    await office.do(deal(lines=[DealLine(product_id="tea")]))
    await office.add("product-tea", CostSet(product_id="tea", cost="5", currency="EUR", valid_from=0))
    lines = [DealLine(product_id="tea", quantity="3", total=1), DealLine(product_id="milk", total=2)]
    (changed,) = office.data(await office.do(ChangeDealLines(deal_id="d", lines=lines)))
    assert [(line.unit_cost, line.cost) for line in changed.lines] == [("4", 1200), ("0.6173", 62)]
    await refused(office, ChangeDealLines(deal_id="z", lines=[]), NotFound, "deal_id")


async def test_owner_and_client_must_exist(office: Office):
    await office.do(deal())
    assert office.data(await office.do(AssignDeal(deal_id="d", owner_id="o1")))[0].owner_id == "o1"
    assert office.data(await office.do(AssignDeal(deal_id="d", owner_id=None)))[0].owner_id is None
    await refused(office, AssignDeal(deal_id="d", owner_id="x"), UnknownReference, "owner_id")
    left, joined = office.data(await office.do(ChangeDealClient(deal_id="d", client_id="c1")))
    assert (left.to_client, joined.client_id) == ("c1", "c1")
    assert len((await office.do(ChangeDealClient(deal_id="d", client_id=None))).events) == 2
    await refused(office, ChangeDealClient(deal_id="d", client_id="x"), UnknownReference, "client_id")


async def test_what_is_read_of_a_client(office: Office):
    await office.add(
        "client-c9",
        ClientRegistered(client_id="c9", kind="person", name="Ann", number=9, discount="3", currency="USD"),
        ClientTermsChanged(client_id="c9", discount="5", currency="UAH"),
        ClientTemperatureChanged(client_id="c9", to_temperature="hot"),
        ClientAssigned(client_id="c9", to_owner="o1"),
    )
    assert await client_facts(office.desk, "c9") == ClientFacts("o1", "5", "UAH", erased=False)
    assert await client_facts(office.desk, "x") is None
