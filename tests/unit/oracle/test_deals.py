"""Deals: runs of bought stages, stays, ties, changes of client. Every number here was worked out by hand."""

from pathlib import Path

import pytest

from contracts.pipeline.events import DealContactsChanged
from contracts.pipeline.facts import DealLine
from tests.support.sales_history import History, rows


@pytest.fixture
def history() -> History:
    history = History()
    history.client()
    return history


def test_a_reopened_deal_is_no_sale_until_it_returns(history: History, tmp_path: Path):  # P6
    history.deal("d", "A", "2026-01-01", value=1000)
    history.move("d", "W", "2026-01-02")
    history.move("d", "B", "2026-02-03")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "deals", "kind", "won_at", "lost_at") == [("in_work", "", "")]
        assert rows(oracle, "customers", "sales_count", "in_work_sum") == [("0", "10.00")]
    history.value("d", 1500, "2026-02-04")
    history.move("d", "W", "2026-03-05")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "deals", "kind", "amount", "won_at") == [("won", "15.00", "2026-03-05T00:00:00Z")]
        assert rows(oracle, "revenue_by_month", "month", "sales_count", "sales_sum") == [("2026-03", "1", "15.00")]


def test_moving_between_two_bought_stages_is_one_sale(history: History, tmp_path: Path):
    history.deal("d", "A", "2026-01-01")
    history.move("d", "W", "2026-01-11")
    history.move("d", "W2", "2026-02-11")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "deals", "stage", "won_at") == [("W2", "2026-01-11T00:00:00Z")]
        assert rows(oracle, "deals_by_month", "month", "created", "won", "lost") == [("2026-01", "1", "1", "0")]
        assert oracle.summary()["won_cycle_mean_seconds"] == "864000.000"


def test_a_run_through_a_stage_of_no_class_is_broken(history: History, tmp_path: Path):
    for day, stage in enumerate(["W", "N", "L", "L", "W2"], 2):
        if day == 2:
            history.deal("d", "A", "2026-01-01")
        history.move("d", stage, f"2026-01-{day:02}")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "deals", "won_at") == [("2026-01-06T00:00:00Z",)]


def test_reentry_counts_a_visit_again_but_the_deal_once(history: History, tmp_path: Path):
    history.deal("d", "A", "2026-01-01T00:00:00")
    for second, stage in [(1, "B"), (3, "A"), (7, "B"), (15, "L")]:
        history.move("d", stage, f"2026-01-01T00:00:{second:02}")
    with history.oracle(tmp_path) as oracle:
        wanted = ("stage_id", "entered_deals", "visits", "mean_seconds", "median_seconds", "min_seconds", "max_seconds")
        a, b, *_ = rows(oracle, "stages", *wanted)
        assert a == ("A", "1", "2", "2.500", "2.500", "1.000", "4.000")
        assert b == ("B", "1", "2", "5.000", "5.000", "2.000", "8.000")
        wanted = ("from_stage", "to_stage", "count", "deals", "share_of_exits", "mean_seconds")
        assert rows(oracle, "transitions", *wanted) == [
            ("A", "B", "2", "1", "1.000000", "2.500"),
            ("B", "A", "1", "1", "0.500000", "2.000"),
            ("B", "L", "1", "1", "0.500000", "8.000"),
        ]


def test_events_at_one_instant_keep_the_order_of_the_stream(history: History, tmp_path: Path):
    history.deal("d", "A", "2026-01-01")
    history.move("d", "B", "2026-01-01")
    history.move("d", "W", "2026-01-01")
    history.log.lines.reverse()
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "deals", "stage") == [("W",)]
        assert rows(oracle, "stages", "stage_id", "completed_visits", "mean_seconds")[:2] == [
            ("A", "1", "0.000"),
            ("B", "1", "0.000"),
        ]


def test_touching_is_no_visit(history: History, tmp_path: Path):
    history.deal("d", "A", "2026-01-01")
    history.touch("d", "2026-01-02")
    history.move("d", "B", "2026-01-03")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "stages", "visits", "mean_seconds")[0] == ("1", "172800.000")
        assert oracle.summary()["repeated_stage_events_ignored"] == 1
        assert oracle.summary()["stage_changes"] == 1


def test_an_imputed_stay_counts_but_is_in_no_timing(history: History, tmp_path: Path):
    history.deal("d1", "A", "2026-01-01", imputed=True)
    history.move("d1", "B", "2026-01-03")
    history.move("d1", "W", "2026-01-04", imputed=True)
    history.deal("d2", "A", "2026-01-01")
    history.move("d2", "B", "2026-01-02")
    with history.oracle(tmp_path) as oracle:
        wanted = ("visits", "completed_visits", "mean_seconds", "per_deal_mean_seconds")
        assert rows(oracle, "stages", *wanted)[:2] == [("2", "2", "86400.000", "86400.000"), ("2", "1", "", "")]
        wanted = ("from_stage", "to_stage", "count", "mean_seconds")
        assert rows(oracle, "transitions", *wanted) == [("A", "B", "2", "86400.000"), ("B", "W", "1", "")]
        assert oracle.summary()["won_cycle_mean_seconds"] is None


def test_a_moved_deal_takes_its_whole_history_along(history: History, tmp_path: Path):
    history.client("c2")
    history.deal("d", "A", "2026-01-01", value=1000)
    history.move("d", "W", "2026-01-02")
    history.hand_over("d", "c2", "2026-01-09")
    with history.oracle(tmp_path) as oracle:
        wanted = ("customer_id", "sales_count", "sales_sum", "first_sale_at")
        assert rows(oracle, "customers", *wanted) == [
            ("c1", "0", "0.00", ""),
            ("c2", "1", "10.00", "2026-01-02T00:00:00Z"),
        ]
        assert rows(oracle, "stages", "visits", "mean_seconds")[0] == ("1", "86400.000")
    with history.oracle(tmp_path, as_of="2026-01-08") as oracle:
        assert rows(oracle, "customers", "customer_id", "sales_count") == [("c1", "1"), ("c2", "0")]
    history.hand_over("d", None, "2026-01-10")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_count") == [("0",), ("0",)]
        assert oracle.summary()["without_customer"]["sales_sum"] == "10.00"


def test_without_a_client_it_counts_in_totals_months_and_sellers_only(history: History, tmp_path: Path):
    history.deal("d", "W", "2026-01-01", value=1000, client_id=None)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_count") == [("0",)]
        assert rows(oracle, "revenue_by_month", "sales_sum", "new_customers") == [("10.00", "0")]
        assert rows(oracle, "top_sellers", "rank", "owner_id", "name", "sales_sum") == [("1", "u1", "Ann", "10.00")]
        summary = oracle.summary()
        assert (summary["sales_count"], summary["customers_with_sales"]) == (1, 0)
        assert summary["without_customer"]["avg_check"] == "10.00"


def test_todays_rules_bind_the_past(history: History, tmp_path: Path):  # DESIGN 9
    history.deal("d", "A", "2026-01-01", value=1000)
    history.move("d", "B", "2026-01-05")
    history.rules("deals", classes={"B": "bought"}, when="2026-06-01")
    with history.oracle(tmp_path, as_of="2026-02-01") as oracle:
        assert rows(oracle, "deals", "kind", "won_at") == [("won", "2026-01-05T00:00:00Z")]
        assert oracle.summary()["as_of"] == "2026-02-01T00:00:00Z"
    with history.oracle(tmp_path, as_of="2026-01-04") as oracle:
        assert rows(oracle, "deals", "kind", "won_at") == [("in_work", "")]


def test_a_contact_has_the_facts_it_takes_part_in(history: History, tmp_path: Path):  # P3
    history.deal("d1", "W", "2026-01-01", value=1000, contact_ids=["p1", "p2"])
    history.deal("d2", "A", "2026-01-01", value=500, contact_ids=["p2"])
    history.facts["d1"]["contact_ids"] = ["p2"]
    history.add("deal-d1", DealContactsChanged(**history.facts["d1"]), "2026-01-02")
    with history.oracle(tmp_path) as oracle:
        contacts = oracle.contacts()
        assert set(contacts) == {"p2"}
        assert (contacts["p2"]["sales_sum"], contacts["p2"]["in_work_sum"]) == ("10.00", "5.00")


def test_expected_revenue_is_rounded_per_stage(history: History, tmp_path: Path):
    history.deal("d1", "A", "2026-01-01", value=333)
    history.deal("d2", "B", "2026-01-01", value=333)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "stages", "expected_revenue")[:3] == [("1.67",), ("1.67",), ("",)]
        assert oracle.summary()["expected_revenue_weighted"] == "3.34"
        assert oracle.summary()["expected_revenue_unweighted"] == "6.66"


def test_products_of_deals(history: History, tmp_path: Path):
    history.deal("d1", "W", "2026-01-01", value=1000, lines=[DealLine(product_id="p", quantity="1")])
    lines = [DealLine(product_id="p", quantity="1.5", total=300), DealLine(product_id="q", total=700)]
    history.deal("d2", "W", "2026-01-01", value=1000, lines=lines)
    history.deal("d3", "A", "2026-01-01", value=1000, lines=lines)
    with history.oracle(tmp_path) as oracle:
        wanted = ("product_id", "sales_count", "quantity", "revenue", "rank_by_quantity", "rank_by_revenue")
        assert rows(oracle, "popular_products", *wanted) == [
            ("p", "2", "2.5", "13.00", "1", "1"),
            ("q", "1", "1", "7.00", "2", "2"),
        ]


def test_profit_of_deals_and_rank_of_sellers(history: History, tmp_path: Path):
    history.deal("d1", "W", "2026-01-01", value=1000, lines=[DealLine(product_id="p", cost=1200)])
    history.deal("d2", "W", "2026-01-01", value=1000, owner_id="u0")
    history.deal("d3", "L", "2026-01-01", value=1000, owner_id="u0")
    history.deal("d4", "A", "2026-01-01", value=1000, owner_id="u2")
    history.deal("d5", "W", "2026-01-01", value=9000, owner_id=None)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "top_sellers", "rank", "owner_id", "name", "sales_sum", "profit", "win_rate") == [
            ("1", "u0", "", "10.00", "10.00", "0.500000"),
            ("2", "u1", "Ann", "10.00", "-2.00", "1.000000"),
            ("3", "u2", "", "0.00", "0.00", ""),
        ]
        assert rows(oracle, "sellers_by_month", "owner_id", "sales_count") == [("u0", "1"), ("u1", "1")]
        assert oracle.summary()["profit"] == "98.00"


def test_a_client_in_a_client_funnel_is_a_fact(history: History, tmp_path: Path):  # P20
    history.funnel("again", "client", {"next": "in_work", "bought": "bought", "closed": "refused"})
    history.client_stage("c1", "again", "next", 500, "2026-01-01")
    history.client_stage("c1", "again", "bought", 700, "2026-01-11")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_sum", "first_sale_at") == [("7.00", "2026-01-11T00:00:00Z")]
        assert "stages" not in oracle.tables()
        (first, *_) = oracle.funnels("client")["stages"]
        assert (first["funnel_id"], first["stage_id"], first["mean_seconds"]) == ("again", "next", "864000.000")
