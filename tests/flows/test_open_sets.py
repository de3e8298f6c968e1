"""The four open sets through the whole product: the numbers are the expected ones, however the facts came in (#3)."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import json
import os
import shutil
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from contracts.base import to_millis
from contracts.envelope import rfc3339
from services.cli.in_folder import InFolder
from services.kit.engine import Engine
from services.kit.settings import Settings
from tests.support.open_data import SETS, canonical, expected
from tests.support.workspaces import (
    Numbers,
    compared,
    differences,
    imported,
    imported_and_rebuilt,
    past,
    present,
    rebuilt,
    within,
)

LARGE = {"helpdesk_it", "maven_crm"}
MOMENTS = 10
TIMES = {
    "deals": "created_at", "deal_events": "occurred_at", "orders": "ordered_at", "payments": "paid_at",
    "notes": "created_at",
}  # fmt: skip
"""The column that says when a row became true."""
Row = dict[str, str]
Tables = dict[str, list[Row]]


def read(folder: Path) -> Tables:
    tables: Tables = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            tables[file.stem] = list(csv.DictReader(lines))
    return tables


def written(folder: Path, source: Path, tables: Tables, **meta: str) -> Path:
    """Write these tables as a bundle; a table of no rows keeps its header, everything else is that of `source`."""
    shutil.copytree(source, folder)
    for name, rows in tables.items():
        header = (source / f"{name}.csv").read_text("utf-8").splitlines()[0].split(",")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    told = json.loads((source / "meta.json").read_text("utf-8")) | meta
    (folder / "meta.json").write_text(json.dumps(told), "utf-8")
    return folder


def at(text: str) -> int:
    return to_millis(datetime.fromisoformat(text))


def as_of(name: str) -> int:
    return at(json.loads((canonical(name) / "meta.json").read_text("utf-8"))["as_of"])


def following(tables: Tables) -> Tables:
    """Leave out what refers to an order that is not there."""
    orders = {row["order_id"] for row in tables.get("orders", [])}
    for name in ("order_lines", "payments", "notes"):
        if name in tables:
            tables[name] = [row for row in tables[name] if not row.get("order_id") or row["order_id"] in orders]
    return tables


def first_half(name: str) -> Tables:
    """The first half of the facts: of the deals' events, or of the orders with what belongs to them."""
    tables = read(canonical(name))
    for table in ("deal_events", "orders", "payments"):
        tables[table] = tables.get(table, [])[: len(tables.get(table, [])) // 2]
    return following({table: rows for table, rows in tables.items() if (canonical(name) / f"{table}.csv").exists()})


def interleaved(name: str) -> Tables:
    """The same facts with the subjects in another order; each deal's own events keep theirs."""
    chance = Random(name)
    tables = read(canonical(name))
    queues: dict[str, deque[Row]] = defaultdict(deque)
    for row in tables.pop("deal_events", []):
        queues[row["deal_id"]].append(row)
    deals = [deal for deal, rows in queues.items() for _ in rows]
    chance.shuffle(deals)
    for rows in tables.values():
        if rows is not tables.get("stages"):
            chance.shuffle(rows)
    if deals:
        tables["deal_events"] = [queues[deal].popleft() for deal in deals]
    return tables


def until(name: str, moment: int) -> Tables:
    """The facts up to a moment, and the customers that had begun by then: at created_at, else at their first fact."""
    tables = read(canonical(name))
    for table, column in TIMES.items():
        if table in tables:
            tables[table] = [row for row in tables[table] if row[column] and at(row[column]) <= moment]
    for row in tables.get("orders", []):
        if row["shipped_at"] and at(row["shipped_at"]) > moment:
            row["shipped_at"] = ""
    tables = following(tables)
    active = {row["customer_id"] for table in ("deals", "orders", "payments", "notes") for row in tables.get(table, [])}
    tables["customers"] = [
        row
        for row in tables["customers"]
        if (at(row["created_at"]) <= moment if row["created_at"] else row["customer_id"] in active)
    ]
    return tables


def moments(name: str) -> list[int]:
    """Ten moments between the first and the last fact, each that of a fact: where off by one shows."""
    tables = read(canonical(name))
    facts = sorted(at(row[column]) for table, column in TIMES.items() for row in tables.get(table, []) if row[column])
    facts += [at(row["shipped_at"]) for row in tables.get("orders", []) if row["shipped_at"]]
    facts.sort()
    return [facts[len(facts) * i // (MOMENTS + 1)] for i in range(1, MOMENTS + 1)]


def same(got: Numbers, want: Numbers) -> bool:
    """Tell whether all numbers are the same; the order of rows is part of them."""
    assert want[0]["customers"]
    assert got[1] == want[1]
    assert got[0].keys() == want[0].keys()
    for table, rows in want[0].items():
        assert got[0][table] == rows, table
    return True


Once = Callable[[str], tuple[Path, Numbers]]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return a function: the set imported once, as its folder and its numbers. Tests copy the folder to open it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def get(name: str) -> tuple[Path, Numbers]:
        folder = shared / f"once-{name.replace('/', '-')}"
        folder.mkdir(exist_ok=True)
        done = folder / "numbers.json"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                numbers, events = asyncio.run(imported(folder / "data", canonical(name), now=as_of(name)))
                assert events[0] > 0
                done.write_text(json.dumps(numbers), "utf-8")
        tables, files = json.loads(done.read_text("utf-8"))
        return folder / "data", (tables, files)

    return get


@pytest.mark.parametrize("name", SETS)
def test_all_values_are_the_expected_ones(once: Once, tmp_path: Path, name: str) -> None:
    _, numbers = once(name)
    told = compared(numbers, expected(name), tmp_path / "out")
    assert told.endswith(" 0 differ\n"), told
    assert not told.startswith("0 values")


@pytest.mark.parametrize("name", SETS)
def test_the_commands_import_and_export_the_expected_values(once: Once, tmp_path: Path, name: str) -> None:
    """As a person does it: an import into an empty workspace builds the read models at once."""
    data, out, errors = tmp_path / "data", tmp_path / "out", tmp_path / "errors.csv"
    for again in ("read models built", "nothing new"):
        code = asyncio.run(
            InFolder(Settings(), data).import_(canonical(name), strict=False, source=None, errors=errors)
        )
        assert (code, errors.exists()) == (0, False), again
    assert asyncio.run(InFolder(Settings(), data).export_metrics(out, as_of(name))) == 0
    assert compared(({}, {}), expected(name), out).endswith(" 0 differ\n")
    assert same(asyncio.run(present(data, as_of(name))), once(name)[1])


@pytest.mark.parametrize("name", SETS)
def test_verify_finds_nothing(once: Once, tmp_path: Path, name: str) -> None:
    data = shutil.copytree(once(name)[0], tmp_path / "data")
    assert asyncio.run(within(data, differences)) == ([], [])


@pytest.mark.parametrize("name", SETS)
def test_twice_is_once(once: Once, tmp_path: Path, name: str) -> None:
    data, numbers = once(name)
    shutil.copytree(data, tmp_path / "data")
    again, events = asyncio.run(imported(tmp_path / "data", canonical(name), now=as_of(name)))
    assert events == [0]
    assert same(again, numbers)


@pytest.mark.parametrize("name", SETS)
def test_the_first_half_then_all(once: Once, tmp_path: Path, name: str) -> None:
    _, numbers = once(name)
    half = written(tmp_path / "half", canonical(name), first_half(name))
    got, events = asyncio.run(imported(tmp_path / "data", half, canonical(name), now=as_of(name)))
    assert min(events) > 0
    assert same(got, numbers)


@pytest.mark.parametrize("name", SETS)
def test_interleaved_in_another_order(once: Once, tmp_path: Path, name: str) -> None:
    _, numbers = once(name)
    bundle = written(tmp_path / "bundle", canonical(name), interleaved(name))
    assert (bundle / "customers.csv").read_bytes() != (canonical(name) / "customers.csv").read_bytes()
    got, _ = asyncio.run(imported(tmp_path / "data", bundle, now=as_of(name)))
    assert same(got, numbers)


@pytest.mark.parametrize("name", SETS)
def test_twelve_lanes_with_shuffled_topics(once: Once, tmp_path: Path, name: str) -> None:
    _, numbers = once(name)
    got, _ = asyncio.run(imported(tmp_path / "data", canonical(name), now=as_of(name), lanes=12, shuffle_seed=7))
    assert same(got, numbers)


@pytest.mark.parametrize("name", SETS)
def test_after_a_rebuild(once: Once, tmp_path: Path, name: str) -> None:
    data, numbers = once(name)
    shutil.copytree(data, tmp_path / "data")
    asyncio.run(rebuilt(tmp_path / "data"))
    assert asyncio.run(within(tmp_path / "data", served)) == {"analytics": "analytics.4-2", "pipeline": "pipeline.1-2"}
    assert same(asyncio.run(present(tmp_path / "data", as_of(name))), numbers)


async def served(running: Engine) -> dict[str, str]:
    return {name: await running.serving(name) for name in ("analytics", "pipeline")}


@pytest.mark.parametrize("name", SETS)
def test_ten_earlier_moments(once: Once, tmp_path: Path, name: str) -> None:
    data, numbers = once(name)
    chosen = moments(name)
    got = asyncio.run(past(shutil.copytree(data, tmp_path / "data"), chosen))
    for place, moment in enumerate(chosen):
        bundle = written(tmp_path / f"{place}", canonical(name), until(name, moment), as_of=rfc3339(moment))
        fresh = tmp_path / f"{place}-data"
        if name in LARGE:
            want = asyncio.run(imported_and_rebuilt(fresh, bundle, moment))
        else:
            want, _ = asyncio.run(imported(fresh, bundle, now=moment))
        assert want != numbers
        assert same(got[place], want)
        shutil.rmtree(fresh)
