"""Values that cross a boundary: times, texts, decimals, money, ids, and what every event and command declares."""

import re
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction as Exact
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.base import (
    Day,
    Fraction,
    Id,
    Instant,
    LanguageCode,
    Line,
    Minor,
    Name,
    Number,
    Ordinal,
    Percent,
    Price,
    Quantity,
    Rate,
    Text,
)
from contracts.envelope import rfc3339
from contracts.money import EXPONENTS, Currency, converted, half_up, rounded, to_minor, to_units


def read(kind: object, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


def refused(kind: object, value: object) -> bool:
    """Any other exception than a validation error is a crash, not a refusal."""
    try:
        read(kind, value)
    except ValidationError:
        return True
    return False


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-05-31T09:30:00Z", 1_780_219_800_000),
        ("2026-05-31T09:30:00+00:00", 1_780_219_800_000),
        ("2026-05-31T12:30:00+03:00", 1_780_219_800_000),
        ("2026-05-31T12:30+0300", 1_780_219_800_000),
        ("2026-05-31T04:00:00-05:30", 1_780_219_800_000),
        ("2026-05-31t09:30:00z", 1_780_219_800_000),
        ("2026-05-31 09:30:00.123Z", 1_780_219_800_123),
        ("2026-05-31T09:30:00.123999Z", 1_780_219_800_123),
        ("2026-05-31T09:30:00.123456789Z", 1_780_219_800_123),
        ("2026-03-29T01:59:59+01:00", 1_774_745_999_000),  # Berlin: one second before and after the clocks go forward
        ("2026-03-29T03:00:00+02:00", 1_774_746_000_000),
        ("2026-10-25T02:30:00+02:00", 1_792_888_200_000),  # the same wall time twice, an hour apart
        ("2026-10-25T02:30:00+01:00", 1_792_891_800_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_an_instant_is_read_as_utc_milliseconds(text: str, millis: int):
    assert read(Instant, text) == millis


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-31T09:30:00", "2026-05-31", "09:30:00Z", "", " ", "now", "1780219800000", "2026-02-30T00:00:00Z",
        "2026-05-31T24:01:00Z", "2026-05-31T09:60:00Z", "2026-05-31T09:30:00+25:00", "2026-05-31T09:30:00Zjunk",
        "2026-05-31\x0009:30:00Z", "2026-05-31\ud80009:30:00Z", "2026-05-31x09:30:00Z", "2026-W22-7T09:00Z",
        "20260531T0930Z", "٢٠٢٦-05-31T09:30:00Z", "2026-05-31T09:30:00Z\n", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00", 10**18, -(10**18), 1.0, 1.5, float("nan"), True, None, b"2026-05-31T09:30:00Z",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused(value: object):
    assert refused(Instant, value)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_survives_being_written_as_text(millis: int):
    assert read(Instant, rfc3339(millis)) == read(Instant, millis) == millis


READERS = [TypeAdapter(kind) for kind in (Instant, Day, Number, Id, Currency, Name)]


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,+Z-]{0,16}"))
def test_no_text_crashes_the_readers(text: str):
    for reader in READERS:
        with suppress(ValidationError):
            reader.validate_python(text)


@pytest.mark.parametrize("value", ["2026-02-30", "31.05.2026", "2026-5-1", "", "2026-05-31T00:00:00Z", 20260531])
def test_what_is_no_day_is_refused(value: object):
    assert refused(Day, value)


def test_a_day_is_kept():
    assert read(Day, "2024-02-29") == "2024-02-29"


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("kind", [Line, Name, Text, Id, Day, Currency, LanguageCode])
@pytest.mark.parametrize("value", ["a\x00b", "\x00", "\ud800", "ok\udfff", 5, None])
def test_text_that_no_store_takes_is_refused(kind: object, value: object):
    assert refused(kind, value)


@pytest.mark.parametrize(("kind", "limit"), [(Line, 300), (Name, 300), (Text, 20_000)])
def test_text_has_a_limit(kind: object, limit: int):
    assert read(kind, "ї" * limit) == "ї" * limit
    assert refused(kind, "ї" * (limit + 1))


def test_a_name_is_stripped_and_never_empty():
    assert read(Name, " ТОВ «Ромашка» ") == "ТОВ «Ромашка»"
    assert read(Line, "  ") == ""
    assert read(Text, " as typed ") == " as typed "
    for value in ("", "   ", "\n\t"):
        assert refused(Name, value)


@pytest.mark.parametrize("value", ["", "x" * 65, "a b", "é", "a/b", "a\n", "../etc"])
def test_what_is_no_id_is_refused(value: str):
    assert refused(Id, value)


@pytest.mark.parametrize("value", ["EN", "eng", "u\x00", "\ud800", " ", "en\n"])
def test_a_language_is_two_letters_or_empty(value: str):
    assert refused(dict[LanguageCode, Name], {value: "Чайник"})
    assert read(dict[LanguageCode, Name], {"": "Kettle", "uk": "Чайник"}) == {"": "Kettle", "uk": "Чайник"}


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.50", "12.50"), ("1e3", "1000"), ("1E+3", "1000"), ("1.5e-3", "0.0015"), (" 7 ", "7"), ("+5", "5"),
        ("-5", "-5"), (".5", "0.5"), ("5.", "5"), ("-0", "0"), ("-0.00", "0.00"), ("0e50", "0"), (12, "12"),
        (Decimal("1.50"), "1.50"), (Decimal("1E+3"), "1000"), ("0.000000000001", "0.000000000001"),
        ("999999999999999.999999999999", "999999999999999.999999999999"),
    ],
)  # fmt: skip
def test_a_decimal_is_kept_as_plain_text(value: object, text: str):
    assert read(Number, value) == text
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text)  # what the schema promises


@pytest.mark.parametrize(
    "value",
    [
        "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e15", "-1e15", "1e1000000", "1e-1000000", "1e99999999999",
        "0.0000000000001", "", " ", ".", "-", "e5", "1,5", "1_000", "١٢", "0x10", "1 000", "1\x00", "\ud800", 10**15,
        10**5000, 1.5, 0.0, float("nan"), True, False, None, [], Decimal("NaN"), Decimal("Infinity"),
    ],
    ids=lambda value: ascii(value)[:24] if not isinstance(value, int) else "int",
)  # fmt: skip
def test_what_is_no_decimal_is_refused(value: object):
    assert refused(Number, value)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Quantity, ["0.001", "7"], ["0", "-1", "0.000"]),
        (Rate, ["41.25", "0.0001"], ["0", "-1"]),
        (Price, ["0", "0.0075"], ["-0.01"]),
        (Percent, ["0", "100", "12.5"], ["-1", "100.01"]),
        (Fraction, ["0", "1", "0.15"], ["-0.1", "1.01", "15"]),
        (Minor, [-(10**15), 10**15], [10**15 + 1, "1", 1.0, True]),
        (Ordinal, [0, 10**6], [-1, 10**6 + 1, 10**30, "1", True]),
    ],
)
def test_a_number_has_its_range(kind: object, good: list[object], bad: list[object]):
    assert [read(kind, value) for value in good] == good
    assert all(refused(kind, value) for value in bad)


# ---------------------------------------------------------------- money


@pytest.mark.parametrize("code", ["XXX", "ABC", "eur", "EU", "EURO", "", "€", "ЕUR", "EUR\n"])
def test_an_unknown_currency_is_refused(code: str):
    assert refused(Currency, code)


def test_currencies_have_their_decimals():
    assert {code: EXPONENTS[code] for code in ("EUR", "UAH", "JPY", "KWD", "XCG")} == {
        "EUR": 2, "UAH": 2, "JPY": 0, "KWD": 3, "XCG": 2,
    }  # fmt: skip
    assert all(re.fullmatch("[A-Z]{3}", code) for code in EXPONENTS)


@pytest.mark.parametrize(
    ("value", "whole"),
    [("0.5", 1), ("-0.5", -1), ("1.5", 2), ("2.5", 3), ("-2.5", -3), ("2.4999999999999999999999", 2), ("-0.4", 0)],
)
def test_rounding_is_half_away_from_zero(value: str, whole: int):
    assert rounded(Decimal(value)) == whole


@pytest.mark.parametrize(
    ("units", "currency", "minor"),
    [("12.345", "EUR", 1235), ("-12.345", "EUR", -1235), ("12.5", "JPY", 13), ("1.2345", "KWD", 1235), ("0", "EUR", 0)],
)
def test_units_become_minor_units(units: str, currency: str, minor: int):
    assert to_minor(units, currency) == to_minor(Decimal(units), currency) == minor


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_minor_units_survive_being_shown(minor: int, currency: str):
    assert to_minor(to_units(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "base", "rate", "result"),
    [
        (10_000, "EUR", "EUR", "1", 10_000),
        (412_550, "UAH", "EUR", "41.255", 10_000),
        (16_250, "JPY", "EUR", "162.5", 10_000),  # no decimals → two
        (10_000, "EUR", "JPY", "0.00625", 16_000),  # 100 EUR / 0.00625 EUR for one JPY
        (307, "KWD", "EUR", "0.307", 100),  # three decimals → two
        (100, "EUR", "KWD", "3.25", 308),  # 0.30769 KWD
        (1, "USD", "EUR", "2", 1),  # half a cent, up
        (-1, "USD", "EUR", "2", -1),
        (3, "USD", "EUR", "8", 0),
    ],
)
def test_money_is_converted_across_decimals(minor: int, currency: str, base: str, rate: str, result: int):  # P10
    assert converted(minor, currency, base, rate) == converted(minor, currency, base, Decimal(rate)) == result


def exact_half_up(value: Exact) -> int:
    """The oracle: by whole fractions, without decimals."""
    whole = floor(abs(value) + Exact(1, 2))
    return whole if value >= 0 else -whole


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.sampled_from(["USD", "KRW", "BHD"]),
    st.decimals("0.000001", "1000000", places=6),
)
def test_conversion_equals_the_exact_fraction(minor: int, currency: str, base: str, rate: Decimal):
    exact = Exact(minor) / Exact(rate) * Exact(10) ** (EXPONENTS[base] - EXPONENTS[currency])
    assert converted(minor, currency, base, rate) == exact_half_up(exact)


@given(st.integers(), st.integers())
def test_division_rounds_half_away_from_zero(numerator: int, denominator: int):
    expected = exact_half_up(Exact(numerator, denominator)) if denominator else 0  # S1.6
    assert half_up(numerator, denominator) == expected
