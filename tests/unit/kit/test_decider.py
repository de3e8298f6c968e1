"""The shape of an aggregate, and the three words to test one with."""

import pytest

from contracts.gateway.commands import ReserveNumbers
from contracts.gateway.events import NumbersReserved
from contracts.problem import Invalid, NotFound, Refusal
from services.gateway.domain.numbers import NUMBERS
from services.kit.decider import Decider, stamped
from services.kit.testing import given

first = NumbersReserved(kind="deal", first=1, count=5)
TAKE = ReserveNumbers(kind="deal", count=3)


def refuse(_command: ReserveNumbers, _last: int) -> list[NumbersReserved]:
    raise Invalid("not today", field="count")


CLOSED: Decider[ReserveNumbers, int, NumbersReserved] = Decider("closed", 0, refuse, NUMBERS.evolve)


def test_a_stream_is_named_after_its_category():
    assert NUMBERS.stream("deal") == "numbers-deal"


def test_state_is_folded_from_the_beginning_or_from_a_state():
    assert NUMBERS.fold([]) == 0
    assert NUMBERS.fold([first]) == 5
    assert NUMBERS.fold([NumbersReserved(kind="deal", first=9, count=2)], 8) == 10


def test_a_decision_is_stamped_and_evolved():
    events, state = NUMBERS.run(TAKE, 5, at=77, imputed=True)
    assert (events, state) == ([NumbersReserved(kind="deal", first=6, count=3, occurred_at=77, imputed=True)], 8)
    assert stamped(first, 3, imputed=False).occurred_at == 3
    assert first.occurred_at == 0


def test_given_when_then():
    given(NUMBERS, first).when(TAKE, at=4).then(NumbersReserved(kind="deal", first=6, count=3))
    assert given(NUMBERS, first).when(TAKE).then_state() == 8
    given(CLOSED, first).when(TAKE).then_refused(Invalid, field="count")


def test_the_words_can_fail():
    outcome = given(NUMBERS).when(TAKE)
    with pytest.raises(AssertionError):
        outcome.then(first)
    with pytest.raises(AssertionError):
        outcome.then_nothing()
    with pytest.raises(AssertionError):
        outcome.then_refused(Refusal)
    refused = given(CLOSED).when(TAKE)
    with pytest.raises(AssertionError):
        refused.then_refused(NotFound)
    with pytest.raises(AssertionError):
        refused.then_refused(Invalid, field="kind")
    with pytest.raises(AssertionError):
        refused.then_state()
