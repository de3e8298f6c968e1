"""Orders, shipments and payments, in other currencies too. Every number here was worked out by hand."""

from pathlib import Path

import pytest

from contracts.pipeline.events import ProductAdded
from contracts.pipeline.facts import OrderLine
from contracts.pipeline.order_events import (
    OrderJoinedClient,
    OrderLeftClient,
    PaymentJoinedClient,
    PaymentLeftClient,
    PaymentReversed,
)
from tests.support.sales_history import History, rows


@pytest.fixture
def history() -> History:
    history = History()
    history.client()
    return history


def line(product: str, total: int, quantity: str = "1") -> OrderLine:
    return OrderLine(line_no=1, product_id=product, quantity=quantity, unit_price="1", total=total)


def test_an_order_is_sold_when_it_was_ordered(history: History, tmp_path: Path):
    history.order("o", "new", "2026-01-31T23:59:59", total=1000)
    history.status("o", "done", "2026-02-02")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "revenue_by_month", "month", "sales_sum") == [("2026-01", "10.00")]
        assert oracle.summary()["orders_by_status"] == {"done": 1}
        assert oracle.funnels("order")["transitions"][0]["mean_seconds"] == "86401.000"


def test_an_order_from_a_deal_counts_through_the_deal(history: History, tmp_path: Path):  # P1
    history.deal("d", "W", "2026-01-01", value=1000)
    history.order("o1", "done", "2026-01-02", total=900, deal_id="d")
    history.order("o2", "done", "2026-01-03", total=50)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_count", "sales_sum") == [("2", "10.50")]
        assert len(oracle.tables()["orders"]) == 2
    history.rules("orders")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_count", "sales_sum") == [("2", "9.50")]
        assert oracle.summary()["sales_source"] == "orders"
        assert oracle.summary()["deals_won"] == 1


def test_products_in_another_currency_are_rounded_once(history: History, tmp_path: Path):
    for name in ("o1", "o2", "o3"):  # 1.00 EUR at 3 EUR a dollar: 33.33.. cents each, one dollar together
        history.order(
            name, "done", "2026-01-01", total=100, base_total=33, currency="EUR", rate="3", lines=[line("p", 100)]
        )
    history.order("o4", "done", "2026-01-01", total=5, lines=[line("q", 5, "0.25")])
    with history.oracle(tmp_path) as oracle:
        wanted = ("product_id", "quantity", "revenue")
        assert rows(oracle, "popular_products", *wanted) == [("p", "3", "1.00"), ("q", "0.25", "0.05")]
        assert rows(oracle, "customers", "sales_sum") == [("1.04",)]
        assert rows(oracle, "orders", "order_id", "currency", "total_local", "total")[0] == (
            "o1",
            "EUR",
            "1.00",
            "0.33",
        )
        wanted = ("customer_id", "currency", "sales_count", "sales_sum", "in_work_sum")
        assert rows(oracle, "customers_by_currency", *wanted) == [
            ("c1", "EUR", "3", "3.00", "0.00"),
            ("c1", "USD", "1", "0.05", "0.00"),
        ]
        assert oracle.summary()["by_currency_unconverted"]["EUR"]["sales_sum"] == "3.00"


def test_currencies_without_cents_and_with_three_decimals(tmp_path: Path):
    history = History("JPY")
    history.client()
    history.order("o1", "done", "2026-01-01", total=1500, currency="JPY")
    history.order("o2", "new", "2026-01-01", total=1234, base_total=500, currency="KWD", rate="0.002")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "sales_sum", "in_work_sum") == [("1500", "500")]
        assert rows(oracle, "orders", "total_local", "total") == [("1500", "1500"), ("1.234", "500")]


def test_a_reversed_payment_is_a_negative_receipt_at_its_own_date(history: History, tmp_path: Path):
    history.order("o", "done", "2026-01-01", total=1000)
    history.paid("p1", 1000, "2026-01-31")
    history.paid("p2", 300, "2026-01-31", client_id=None, owner_id=None)
    history.add("payment-p1", PaymentReversed(**history.facts["p1"]), "2026-02-01")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "receipts_by_month", "month", "amount") == [("2026-01", "13.00"), ("2026-02", "-10.00")]
        assert rows(oracle, "receipts_by_owner_month", "month", "owner_id", "amount") == [
            ("2026-01", "", "3.00"),
            ("2026-01", "u1", "10.00"),
            ("2026-02", "u1", "-10.00"),
        ]
        assert rows(oracle, "customers", "billed_sum", "paid_sum", "balance") == [("10.00", "0.00", "-10.00")]
        assert (oracle.summary()["paid_sum"], oracle.summary()["balance"]) == ("3.00", "-7.00")
    with history.oracle(tmp_path, as_of="2026-01-31") as oracle:
        assert rows(oracle, "customers", "paid_sum", "balance") == [("10.00", "0.00")]


def test_profit_is_unknown_without_any_cost_and_zero_with_one(history: History, tmp_path: Path):
    history.order("o1", "done", "2026-01-01", total=1000)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "profit", "billed_sum", "balance") == [("", "", "")]
        assert rows(oracle, "orders", "cost_of_goods") == [("",)]
        assert "profit" not in oracle.summary()
        assert "balance" not in oracle.summary()
    history.order("o2", "done", "2026-01-02", total=1000, base_cost=2000)
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "profit") == [("0.00",)]
        assert rows(oracle, "orders", "cost_of_goods") == [("0.00",), ("20.00",)]


def test_shipping_does_not_change_the_status(history: History, tmp_path: Path):
    history.order("o1", "new", "2026-01-01", total=1000, base_cost=600, base_shipping=50)
    history.order("o2", "new", "2026-01-01", total=500)
    history.order("o3", "new", "2026-01-01", total=500, client_id=None)
    history.ship("o1", "2026-01-02")
    history.ship("o3", "2026-02-04")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "customers", "in_work_count", "first_shipment_at") == [("2", "2026-01-02T00:00:00Z")]
        wanted = ("month", "shipments", "goods_value", "cost_of_goods", "shipping_cost")
        assert rows(oracle, "shipments_by_month", *wanted) == [
            ("2026-01", "1", "10.00", "6.00", "0.50"),
            ("2026-02", "1", "5.00", "0.00", "0.00"),
        ]
        assert rows(oracle, "shipments_by_customer_month", "month", "customer_id") == [("2026-01", "c1")]
        assert oracle.tables()["fulfilment"] == [
            {
                "orders": "3", "shipped": "2", "not_shipped": "1", "conversion": "0.666667",
                "mean_seconds_ordered_to_shipped": "1512000.000", "median_seconds_ordered_to_shipped": "1512000.000",
                "max_seconds_ordered_to_shipped": "2937600.000", "shipped_after_required": "",
            }
        ]  # fmt: skip


def test_countries_and_segments_show_the_empty_value_when_any_is_known(history: History, tmp_path: Path):
    history.client("c2", country="UA")
    history.order("o", "done", "2026-01-01", total=1000, client_id="c2")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "by_country", "country", "customers", "sales_sum") == [
            ("", "1", "0.00"),
            ("UA", "1", "10.00"),
        ]
        assert "by_segment" not in oracle.tables()


def test_orders_and_payments_follow_their_client(history: History, tmp_path: Path):
    history.client("c2")
    history.order("o", "done", "2026-01-01", total=1000)
    history.ship("o", "2026-01-02")
    history.paid("p", 400, "2026-01-03")
    order, payment = {**history.facts["o"], "client_id": "c2"}, {**history.facts["p"], "client_id": "c2"}
    history.add("order-o", OrderLeftClient(order_id="o", client_id="c1", to_client="c2"), "2026-03-01")
    history.add("order-o", OrderJoinedClient(**order, number=1, ordered_at=0, visits=[]), "2026-03-01")
    history.add("payment-p", PaymentLeftClient(payment_id="p", client_id="c1", to_client="c2"), "2026-03-01")
    history.add("payment-p", PaymentJoinedClient(**payment, paid_at=0), "2026-03-01")
    with history.oracle(tmp_path) as oracle:
        wanted = ("customer_id", "sales_sum", "first_shipment_at", "paid_sum", "balance")
        assert rows(oracle, "customers", *wanted) == [
            ("c1", "0.00", "", "0.00", "0.00"),
            ("c2", "10.00", "2026-01-02T00:00:00Z", "4.00", "-6.00"),
        ]
        assert rows(oracle, "receipts_by_month", "month", "payments", "amount") == [("2026-01", "1", "4.00")]
        assert rows(oracle, "revenue_by_month", "month") == [("2026-01",)]
        assert oracle.documents()["orders"]["o"]["client_id"] == "c2"


def test_external_ids_are_shown_where_there_are_any(tmp_path: Path):
    history = History()
    history.client("c1", external_id="ACME Ltd")
    history.client("c2", external_id="")
    added = ProductAdded(product_id="p", names={"uk": "Чай", "en": "Tea"}, external_id="P 1")
    history.add("product-p", added, "2026-01-01")
    history.order("o1", "done", "2026-01-01", total=100, lines=[line("p", 100)], external_id="N 1")
    history.order("o2", "done", "2026-01-01", total=100, client_id="c2")
    with history.oracle(tmp_path) as oracle:
        assert rows(oracle, "orders", "order_id", "customer_id") == [("N 1", "ACME Ltd"), ("o2", "c2")]
        assert rows(oracle, "customers", "customer_id") == [("ACME Ltd",), ("c2",)]
        assert rows(oracle, "popular_products", "product_id", "name") == [("P 1", "Tea")]


def test_an_empty_log_gives_an_empty_report(tmp_path: Path):
    with History(None).oracle(tmp_path) as oracle:
        assert oracle.tables() == {}
        summary = oracle.summary()
        assert (summary["sales_count"], summary["sales_sum"], summary["avg_check"]) == (0, "0.00", "0.00")
        assert (summary["base_currency"], summary["sales_source"]) == ("", "deals+orders+clients")
        assert "deals_total" not in summary
        assert oracle.contacts() == {}
        assert oracle.documents()["deals"] == {}
