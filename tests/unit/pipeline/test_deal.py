"""Deals: opened, moved, valued, handed over."""

import pytest

from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealContacts,
    ChangeDealLines,
    ChangeDealValue,
    DealCommand,
    MoveDeal,
    OpenDeal,
    TouchDeal,
)
from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
)
from contracts.pipeline.facts import DealLine, Visit
from contracts.problem import AlreadyExists, Invalid, NotFound
from services.kit.testing import given
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.deal_state import New

LINE = DealLine(product_id="p", quantity="2")
FACTS = {
    "deal_id": "d",
    "client_id": "c1",
    "contact_ids": ["k1"],
    "owner_id": "o1",
    "funnel_id": "f",
    "stage_id": "a",
    "value": 1000,
    "currency": "USD",
    "rate": "2",
    "base_value": 500,
}
REST = {"number": 7, "title": "Big one", "lines": [LINE], "country": "UA", "external_id": "X-1"}
OPENED = DealOpened(**FACTS, **REST, occurred_at=100)


def facts(**changed) -> dict:
    return FACTS | changed


def moved(to: str, since: int, *, frm: str = "a", at: int = 0, **changed) -> DealStageChanged:
    return DealStageChanged(**facts(stage_id=to, **changed), from_stage=frm, from_entered_at=since, occurred_at=at)


def test_a_deal_is_opened():
    given(DEAL).when(OpenDeal(**FACTS, **REST)).then(OPENED)


def test_a_deal_is_opened_once():
    given(DEAL, OPENED).when(OpenDeal(**FACTS, **REST)).then_refused(AlreadyExists, field="deal_id")


def test_a_deal_begins_in_a_stage():
    given(DEAL).when(OpenDeal(deal_id="d", funnel_id="f")).then_refused(Invalid, field="stage_id")


@pytest.mark.parametrize(
    "command",
    [
        MoveDeal(deal_id="d", stage_id="b"),
        ChangeDealValue(deal_id="d", value=1),
        ChangeDealLines(deal_id="d", lines=[]),
        ChangeDealContacts(deal_id="d", contact_ids=[]),
        AssignDeal(deal_id="d", owner_id=None),
        TouchDeal(deal_id="d"),
        ChangeDealClient(deal_id="d", client_id=None),
    ],
)
def test_a_deal_that_is_not_there_takes_nothing(command: DealCommand):
    given(DEAL).when(command).then_refused(NotFound)


def test_a_move_tells_when_the_old_stage_was_entered():  # S2.5, S4.19
    case = given(DEAL, OPENED).when(MoveDeal(deal_id="d", stage_id="b"), at=250)
    case.then(moved("b", 100))
    assert case.then_state().visits == (
        Visit(stage_id="a", entered_at=100, left_at=250),
        Visit(stage_id="b", entered_at=250),
    )


def test_a_move_to_the_same_stage_is_no_event():
    given(DEAL, OPENED).when(MoveDeal(deal_id="d", stage_id="a")).then_nothing()
    given(DEAL, OPENED).when(MoveDeal(deal_id="d", stage_id="a", value=1000)).then_nothing()


def test_going_back_skipping_and_reopening_are_legal():  # P6, P7
    history = (OPENED, moved("won", 100, at=200), moved("a", 200, frm="won", at=300))
    case = given(DEAL, *history).when(MoveDeal(deal_id="d", stage_id="won"), at=300)
    case.then(moved("won", 300))
    assert [(v.stage_id, v.entered_at, v.left_at) for v in case.then_state().visits] == [
        ("a", 100, 200),
        ("won", 200, 300),
        ("a", 300, 300),
        ("won", 300, None),
    ]


def test_a_deal_may_be_won_for_another_value():  # P6
    new = {"value": 1500, "currency": "EUR", "rate": "1", "base_value": 1500}
    case = given(DEAL, OPENED).when(MoveDeal(deal_id="d", stage_id="won", **new), at=200)
    case.then(DealValueChanged(**facts(**new), lines=[LINE]), moved("won", 100, **new))
    state = case.then_state()
    assert (state.value, state.currency, state.rate, state.base_value) == (1500, "EUR", "1", 1500)


def test_a_new_value_in_the_same_stage_is_no_move():
    given(DEAL, OPENED).when(MoveDeal(deal_id="d", stage_id="a", value=1200, rate="2", base_value=600)).then(
        DealValueChanged(**facts(value=1200, base_value=600), lines=[LINE])
    )


def test_the_value_changes_in_its_currency_unless_another_is_named():  # P6, P10
    given(DEAL, OPENED).when(ChangeDealValue(deal_id="d", value=10, rate="2", base_value=5)).then(
        DealValueChanged(**facts(value=10, base_value=5), lines=[LINE])
    )
    given(DEAL, OPENED).when(ChangeDealValue(deal_id="d", value=1000, currency="EUR", base_value=1000)).then(
        DealValueChanged(**facts(currency="EUR", rate="1", base_value=1000), lines=[LINE])
    )


def test_the_same_value_keeps_its_pinned_rate():  # P10
    given(DEAL, OPENED).when(ChangeDealValue(deal_id="d", value=1000, rate="3", base_value=333)).then_nothing()


def test_lines_change():
    lines = [DealLine(product_id="p", total=400), DealLine(product_id="q", total=600)]
    case = given(DEAL, OPENED).when(ChangeDealLines(deal_id="d", lines=lines))
    case.then(DealLinesChanged(**FACTS, lines=lines))
    assert case.then_state().lines == tuple(lines)
    given(DEAL, OPENED).when(ChangeDealLines(deal_id="d", lines=[LINE])).then_nothing()


def test_only_a_single_line_stands_for_the_whole_value():
    lines = [LINE, DealLine(product_id="q", total=600)]
    given(DEAL, OPENED).when(ChangeDealLines(deal_id="d", lines=lines)).then_refused(Invalid, field="lines")
    given(DEAL).when(OpenDeal(deal_id="d", funnel_id="f", stage_id="a", lines=lines)).then_refused(
        Invalid, field="lines"
    )


def test_contacts_change():  # P3
    case = given(DEAL, OPENED).when(ChangeDealContacts(deal_id="d", contact_ids=["k2", "k3"]))
    case.then(DealContactsChanged(**facts(contact_ids=["k2", "k3"])))
    assert case.then_state().contact_ids == ("k2", "k3")
    given(DEAL, OPENED).when(ChangeDealContacts(deal_id="d", contact_ids=["k1"])).then_nothing()


def test_a_deal_gets_another_owner():
    case = given(DEAL, OPENED).when(AssignDeal(deal_id="d", owner_id="o2"))
    case.then(DealAssigned(**facts(owner_id="o2"), from_owner="o1"))
    assert case.then_state().owner_id == "o2"
    given(DEAL, OPENED).when(AssignDeal(deal_id="d", owner_id="o1")).then_nothing()


def test_touching_is_no_stage_change():  # DEFINITIONS, DealTouched
    case = given(DEAL, OPENED).when(TouchDeal(deal_id="d"), at=170)
    case.then(DealTouched(deal_id="d", client_id="c1", funnel_id="f", stage_id="a"))
    assert case.then_state().touched_at == 170
    assert len(case.then_state().visits) == 1


def test_another_client_gets_the_whole_fact():  # DESIGN 4
    history = (
        OPENED,
        DealTouched(deal_id="d", client_id="c1", funnel_id="f", stage_id="a", occurred_at=120),
        moved("b", 100, at=250),
    )
    case = given(DEAL, *history).when(ChangeDealClient(deal_id="d", client_id="c2"), at=400)
    case.then(
        DealLeftClient(deal_id="d", client_id="c1", to_client="c2"),
        DealJoinedClient(
            **facts(client_id="c2", stage_id="b"),
            **REST,
            from_client="c1",
            opened_at=100,
            touched_at=120,
            visits=[Visit(stage_id="a", entered_at=100, left_at=250), Visit(stage_id="b", entered_at=250)],
        ),
    )
    assert [event.key() for event in case.events] == ["c1", "c2"]
    assert case.then_state().client_id == "c2"


def test_the_same_client_is_no_event():
    given(DEAL, OPENED).when(ChangeDealClient(deal_id="d", client_id="c1")).then_nothing()


def test_a_deal_may_get_its_first_client_and_lose_it():
    opened = DealOpened(**facts(client_id=None), number=1)
    case = given(DEAL, opened).when(ChangeDealClient(deal_id="d", client_id="c1"))
    assert [event.key() for event in case.events] == ["d", "c1"]
    case = given(DEAL, OPENED).when(ChangeDealClient(deal_id="d", client_id=None))
    assert [event.key() for event in case.events] == ["c1", "d"]


def test_words_follow_the_client_whose_key_seals_them():  # X10
    blank = OPENED.model_copy(update={"title": "", "external_id": None})
    joined = DealJoinedClient(
        **facts(client_id="c2"), **REST, opened_at=100, visits=[Visit(stage_id="a", entered_at=100)]
    )
    state = DEAL.fold([blank, joined])
    assert (state.title, state.external_id) == ("Big one", "X-1")


def test_a_stay_is_imputed_if_entering_or_leaving_it_was():  # DESIGN 9
    opened = OPENED.model_copy(update={"imputed": True})
    told = moved("b", 100, at=200)
    guessed = moved("c", 200, frm="b", at=300).model_copy(update={"imputed": True})
    last = moved("e", 300, frm="c", at=400)
    state = DEAL.fold([opened, told, guessed, last])
    assert [(v.stage_id, v.imputed) for v in state.visits] == [("a", True), ("b", True), ("c", True), ("e", False)]
    assert state.opened_imputed


def test_an_import_stamps_each_step():  # DESIGN 9
    events, state = DEAL.run(OpenDeal(**FACTS, **REST), New(), at=5, imputed=True)
    assert [(e.occurred_at, e.imputed) for e in events] == [(5, True)]
    events, state = DEAL.run(MoveDeal(deal_id="d", stage_id="b"), state, at=9)
    assert [(e.occurred_at, e.imputed) for e in events] == [(9, False)]
    assert state.visits[0] == Visit(stage_id="a", entered_at=5, left_at=9, imputed=True)


def test_events_before_the_opening_change_nothing():
    assert DEAL.fold([moved("b", 1)]) == New()
