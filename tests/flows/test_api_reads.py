"""Reads over HTTP: lists, search, and the numbers of a small history computed by hand, with 1 lane and with 12."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.kit.adapters.sqlite_documents import SqliteDocuments
from tests.support.app import App, running
from tests.support.patience import PATIENCE
from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_BEGIN = 1_704_067_200_000  # 2024-01-01T00:00Z
_SHOP = [("A", "in_work", "0.25"), ("B", "in_work", "0.5"), ("W", "bought", None), ("L", "refused", None)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[1, 12], ids=["1 lane", "12 lanes"])
async def shop(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> AsyncIterator[App]:
    """The worked example of DEFINITIONS: deals 1 and 2; a client with two won orders, one in work, one payment."""
    folder: Path = tmp_path_factory.mktemp("shop")
    async with running(folder, lanes=request.param, shuffle_seed=7 if request.param > 1 else None) as app:
        await app.done("/settings", {"base_currency": "EUR"})
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        stages = [
            {"stage_id": name, "name": f"Stage {name}", "kind": kind} | ({"probability": chance} if chance else {})
            for name, kind, chance in _SHOP
        ]
        await app.done("/funnels", {"funnel_id": "deals", "name": "Deals", "subject": "deal", "stages": stages})
        orders = [
            {"stage_id": "open", "name": "Open", "kind": "in_work"},
            {"stage_id": "done", "name": "Done", "kind": "bought"},
        ]
        await app.done("/funnels", {"funnel_id": "shop", "name": "Shop", "subject": "order", "stages": orders})
        await _deals(app)
        await _orders(app)
        assert await app.engine.settle()
        yield app


async def _deals(app: App) -> None:
    await app.done("/clients", {"client_id": "walker", "name": "Walker", "status": "current", "at": _BEGIN})
    for deal, moves in {"d1": [(1, "B"), (3, "A"), (4, "W")], "d2": [(2, "B")]}.items():
        body = {
            "deal_id": deal,
            "client_id": "walker",
            "funnel_id": "deals",
            "stage_id": "A",
            "value": 1000,
            "at": _BEGIN,
        }
        await app.done("/deals", body)
        for hours, stage in moves:
            await app.done(f"/deals/{deal}/stage", {"stage_id": stage, "at": _BEGIN + hours * _HOUR})


async def _orders(app: App) -> None:
    body = {"client_id": "acme", "name": "Acme", "country": "UA", "segment": "B2B", "owner_id": "maria", "at": _BEGIN}
    await app.done("/clients", body | {"status": "current"})
    for product, cost in {"p1": "60", "p2": "30"}.items():
        await app.done("/products", {"product_id": product, "names": {"": product.upper()}, "at": _BEGIN})
        await app.done(f"/products/{product}/cost", {"cost": cost, "currency": "EUR", "valid_from": 0})
    for order, product, price, status, day, shipping in [
        ("o1", "p1", "100", "done", 0, 500),
        ("o2", "p2", "50", "done", 10, 500),
        ("o3", "p2", "70", "open", 40, 0),
    ]:
        line = {"product_id": product, "quantity": "1", "unit_price": price}
        body = {"order_id": order, "client_id": "acme", "owner_id": "maria", "funnel_id": "shop", "status": status}
        await app.done("/orders", body | {"lines": [line], "shipping": shipping, "at": _BEGIN + day * _DAY})
    await app.done("/orders/o1/ship", {"at": _BEGIN + 2 * _DAY})
    await app.done(
        "/payments", {"payment_id": "m1", "client_id": "acme", "amount": 12_000, "currency": "EUR", "at": _BEGIN + _DAY}
    )


# ---------------------------------------------------------------- numbers


async def test_the_metrics_of_a_client(shop: App):  # S1.4 to S1.10, S2.9 to S2.15, DEFINITIONS worked example
    found = await shop.get("/clients/acme/metrics")
    assert (found["currency"], found["stale"]) == ("EUR", False)
    item = found["item"]
    expected = {
        "sales_count": 2,
        "sales_sum": 15_000,
        "avg_check": 7_500,
        "in_work_count": 1,
        "in_work_sum": 7_000,
        "refused_count": 0,
        "refused_sum": 0,
        "profit": 6_000,
        "billed": 16_000,
        "paid": 12_000,
        "balance": -4_000,
        "first_sale_at": _BEGIN,
        "last_sale_at": _BEGIN + 10 * _DAY,
        "first_shipment_at": _BEGIN + 2 * _DAY,
        "mean_days_between_sales": "10.0000",
        "sales_per_month": "2.0000",
        "owner_id": "maria",
        "country": "UA",
    }
    assert {name: item[name] for name in expected} == expected
    by_currency = {"currency": "EUR", "sales_count": 2, "sales_sum": 15_000, "in_work_count": 1, "in_work_sum": 7_000}
    assert item["by_currency"] == [by_currency | {"refused_count": 0, "refused_sum": 0}]


async def test_the_times_of_a_funnel(shop: App):  # S2.5, P8, DEFINITIONS worked example
    found = await shop.get("/funnels/deals/numbers")
    a, b, won, lost = found["stages"]
    assert (a["entered"], a["visits"], b["entered"], b["visits"], won["entered"]) == (2, 3, 2, 2, 1)
    assert (a["stays"]["mean"], a["stays"]["median"]) == ("4800000.000", "3600000.000")
    assert (b["stays"]["count"], b["stays"]["mean"], b["open_visits"], b["current"]) == (1, "7200000.000", 1, 1)
    assert a["per_subject"]["mean"] == "7200000.000"
    assert (b["current_sum"], b["expected_revenue"], b["probability"]) == (1_000, 500, "0.5")
    assert (a["reached"], b["reached"], won["reached"], lost["reached"]) == (2, 2, 1, None)
    assert [(s["conversion_entered"], s["conversion_reached"]) for s in found["conversion"]] == [
        ("1.000000", "1.000000"),
        ("0.500000", "0.500000"),
    ]
    moves = {
        (t["from_stage"], t["to_stage"]): (t["moves"], t["share"], t["before"]["mean"]) for t in found["transitions"]
    }
    assert moves == {
        ("A", "B"): (2, "0.666667", "5400000.000"),
        ("A", "W"): (1, "0.333333", "3600000.000"),
        ("B", "A"): (1, "1.000000", "7200000.000"),
    }


async def test_a_funnel_in_short_says_the_same(shop: App):
    long, short = await shop.get("/funnels/deals/numbers"), await shop.get("/funnels/deals/summary")
    assert short["conversion"] == long["conversion"]
    assert [(s["stage_id"], s["entered"], s["current"], s["mean"], s["median"]) for s in short["stages"]] == [
        (s["stage_id"], s["entered"], s["current"], s["stays"]["mean"], s["stays"]["median"]) for s in long["stages"]
    ]


async def test_clients_by_any_metric_with_totals(shop: App):  # S1.2, S1.14
    found = await shop.get("/metrics/clients")
    assert [row["id"] for row in found["items"]] == ["acme", "walker"]
    totals = found["totals"]
    assert (totals["clients"], totals["sales_count"], totals["sales_sum"], totals["exact"]) == (2, 3, 16_000, True)
    assert totals["avg_check"] == 5_333
    for sort, first in {
        "sales_count": "walker",
        "-in_work_sum": "acme",
        "-avg_check": "acme",
        "balance": "acme",
    }.items():
        assert (await shop.get("/metrics/clients", sort=sort, limit=1))["items"][0]["id"] == first, sort


@pytest.mark.parametrize(
    ("filters", "clients", "total"),
    [
        ({"country": "UA"}, ["acme"], 15_000),
        ({"country": ""}, ["walker"], 1_000),
        ({"owner_id": "maria"}, ["acme"], 15_000),
        ({"segment": "B2B", "country": "UA"}, ["acme"], 15_000),
        ({"status": "current"}, ["acme", "walker"], 16_000),
        ({"segment": "B2C"}, [], 0),
    ],
)
async def test_filtered_metrics_have_the_totals_of_the_filter(shop: App, filters: dict, clients: list, total: int):
    found = await shop.get("/metrics/clients", **filters)
    assert [row["id"] for row in found["items"]] == clients
    assert (found["totals"]["clients"], found["totals"]["sales_sum"]) == (len(clients), total)


async def test_pages_follow_each_other(shop: App):
    first = await shop.get("/metrics/clients", limit=1)
    second = await shop.get("/metrics/clients", limit=1, cursor=first["next"])
    assert [first["items"][0]["id"], second["items"][0]["id"]] == ["acme", "walker"]
    assert second["next"] is None
    assert first["totals"] == second["totals"]


async def test_boards(shop: App):
    totals = await shop.get("/boards/totals")
    assert (totals["all"]["sales_sum"], totals["all"]["profit"], totals["all"]["billed"]) == (16_000, 7_000, 17_000)
    assert totals["without_client"]["sales_count"] == 0
    deals = await shop.get("/boards/deals", funnel_id="deals")
    assert (deals["deals"], deals["won"], deals["conversion"], deals["win_rate"]) == (2, 1, "0.500000", "1.000000")
    assert deals["cycle"]["median"] == "14400000.000"
    assert deals["months"] == [{"month": "2024-01", "created": 2, "won": 1, "lost": 0}]
    revenue = await shop.get("/boards/revenue")
    assert [(m["month"], m["sales_sum"], m["new_clients"]) for m in revenue["months"]] == [("2024-01", 16_000, 2)]
    sellers = (await shop.get("/boards/sellers"))["sellers"]
    assert [(s["rank"], s["owner_id"], s["sales_sum"], s["win_rate"]) for s in sellers] == [
        (1, "maria", 15_000, "1.000000")
    ]
    monthly = (await shop.get("/boards/sellers-by-month"))["rows"]
    assert [(m["month"], m["owner_id"], m["avg_check"]) for m in monthly] == [("2024-01", "maria", 7_500)]
    products = (await shop.get("/boards/products", by="revenue"))["products"]
    assert [(p["product_id"], p["quantity"], p["revenue"]) for p in products] == [
        ("p1", "1", 10_000),
        ("p2", "1", 5_000),
    ]
    countries = (await shop.get("/boards/countries"))["rows"]
    assert [(row["value"], row["clients"], row["sales_sum"]) for row in countries] == [
        ("", 1, 1_000),
        ("UA", 1, 15_000),
    ]
    assert [row["value"] for row in (await shop.get("/boards/segments"))["rows"]] == ["", "B2B"]
    shipped = (await shop.get("/boards/shipments", by="owner"))["rows"]
    assert [(row["month"], row["shipments"], row["goods"], row["cost"]) for row in shipped] == [
        ("2024-01", 1, 10_000, 6_000)
    ]
    received = (await shop.get("/boards/receipts"))["rows"]
    assert [(row["month"], row["branch"], row["payments"], row["amount"]) for row in received] == [
        ("2024-01", None, 1, 12_000)
    ]
    fulfilment = await shop.get("/boards/fulfilment")
    assert (fulfilment["orders"], fulfilment["shipped"], fulfilment["share"]) == (3, 1, "0.333333")
    assert (fulfilment["lead"]["mean"], fulfilment["late"]) == ("172800000.000", None)


async def test_the_sales_rules_name_the_class_of_every_stage(shop: App):  # S1.28 to S1.33
    found = await shop.get("/sales-rules")
    kinds = {(stage["funnel_id"], stage["stage_id"]): stage["kind"] for stage in found["stages"]}
    assert kinds["deals", "W"] == "bought"
    assert kinds["shop", "open"] == "in_work"
    assert (found["applied"], found["unclassified_count"], found["version"]) == (True, 0, 0)


async def test_a_sum_is_explained_by_what_it_is_made_of(shop: App):  # X2
    first = await shop.get("/explain/clients/acme/sales_sum", limit=1)
    second = await shop.get("/explain/clients/acme/sales_sum", limit=1, cursor=first["next"])
    parts = first["parts"] + second["parts"]
    assert [(part["fact_id"], part["amount"]) for part in parts] == [("o1", 10_000), ("o2", 5_000)]
    assert first["value"] == sum(part["amount"] for part in parts) == 15_000
    mean = await shop.get("/explain/stages/deals/A/mean")
    assert (mean["value"], mean["total"], mean["count"], len(mean["parts"])) == (4_800_000, 4 * _HOUR, 3, 3)


# ---------------------------------------------------------------- lists


async def test_lists_are_filtered_sorted_and_counted(app: App, world: World):
    owner = await world.make("employee")
    for name, temperature in [("Cold Co", "cold"), ("Hot Co", "hot"), ("Warm Co", "warm")]:
        done = await app.done("/clients", {"name": name, "temperature": temperature, "owner_id": owner})
    query: dict[str, Any] = {"owner_id": owner, "after": done["token"]}
    names = [item["name"] for item in (await app.get("/clients", sort="temperature", **query))["items"]]
    assert names == ["Hot Co", "Warm Co", "Cold Co"]  # P28
    found = await app.get("/clients", temperature="hot", count=True, **query)
    assert ([item["name"] for item in found["items"]], found["total"], found["total_exact"]) == (["Hot Co"], 1, True)


@pytest.mark.parametrize("q", ["Зоря", "зоря схід", "office@zorya", "4567", "+380 44", "DE123"])
async def test_a_client_is_found_by_what_one_knows(app: App, q: str):  # S3.5
    body = {
        "client_id": "zorya",
        "name": "ТОВ «Зоря» Схід",
        "email": "office@zorya.ua",
        "phones": ["+380 44 123-45-67"],
    }
    await app.post("/clients", body | {"tax_id": "DE123456"}, key="zorya")
    assert await app.engine.settle()
    assert [item["client_id"] for item in (await app.get("/clients", q=q))["items"]] == ["zorya"]
    assert (await app.get("/clients", q=q, status="current"))["items"] == []


async def test_notes_stand_by_priority_then_newest_first(app: App, world: World):  # S3.23
    client = await world.make("client")
    for text, priority, day in [("old", "none", 1), ("new", "none", 2), ("urgent", "high", 0)]:
        body = {"client_id": client, "text": text, "priority": priority, "at": _BEGIN + day * _DAY}
        done = await app.done("/notes", body)
    found = await app.get(f"/clients/{client}/notes", after=done["token"])
    assert [item["text"] for item in found["items"]] == ["urgent", "new", "old"]


async def test_removed_and_erased_things_are_shown_on_demand(app: App, world: World):
    client, note = await world.make("client"), await world.make("note")
    await app.done(f"/notes/{note}/remove")
    done = await app.done(f"/clients/{client}/erase")
    assert (await app.get(f"/clients/{client}/notes", after=done["token"]))["items"] == []
    removed = await app.get(f"/clients/{client}/notes", removed=True)
    assert [item["text"] for item in removed["items"]] == [""]
    assert (await app.get("/clients", ids=f"{client},nobody"))["items"][0]["erased"] is True
    assert client not in [item["client_id"] for item in (await app.get("/clients", limit=200))["items"]]


async def test_single_records_carry_their_version_as_etag(app: App, world: World):
    deal = await world.make("deal")
    assert await app.engine.settle()
    response = await app.http.get(f"/api/v1/deals/{deal}")
    assert response.headers["etag"] == '"1"'


async def test_money_that_was_never_stored_is_null_not_zero(tmp_path: Path):  # DEFINITIONS
    async with running(tmp_path) as app:
        done = await app.done("/clients", {"client_id": "new", "name": "New"})
        item = (await app.get("/clients/new/metrics", after=done["token"]))["item"]
        assert [item[name] for name in ("profit", "billed", "paid", "balance")] == [None] * 4
        assert (item["sales_count"], item["avg_check"]) == (0, 0)  # S1.12


# ---------------------------------------------------------------- state


async def test_the_state_is_told(app: App):
    assert (await app.http.get("/health/live")).json() == {"status": "alive"}
    assert await app.engine.settle()
    found = await app.get("/status")
    assert (found["ready"], found["problems"]) == (True, [])
    assert found["head"] == await app.engine.ports.store.head()
    assert {group["name"]: group["lag"] for group in found["groups"]} == dict.fromkeys(app.engine.runners, 0)
    metrics = (await app.http.get("/metrics")).text
    assert 'voronka_lag_events{group="analytics"} 0.0' in metrics


async def test_a_failed_worker_makes_the_process_not_ready(app: App, monkeypatch: pytest.MonkeyPatch):
    assert (await app.http.get("/health/ready")).status_code == 200
    monkeypatch.setattr(app.engine.workers, "failure", RuntimeError("boom"))
    response = await app.http.get("/health/ready")
    assert response.status_code == 503
    assert "a worker ended with RuntimeError" in response.json()["detail"]
    assert response.headers["retry-after"] == "1"


async def test_nothing_is_answered_while_the_workspace_is_loaded(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app.engine, "started", False)
    assert (await app.http.get("/health/ready")).json()["code"] == "not-ready"
    assert (await app.http.get("/api/v1/clients")).json()["code"] == "unavailable"
    assert (await app.post("/clients", {"name": "A"})).json()["code"] == "unavailable"
    assert "being loaded" in (await app.http.get("/")).text


async def test_a_request_right_after_a_restart_is_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # it answered 500 until all documents were open
    may, define = asyncio.Event(), SqliteDocuments.define

    async def held(self: SqliteDocuments, *given: Any) -> None:
        await may.wait()
        await define(self, *given)

    async with running(tmp_path) as app:
        assert await app.engine.settle(PATIENCE)
    monkeypatch.setattr(SqliteDocuments, "define", held)
    async with running(tmp_path) as app:
        for path in ("/api/v1/clients", "/api/v1/metrics/clients", "/clients", "/"):
            response = await app.http.get(path)
            assert response.status_code == 503, (path, response.text)
        may.set()
        assert await app.engine.settle(PATIENCE)
        assert (await app.http.get("/clients")).status_code == 200


async def test_a_new_workspace_answers_from_the_first_moment(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        for path in ("/api/v1/clients", "/api/v1/metrics/clients", "/clients", "/"):
            assert (await app.http.get(path)).status_code == 200, path
