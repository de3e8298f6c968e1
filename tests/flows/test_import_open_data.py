"""The four open sets: every row becomes its event; twice is once; half, then all is the same as all at once."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.support.bundles import Log, opened
from tests.support.open_data import SETS, canonical


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    path = folder / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def counted(log: Log) -> Counter[str]:
    return Counter(event.type.split(".")[1] for event in await log.events())


@pytest.mark.parametrize("name", SETS)
async def test_every_row_becomes_its_event_and_twice_is_once(tmp_path: Path, name: str) -> None:
    folder = canonical(name)
    async with opened(tmp_path) as log:
        report = await log.take(folder)
        assert report.errors == []
        types = Counter(row["type"] for row in rows(folder, "deal_events"))
        orders, products = rows(folder, "orders"), rows(folder, "products")
        found = await counted(log)
        expected = {
            "DealOpened": types["DealCreated"],
            "DealStageChanged": types["DealStageChanged"],
            "DealTouched": types["DealTouched"],
            "ClientRegistered": len(rows(folder, "customers")),
            "EmployeeAdded": len(rows(folder, "users")),
            "ProductAdded": len(products),
            "PriceSet": sum(row["list_price"] != "" for row in products),
            "CostSet": sum(row["unit_cost"] != "" for row in products),
            "OrderPlaced": len(orders),
            "OrderShipped": sum(row["shipped_at"] != "" for row in orders),
            "PaymentReceived": len(rows(folder, "payments")),
            "NoteAdded": len(rows(folder, "notes")),
            "StageAdded": len(rows(folder, "stages")) + len({(o["status"], o["status_kind"]) for o in orders}),
        }
        assert {name: found[name] for name in expected} == expected
        again = await log.take(folder)
        assert (again.events, again.errors) == (0, [])
        assert await counted(log) == found


@pytest.mark.parametrize("name", ["helpdesk_it", "maven_crm"])
async def test_half_of_the_events_then_all(tmp_path: Path, name: str) -> None:
    folder = canonical(name)
    half = tmp_path / "half"
    shutil.copytree(folder, half)
    lines = (folder / "deal_events.csv").read_text("utf-8").splitlines(keepends=True)
    (half / "deal_events.csv").write_text("".join(lines[: len(lines) // 2]), "utf-8")
    async with opened(tmp_path / "data") as log, opened(tmp_path / "once") as once:
        assert (await log.take(half)).errors == []
        assert (await log.take(folder)).errors == []
        await once.take(folder)
        assert await log.told() == await once.told()
