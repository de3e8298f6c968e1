"""The JSON API tells the numbers that the open sets expect: clients, stages, months and explanations."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.cli.filling import bring
from tests.support.app import App, running
from tests.support.open_data import canonical, expected

_COUNTS = ("sales_count", "in_work_count", "refused_count")
_SUMS = ("sales_sum", "in_work_sum", "refused_sum", "avg_check")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _minor(text: str) -> int:
    return int(Decimal(text) * 100)


async def _all(app: App, path: str, what: str = "items", **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    page = await app.get(path, limit=100, **params)
    while True:
        items += page[what]
        if page["next"] is None:
            return items
        page = await app.get(path, limit=100, cursor=page["next"], **params)


@pytest.mark.parametrize("name", ["maven_crm", "northwind/classic_1996_1998", "northwind/traders_2006"])
async def test_the_api_tells_the_expected_numbers(tmp_path: Path, name: str) -> None:  # S1.4 to S1.10, S2.12, X2
    await bring(tmp_path / "data", canonical(name), strict=True, source=None)
    async with running(tmp_path / "data") as app:
        assert await app.engine.settle(60)
        known = {client["client_id"]: client["external_id"] for client in await _all(app, "/clients")}
        rows = {known[row["id"]]: row for row in await _all(app, "/metrics/clients", sort="-sales_sum")}
        want = {row["customer_id"]: row for row in _rows(expected(name) / "customers.csv")}
        assert rows.keys() == want.keys()
        for customer, row in want.items():
            got = rows[customer]
            assert [got[field] for field in _COUNTS] == [int(row[field]) for field in _COUNTS], customer
            assert [got[field] for field in _SUMS] == [_minor(row[field]) for field in _SUMS], customer
            assert got["balance"] == (_minor(row["balance"]) if row["balance"] else None), customer
        months = {row["month"]: row for row in (await app.get("/boards/revenue"))["months"]}
        for row in _rows(expected(name) / "revenue_by_month.csv"):
            got = months[row["month"]]
            assert (got["sales_count"], got["sales_sum"]) == (int(row["sales_count"]), _minor(row["sales_sum"]))
        best = max(rows.values(), key=lambda row: row["sales_sum"])
        parts = await _all(app, f"/explain/clients/{best['id']}/sales_sum", "parts")
        assert sum(part["amount"] for part in parts) == best["sales_sum"]
        assert len(parts) == best["sales_count"]
