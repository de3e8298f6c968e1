"""Months in the workspace's zone (P14)."""

import pytest

from services.analytics.projections.calendar import month_of, months_between
from tests.unit.analytics.support import H, ms


@pytest.mark.parametrize(
    ("text", "zone", "month"),
    [
        ("2026-01-31T23:59", "UTC", "2026-01"),
        ("2026-02-01T00:00", "UTC", "2026-02"),
        ("2026-01-31T23:00", "Europe/Kyiv", "2026-02"),
        ("2026-07-31T21:00", "Europe/Kyiv", "2026-08"),
        ("2026-07-31T20:59", "Europe/Kyiv", "2026-07"),
        ("2026-01-01T04:59", "America/New_York", "2025-12"),
        ("1969-12-31T23:59", "UTC", "1969-12"),
        ("0999-06-01T00:00", "UTC", "0999-06"),
        ("0999-06-01T00:00", "Europe/Kyiv", "0999-06"),
        ("0001-01-01T00:00", "America/New_York", "0001-01"),
        ("9999-12-31T23:59", "Europe/Kyiv", "9999-12"),
    ],
)
def test_the_month_of_an_instant(text, zone, month):
    assert month_of(ms(text), zone) == month


def test_months_before_1970_are_whole():
    assert month_of(-1, "UTC") == "1969-12"
    assert month_of(-31 * 24 * H - 1, "UTC") == "1969-11"


@pytest.mark.parametrize(
    ("first", "last", "count"), [("2026-01", "2026-01", 1), ("2025-11", "2026-02", 4), ("2024-12", "2026-01", 14)]
)
def test_months_from_first_to_last_with_both(first, last, count):
    assert months_between(first, last) == count
