"""Numbers, money and times as people write them; held to Babel, which is slower (P14)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pages.texts import Texts

NARROW = "\u00a0"
NUMBERS = st.integers(-(10**15), 10**15)


@given(NUMBERS, st.sampled_from(["en", "uk", "ru"]))
def test_whole_numbers_are_babels(value: int, language: str):
    assert Texts(language).count(value) == format_decimal(value, locale=language).replace("-", "\u2212")


@given(NUMBERS, st.sampled_from(["en", "uk", "ru"]), st.sampled_from([("UAH", 2), ("JPY", 0), ("KWD", 3)]))
def test_amounts_are_babels(minor: int, language: str, currency: tuple[str, int]):
    code, places = currency
    pattern = "#,##0" + ("." + "0" * places if places else "")
    value = Decimal(minor).scaleb(-places)
    wanted = format_decimal(value, pattern, locale=language).replace("-", "\u2212")
    assert Texts(language, code).money(minor) == wanted


@pytest.mark.parametrize(
    ("language", "currency", "text"),
    [
        ("uk", "UAH", f"\u22121{NARROW}234,50{NARROW}₴"),
        ("ru", "RUB", f"\u22121{NARROW}234,50{NARROW}₽"),
        ("en", "EUR", "\u2212€1,234.50"),
        ("en", "UAH", f"\u2212UAH{NARROW}1,234.50"),
        ("ru", "UAH", f"\u22121{NARROW}234,50{NARROW}₴"),
    ],
)
def test_an_amount_with_its_currency(language: str, currency: str, text: str):
    assert Texts(language).amount(-123_450, currency) == text


@pytest.mark.parametrize(
    ("language", "text"), [("en", "1\u00a0d 2\u00a0h"), ("uk", "1\u00a0д 2\u00a0год"), ("ru", "1\u00a0д 2\u00a0ч")]
)
def test_a_duration_in_its_two_largest_units(language: str, text: str):
    assert Texts(language).duration(str((26 * 3600 + 59 * 60) * 1000)) == text


def test_what_is_not_known_is_a_dash():
    assert (Texts("en").duration(None), Texts("en").percent(None)) == ("–", "–")


def test_times_are_those_of_the_zone():
    texts = Texts("uk", zone="Europe/Kyiv")
    assert texts.moment(1_767_218_400_000) == "01.01.2026 00:00"  # S1.11
    assert texts.day(1_767_218_400_000) == "1 січ. 2026"
    assert texts.ago(300_000) == "5 хвилин тому"
    assert texts.percent("0.1234") == "12,3\u00a0%"
