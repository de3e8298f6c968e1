"""Exchange rates."""

from contracts.pipeline.commands import SetRate
from contracts.pipeline.events import RateSet
from contracts.problem import Invalid
from services.kit.testing import given
from services.pipeline.domain.rate import RATE

SET = RateSet(currency="UAH", base="EUR", day="2026-05-28", rate="48.5")


def test_a_rate_is_set_for_a_day():  # P10
    given(RATE).when(SetRate(currency="UAH", base="EUR", day="2026-05-28", rate="48.5")).then(SET)


def test_the_same_rate_is_no_event():
    given(RATE, SET).when(SetRate(currency="UAH", base="EUR", day="2026-05-28", rate="48.50")).then_nothing()


def test_another_rate_another_day_or_another_base_is_told():  # P10
    for other in ({"rate": "49"}, {"day": "2026-05-29"}, {"base": "USD"}):
        fields = {"currency": "UAH", "base": "EUR", "day": "2026-05-28", "rate": "48.5"} | other
        case = given(RATE, SET).when(SetRate(**fields))
        case.then(RateSet(**fields))
        assert case.then_state().by_day[fields["day"]] == (fields["base"], fields["rate"])


def test_a_rate_needs_a_base_that_is_another_currency():
    given(RATE).when(SetRate(currency="UAH", day="2026-05-28", rate="1")).then_refused(Invalid, field="currency")
    given(RATE).when(SetRate(currency="UAH", base="UAH", day="2026-05-28", rate="1")).then_refused(
        Invalid, field="currency"
    )
