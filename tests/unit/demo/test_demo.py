"""The demo workspace: everything the pages can show is in it, nothing in it is wrong, and it is the same each time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.envelope import RecordedEvent
from contracts.problem import Invalid
from services.cli.demo import least_events, write_bundle
from services.importer.errors import RowError
from tests.support.bundles import opened
from tests.unit.demo.support import Bundle

UNTIL = date(2026, 5, 28)
FROM = "2024-05-28T00:00:00Z"
END = "2026-05-28T00:00:00Z"
NOW = 1_779_926_400_000
"""END, UTC ms."""
CLIENTS, EVENTS = 600, 18_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("demo")
    write_bundle(folder, clients=CLIENTS, events=EVENTS, until=UNTIL)
    return Bundle(folder)


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_is_the_same_for_the_same_arguments_and_another_for_others(tmp_path: Path) -> None:
    for name, seed, until in (("a", 1, UNTIL), ("b", 1, UNTIL), ("c", 2, UNTIL), ("d", 1, date(2024, 2, 29))):
        write_bundle(tmp_path / name, clients=40, events=1500, seed=seed, until=until)
    first = texts(tmp_path / "a")
    assert texts(tmp_path / "b") == first
    for other in (texts(tmp_path / "c"), texts(tmp_path / "d")):
        assert all(other[name] != first[name] for name in ("customers.csv", "deal_events.csv", "orders.csv"))


@pytest.mark.parametrize(("clients", "events"), [(60, 2_000), (1, 400), (250, 1_500)])
async def test_the_importer_takes_all_of_it_and_stores_as_many_events(
    tmp_path: Path, clients: int, events: int
) -> None:
    write_bundle(tmp_path / "bundle", clients=clients, events=events, until=UNTIL)
    async with opened(tmp_path / "data") as log:
        report = await log.take(tmp_path / "bundle", strict=True, now=NOW)
        stored = await log.events()
    no_errors: list[RowError] = []
    assert report.errors == no_errors
    assert abs(len(stored) - events) <= 0.01 * events, Counter(event.type for event in stored)
    assert len(of_type(stored, "ClientRegistered")) == clients
    assert all(event.occurred_at <= NOW for event in stored)


def test_a_larger_one_has_its_events_too(demo: Bundle) -> None:
    """Counted from the rows as the importer reads them, which is quicker than an import."""
    rows = {table: len(rows) for table, rows in demo.tables.items()}
    made = sum(
        rows[table] for table in ("users", "customers", "deal_events", "orders", "payments", "notes", "fx_rates")
    )
    made += 3 * rows["products"] + rows["stages"] + 2 + 1 + len({order["status"] for order in demo["orders"]})
    made += sum(bool(order["shipped_at"]) for order in demo["orders"])
    made += sum(bool(event["amount"]) and event["type"] != "DealCreated" for event in demo["deal_events"])
    owner = {deal["deal_id"]: deal["customer_id"] for deal in demo["deals"]}
    won = {owner[event["deal_id"]] for event in demo["deal_events"] if event["to_stage"] in ("Won", "Awarded")}
    assert abs(made + len(won - {""}) - EVENTS) <= 0.01 * EVENTS
    assert rows["notes"] < 0.2 * EVENTS


def of_type(events: list[RecordedEvent], name: str) -> list[RecordedEvent]:
    return [event for event in events if event.type.split(".")[1] == name]


def test_too_few_events_for_the_clients_are_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "least", clients=50, events=least_events(50), until=UNTIL)
    for clients, events in ((50, least_events(50) - 1), (0, 1000)):
        with pytest.raises(Invalid):
            write_bundle(tmp_path / "few", clients=clients, events=events, until=UNTIL)
    assert not (tmp_path / "few").exists()


def test_the_company_is_as_large_as_it_should_be(demo: Bundle) -> None:
    assert len(demo["users"]) == 12
    assert len({user["team"] for user in demo["users"]}) == 3 == len({user["region"] for user in demo["users"]})
    names = {user["name"] for user in demo["users"]}
    assert Counter(user["manager"] in names for user in demo["users"]) == {True: 9, False: 3}
    assert len(demo["products"]) == 40
    assert len({product["category"] for product in demo["products"]}) == 6
    assert all(0 < Decimal(p["unit_cost"]) < Decimal(p["list_price"]) for p in demo["products"])
    stages = Counter((stage["pipeline_id"], stage["kind"]) for stage in demo["stages"])
    assert stages == {
        ("Sales", "in_work"): 4, ("Sales", "won"): 1, ("Sales", "lost"): 1,
        ("Tenders", "in_work"): 3, ("Tenders", "won"): 1, ("Tenders", "lost"): 1,
    }  # fmt: skip
    assert all(0 <= Decimal(stage["probability"]) <= 1 for stage in demo["stages"])
    assert len({customer["country"] for customer in demo["customers"]}) == 7
    assert demo.meta["sales_source"] == "deals"
    assert demo.meta["base_currency"] == "EUR"
    assert demo.meta["as_of"] == END
    assert demo.meta["has_costs"] is demo.meta["has_payments"] is demo.meta["has_amounts"] is True


def test_all_references_resolve(demo: Bundle) -> None:
    ids = {name: demo.ids(name) for name in ("customers", "users", "products", "deals", "orders", "payments", "notes")}
    stages = {(stage["pipeline_id"], stage["stage_id"]) for stage in demo["stages"]}
    funnel = {deal["deal_id"]: deal["pipeline_id"] for deal in demo["deals"]}
    references = {
        "customer_id": ids["customers"], "owner_id": ids["users"], "actor_id": ids["users"],
        "product_id": ids["products"], "deal_id": ids["deals"], "order_id": ids["orders"],
    }  # fmt: skip
    for table, rows in demo.tables.items():
        for row in rows:
            for column, known in references.items():
                value = row.get(column) or ""
                assert not value or value in known, (table, column, value)
    for event in demo["deal_events"]:
        assert (funnel[event["deal_id"]], event["to_stage"]) in stages
    assert {line["order_id"] for line in demo["order_lines"]} == ids["orders"]
    assert set(demo.stories()) == ids["deals"]


def test_the_events_of_a_deal_follow_one_another(demo: Bundle) -> None:
    events = demo["deal_events"]
    assert [int(event["seq"]) for event in events] == list(range(1, len(events) + 1))
    assert [event["occurred_at"] for event in events] == sorted(event["occurred_at"] for event in events)
    deals = {deal["deal_id"]: deal for deal in demo["deals"]}
    for id, story in demo.stories().items():
        begin = story[0]
        assert (begin["type"], begin["from_stage"]) == ("DealCreated", "")
        assert (begin["occurred_at"], begin["amount"]) == (deals[id]["created_at"], deals[id]["amount"])
        for before, event in pairwise(story):
            assert event["from_stage"] == before["to_stage"]
            assert (event["from_stage"] == event["to_stage"]) == (event["type"] == "DealTouched")
            assert event["type"] != "DealCreated"


def test_nothing_lies_outside_the_24_months(demo: Bundle) -> None:
    times = {
        "customers": ["created_at"], "deals": ["created_at"], "deal_events": ["occurred_at"],
        "orders": ["ordered_at", "shipped_at"], "payments": ["paid_at"], "notes": ["created_at"],
    }  # fmt: skip
    for table, columns in times.items():
        for column in columns:
            found = [row[column] for row in demo[table] if row[column]]
            assert FROM <= min(found) <= max(found) < END, (table, column)
    assert max(rate["date"] for rate in demo["fx_rates"]) == UNTIL.isoformat()


def test_nothing_happens_to_a_client_before_it_came(demo: Bundle) -> None:
    since = {customer["customer_id"]: customer["created_at"] for customer in demo["customers"]}
    assert 0 < sum(not known for known in since.values()) < 0.2 * CLIENTS
    ordered = {order["order_id"]: order["ordered_at"] for order in demo["orders"]}
    for table, column in (
        ("deals", "created_at"), ("orders", "ordered_at"), ("payments", "paid_at"), ("notes", "created_at"),
    ):  # fmt: skip
        for row in demo[table]:
            assert row[column] >= since.get(row["customer_id"], "")
            assert row[column] >= ordered.get(row.get("order_id") or "", "")
    assert all(order["shipped_at"] >= order["ordered_at"] for order in demo["orders"] if order["shipped_at"])


def test_deals_are_skipped_reentered_lost_reopened_touched_and_revalued(demo: Bundle) -> None:
    position = {(s["pipeline_id"], s["stage_id"]): int(s["position"]) for s in demo["stages"]}
    kind = {(s["pipeline_id"], s["stage_id"]): s["kind"] for s in demo["stages"]}
    funnel = {deal["deal_id"]: deal["pipeline_id"] for deal in demo["deals"]}
    seen: Counter[str] = Counter()
    for id, story in demo.stories().items():
        places = [(funnel[id], event["to_stage"]) for event in story if event["type"] != "DealTouched"]
        steps = list(pairwise(places))
        seen["re-entered"] += len(set(places)) < len(places)
        seen["skipped"] += any(position[b] - position[a] > 1 and kind[b] == "in_work" for a, b in steps)
        seen["reopened lost"] += any(kind[a] == "lost" and kind[b] == "in_work" for a, b in steps)
        seen["reopened won"] += any(kind[a] == "won" and kind[b] == "in_work" for a, b in steps)
        seen["touched"] += any(event["type"] == "DealTouched" for event in story)
        seen[f"now {kind[places[-1]]}"] += 1
        seen["revalued on the way"] += any(e["amount"] and kind[funnel[id], e["to_stage"]] != "won" for e in story[1:])
        seen["revalued when won"] += any(e["amount"] and kind[funnel[id], e["to_stage"]] == "won" for e in story[1:])
        seen[funnel[id]] += 1
    some = {
        "re-entered", "skipped", "reopened lost", "reopened won", "touched", "now in_work", "now won", "now lost",
        "revalued on the way", "revalued when won", "Sales", "Tenders",
    }  # fmt: skip
    assert {what for what, count in seen.items() if count >= 5} == some, seen
    closed = seen["now won"] + seen["now lost"]
    assert 0.2 < seen["now won"] / closed < 0.5
    assert seen["now in_work"] < 0.2 * (closed + seen["now in_work"])


def test_deals_move_in_working_hours_and_business_grows(demo: Bundle) -> None:
    moves = [event["occurred_at"] for event in demo["deal_events"] if event["type"] != "DealCreated"]
    assert all("07:00" <= at[11:16] < "16:00" and date.fromisoformat(at[:10]).weekday() < 5 for at in moves)
    created = Counter(date.fromisoformat(deal["created_at"][:10]).weekday() for deal in demo["deals"])
    assert max(created[5], created[6]) < 0.4 * min(created[day] for day in range(5))
    first, second = (
        sum(year == (order["ordered_at"] >= "2025-05-28") for order in demo["orders"]) for year in (False, True)
    )
    assert 1.1 * first < second < 2.2 * first


def test_orders_have_every_status_currency_and_kind_of_payment(demo: Bundle) -> None:
    orders, customers = demo["orders"], {customer["customer_id"]: customer for customer in demo["customers"]}
    assert list(dict.fromkeys(order["status"] for order in orders)) == [
        "New", "Confirmed", "In production", "Shipped", "Completed", "Cancelled",
    ]  # fmt: skip
    kinds = {order["status"]: order["status_kind"] for order in orders}
    assert [kinds[s] for s in ("New", "Shipped", "Completed", "Cancelled")] == ["in_work", "won", "won", "lost"]
    assert {order["currency"] for order in orders} == {"EUR", "USD", "UAH", "PLN"}
    assert {customer["currency"] for customer in customers.values()} == {"EUR", "USD", "UAH", "PLN"}
    assert 0 < sum(not order["customer_id"] for order in orders) < 0.05 * len(orders)
    assert any(Decimal(order["tax"] or 0) and Decimal(order["shipping_cost"] or 0) for order in orders)
    assert any(order["required_at"] for order in orders)
    assert any(Decimal(line["discount"]) for line in demo["order_lines"])
    for line in demo["order_lines"]:
        exact = Decimal(line["quantity"]) * Decimal(line["unit_price"]) * (1 - Decimal(line["discount"]))
        assert abs(Decimal(line["line_total"]) - exact) <= Decimal("0.005")
        assert Decimal(line["unit_cost"]) < Decimal(line["unit_price"])
    bought = Counter(o["customer_id"] for o in orders if o["status_kind"] == "won" and o["customer_id"])
    assert sum(count > 1 for count in bought.values()) > 0.3 * len(bought)
    assert max(bought.values()) > 8 * sorted(bought.values())[len(bought) // 2]


def test_payments_settle_orders_in_full_in_parts_late_or_never(demo: Bundle) -> None:
    rates = {(rate["date"], rate["currency"]): Decimal(rate["units_per_base"]) for rate in demo["fx_rates"]}
    goods: Counter[str] = Counter()
    for line in demo["order_lines"]:
        goods[line["order_id"]] += int(Decimal(line["line_total"]) * 100)
    paid: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for payment in demo["payments"]:
        paid[payment["order_id"]].append((payment["paid_at"], int(Decimal(payment["amount"]) * 100)))
    assert paid.pop("")
    seen: Counter[str] = Counter()
    for order in demo["orders"]:
        if order["status"] != "Completed":
            continue
        rate = rates.get((order["ordered_at"][:10], order["currency"]), Decimal(1))
        extra = Decimal(order["shipping_cost"] or 0) + Decimal(order["tax"] or 0)
        due = int((goods[order["order_id"]] / rate).quantize(Decimal(1), "ROUND_HALF_UP") + extra * 100)
        payments = paid[order["order_id"]]
        share = "none" if not payments else "full" if sum(cents for _, cents in payments) == due else "part"
        seen[share] += 1
        seen["ahead"] += any(at < order["shipped_at"] for at, _ in payments)
        seen["in two"] += len(payments) == 2
        assert sum(cents for _, cents in payments) <= due
    assert {what for what, count in seen.items() if count >= 10} == {"none", "part", "full", "ahead", "in two"}, seen
    assert seen["full"] > 0.7 * (seen["full"] + seen["part"] + seen["none"])


def test_every_rate_that_is_needed_is_there_and_today_s(demo: Bundle) -> None:
    rates = [(rate["date"], rate["currency"]) for rate in demo["fx_rates"]]
    assert len(set(rates)) == len(rates)
    needed = {(o["ordered_at"][:10], o["currency"]) for o in demo["orders"] if o["currency"] != "EUR"}
    assert set(rates) == needed | {(UNTIL.isoformat(), currency) for currency in ("USD", "UAH", "PLN")}


def test_all_three_scripts_are_there(demo: Bundle) -> None:
    for table, column in (("customers", "name"), ("notes", "text")):
        letters = Counter(letter for row in demo[table] for letter in row[column].lower())
        for script in ("abcdefghij", "ґєії", "ыэъё"):
            assert all(letters[letter] for letter in script), (table, script)


def test_nobody_real_can_be_reached(demo: Bundle) -> None:
    emails = [customer["email"] for customer in demo["customers"] if customer["email"]]
    assert len(set(emails)) == len(emails) > 0.8 * CLIENTS
    assert all(email.split("@")[1] in ("example.com", "example.org", "example.net") for email in emails)
    assert all(email.isascii() and " " not in email for email in emails)
    phones = [customer["phone"] for customer in demo["customers"] if customer["phone"]]
    kept_for_fiction = re.compile(
        r"\+1 \d{3} 555 01\d\d|\+49 (30 23125|40 66969|89 99998) \d{3}|\+44 (20 7946 0|113 496 0|7700 900)\d{3}"
        r"|\+(380|48|7|420) (\d+ )?000 \d{4,6}"
    )
    assert len(phones) > 0.8 * CLIENTS
    assert [phone for phone in phones if not kept_for_fiction.fullmatch(phone)] == []
    assert len({customer["name"] for customer in demo["customers"]}) == CLIENTS
