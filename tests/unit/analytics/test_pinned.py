"""Lines in the base currency, unrounded, between currencies with other numbers of decimals too (P10)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.money import EXPONENTS, converted
from services.analytics.projections.pinned import micro_in_base


def test_the_base_currency_stays_as_it_is():
    assert micro_in_base(12_345, "1", 12_345, 12_345) == 12_345_000_000


def test_a_line_is_converted_unrounded():
    assert micro_in_base(100, "3", 100, 33) == 33_333_333


def test_yen_have_no_decimals():
    assert micro_in_base(300, "150", 1_500, 1_000) == 200_000_000


def test_base_without_decimals():
    assert micro_in_base(200, "0.0066", 200, 303) == 303_030_303


def test_a_total_of_nothing_is_taken_as_it_stands():
    assert micro_in_base(100, "2", 0, 0) == 50_000_000


@given(
    st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.decimals("0.001", "2000", places=3),
    st.integers(1, 10**9),
)
@settings(max_examples=100, derandomize=True)
def test_a_whole_fact_is_worth_what_was_pinned(currency, base, rate, local):
    pinned = converted(local, currency, base, rate)
    if pinned:
        micro = micro_in_base(local, str(rate), local, pinned)
        assert abs(micro - pinned * 1_000_000) <= 500_000, EXPONENTS[currency]
