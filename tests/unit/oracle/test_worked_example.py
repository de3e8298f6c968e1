"""The worked example of DEFINITIONS 2, number by number."""

from pathlib import Path

import pytest

from services.analytics.oracle.run import Oracle
from tests.support.sales_history import History, rows


@pytest.fixture
def example(tmp_path: Path):
    history = History()
    history.rules("orders")
    history.client()
    history.deal("d1", "A", "2026-01-01T00:00")
    history.move("d1", "B", "2026-01-01T01:00")
    history.move("d1", "A", "2026-01-01T03:00")
    history.move("d1", "W", "2026-01-01T04:00")
    history.deal("d2", "A", "2026-01-01T00:00")
    history.move("d2", "B", "2026-01-01T02:00")
    history.order("o1", "done", "2026-01-01T05:00", total=10000, base_cost=6000, base_shipping=500)
    history.order("o2", "done", "2026-01-01T06:00", total=5000, base_cost=3000, base_shipping=500)
    history.order("o3", "new", "2026-01-01T07:00", total=7000)
    history.paid("p1", 12000, "2026-01-01T08:00")
    with history.oracle(tmp_path, now="2026-01-01T12:00") as oracle:
        yield oracle


def test_stages(example: Oracle):
    wanted = ("stage_id", "entered_deals", "visits", "completed_visits", "mean_seconds", "median_seconds")
    assert rows(example, "stages", *wanted)[:3] == [
        ("A", "2", "3", "3", "4800.000", "3600.000"),
        ("B", "2", "2", "1", "7200.000", "7200.000"),
        ("W", "1", "1", "0", "", ""),
    ]


def test_stays_of_one_deal_are_added_up(example: Oracle):
    assert rows(example, "stages", "per_deal_mean_seconds", "per_deal_median_seconds")[0] == ("7200.000", "7200.000")


def test_the_open_stay_is_shown_apart(example: Oracle):
    wanted = ("open_visits", "open_mean_age_seconds", "mean_seconds_incl_open")
    assert rows(example, "stages", *wanted)[1] == ("1", "36000.000", "21600.000")


def test_conversion(example: Oracle):
    wanted = ("from_stage", "to_stage", "from_entered", "both_entered", "conversion_entered")
    assert rows(example, "conversion", *wanted)[:2] == [
        ("A", "B", "2", "2", "1.000000"),
        ("B", "W", "2", "1", "0.500000"),
    ]


def test_client(example: Oracle):
    (row,) = example.tables()["customers"]
    assert row == {
        "customer_id": "c1", "sales_count": "2", "sales_sum": "150.00", "avg_check": "75.00", "in_work_count": "1",
        "in_work_sum": "70.00", "refused_count": "0", "refused_sum": "0.00", "actual_at": "2026-01-01T12:00:00Z",
        "first_sale_at": "2026-01-01T05:00:00Z", "last_sale_at": "2026-01-01T06:00:00Z",
        "mean_days_between_sales": "0.0417", "sales_per_month": "2.0000", "first_shipment_at": "",
        "last_shipment_at": "", "profit": "60.00", "billed_sum": "160.00", "paid_sum": "120.00", "balance": "-40.00",
    }  # fmt: skip
