"""Lines in the base currency, unrounded, between currencies with other numbers of decimals too (P10)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.money import EXPONENTS, converted
from services.analytics.projections.revenue import in_base


def test_the_base_currency_stays_as_it_is():
    assert in_base(12_345, 12_345, 12_345, "1") == 12_345_000_000


def test_a_line_is_converted_unrounded():
    assert in_base(100, 100, 33, "3") == 33_333_333


def test_yen_have_no_decimals():
    assert in_base(300, 1_500, 1_000, "150") == 200_000_000


def test_a_base_without_decimals():
    assert in_base(200, 200, 303, "0.0066") == 303_030_303


def test_a_total_too_small_to_tell_is_taken_as_it_stands():
    assert in_base(100, 0, 0, "2") == 50_000_000
    assert in_base(1, 1, 0, "4") == 250_000


@given(
    st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.decimals("0.001", "2000", places=3),
    st.integers(1, 10**9),
)
@settings(max_examples=100, derandomize=True)
def test_a_whole_sale_is_worth_what_was_pinned(currency, base, rate, local):
    pinned = converted(local, currency, base, rate)
    if pinned:
        micro = in_base(local, local, pinned, str(rate))
        assert abs(micro - pinned * 1_000_000) <= 500_000, EXPONENTS[currency]
