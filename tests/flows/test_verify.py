"""`verify` finds a difference planted in each kind of read model: in every value and key of every counter, in every
document of the numbers, and in the documents of the other services (X5, #3)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from services.analytics.oracle.difference import Difference
from services.analytics.oracle.run import Oracle, recompute
from services.analytics.projections.model import COLLECTIONS, COUNTERS
from services.analytics.projections.shapes import FactLine, Ruleset, Stay
from services.cli.events import export_events
from services.cli.in_folder import InFolder
from services.cli.verify import compared
from services.cli.workspace import SERVICES
from services.importer.run import import_bundle
from services.kit import clock
from services.kit.documents import Add, Counter, Delete, Put, Write
from services.kit.engine import Engine
from services.kit.settings import Settings
from tests.support.bundles import NOW, small, write
from tests.support.company import Company
from tests.support.workspaces import differences, rebuilt, settled, within

MUCH = 10**8
"""More than any rounding hides."""


class Cached:
    """A recomputation whose answers are kept: the log does not change while differences are planted."""

    def __init__(self, oracle: Oracle) -> None:
        self._kept: dict[str, Any] = {}
        self._oracle = oracle

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*values: Any) -> Any:
            key = f"{name}{values}"
            if key not in self._kept:
                self._kept[key] = getattr(self._oracle, name)(*values)
            found = self._kept[key]
            return dict(found) if isinstance(found, dict) else found

        return answer


class Planter:
    """Writes into read models behind everybody's back, and takes it back."""

    def __init__(self, engine: Engine, oracle: Any, now: int) -> None:
        self.engine = engine
        self.oracle = oracle
        self.now = now

    async def write(self, group: str, *writes: Write) -> None:
        documents = self.engine.ports.documents
        state = await documents.open_lane(group, 0, self.engine.ports.store.log_id)
        await documents.commit(group, 0, state.rev, {}, writes)

    async def found(self) -> list[Difference]:
        return await compared(self.engine, self.oracle, self.now)

    async def seen(self, group: str, plant: list[Write], back: list[Write]) -> list[Difference]:
        await self.write(group, *plant)
        found = await self.found()
        await self.write(group, *back)
        return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with facts of every kind."""
    data = tmp_path_factory.mktemp("verify") / "data"

    async def fill(engine: Engine) -> None:
        company = Company(engine)
        await company.all()
        await company.mentions()
        await settled(engine)

    asyncio.run(within(data, fill))
    return data


async def planted(engine: Engine, folder: Path, plant: Callable[[Planter], Any]) -> None:
    """Plant with a recomputation at hand; before and after it nothing differs."""
    await settled(engine)
    await export_events(engine.ports.store, engine.codec, folder / "events.jsonl")
    now = clock.now()
    with recompute(folder / "events.jsonl", as_of_shown=now) as oracle:
        planter = Planter(engine, Cached(oracle), now)
        assert await planter.found() == []
        await plant(planter)
        assert await planter.found() == []


def run(workspace: Path, folder: Path, plant: Callable[[Planter], Any]) -> None:
    shutil.copytree(workspace, folder / "data")
    asyncio.run(within(folder / "data", lambda engine: planted(engine, folder, plant)))


async def counted(planter: Planter, counter: Counter) -> list[dict[str, Any]]:
    async with planter.engine.reading() as reader:
        group = await planter.engine.serving("analytics")
        rows = await reader.counters(group, counter.name, by=tuple(counter.keys))
    assert rows, f"the company has nothing in {counter.name}"
    return rows


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.name)
def test_every_value_and_key_of_a_counter(workspace: Path, tmp_path: Path, counter: Counter) -> None:
    async def plant(planter: Planter) -> None:
        group = await planter.engine.serving("analytics")
        row = (await counted(planter, counter))[-1]
        key = tuple(row[name] for name in counter.keys)
        for value in counter.values:
            delta = tuple(MUCH if name == value else 0 for name in counter.values)
            back = tuple(-number for number in delta)
            found = await planter.seen(group, [Add(counter.name, key, delta)], [Add(counter.name, key, back)])
            assert found, f"{MUCH} too many in {value} of {counter.name} is not found"
        values = tuple(row[name] for name in counter.values)
        none = tuple(-number for number in values)
        for name, kind in counter.keys.items():
            other = 77 if kind == "int" else "2077-01" if name == "month" else "other"
            moved = tuple(other if name == known else row[known] for known in counter.keys)
            there = [Add(counter.name, key, none), Add(counter.name, moved, values)]
            back_again = [Add(counter.name, moved, none), Add(counter.name, key, values)]
            assert await planter.seen(group, there, back_again), f"another {name} of {counter.name} is not found"

    run(workspace, tmp_path, plant)


Changes = dict[str, Any]
CHANGED: dict[str, Changes] = {
    "facts": {
        "kind": "order", "funnel_id": "g", "stage_id": "B", "created_at": 1, "client_id": "c3", "contact_ids": ("k9",),
        "owner_id": "u9", "imputed": True, "value": MUCH, "local": MUCH, "currency": "CHF", "cost": MUCH, "extra": MUCH,
        "lines": (FactLine("p2", 1, None),), "stays": (Stay("A", 1),), "deal_id": "d1", "required_at": 1,
        "shipped_at": 1,
    },
    "payments": {"client_id": "c3", "owner_id": "u9", "amount": MUCH, "paid_at": 1, "reversed_at": 1},
    "people": {
        "registered": False, "registered_at": 1, "imputed": True, "owner_id": "u9", "country": "FR", "segment": "Z",
        "category": "Z", "status": "potential", "temperature": "cold", "tags": ("odd",), "archived": True,
        "erased": True,
    },
    "visits": {
        "fact_id": "d9", "funnel_id": "g", "stage_id": "L", "to_stage": "N", "owner_id": "u9", "entered_at": 1,
        "left_at": 1, "took_ms": 1,
    },
    "parts": {
        "kind": "none", "at": 1, "fact_id": "d9", "fact_kind": "order", "value": MUCH, "profit": MUCH, "billed": MUCH,
    },
    "rows": {
        "subject": "contact", "registered": False, "owner_id": "u9", "country": "FR", "segment": "Z", "category": "Z",
        "status": "potential", "temperature": "cold", "tags": ("odd",), "listed": 0,
        "avg_check": MUCH, "balance": MUCH, "first_sale_at": 1,
        "last_sale_at": 1, "profit": MUCH, "billed": MUCH, "paid": MUCH, "first_shipment_at": 1, "last_shipment_at": 1,
        "currencies": {"CHF": (1, 1, 1, 1, 1, 1)},
        **{f"{kind}_{what}": MUCH for kind in ("sales", "in_work", "refused", "none") for what in ("count", "sum")},
    },
    "lane": {
        "stages": {}, "active": Ruleset("0.0", sources=("deals",)),
    },
}  # fmt: skip
"""For each collection of the numbers: another value of each field that anybody reads."""
NOT_READ = {
    "facts": {"id", "shipped", "branch"},
    "payments": {"id", "branch"},
    "people": {"id"},
    "visits": set(),
    "parts": {"rules", "row_id"},
    "rows": {"rules", "subject_id", "changed_at"},
    "lane": {"wanted", "building", "phase", "cursor", "previous", "garbage"},
}
"""Ids, what counters alone are made of (checked there), and how far work has come."""
FIRST = {"facts": "d1", "payments": "y2", "people": "c1", "visits": "d1:0", "rows": "0.0:c1", "parts": "0.0:c1:d1"}
"""Documents that have most of the fields set."""


@pytest.mark.parametrize("name", [collection.name for collection in COLLECTIONS])
def test_every_field_of_the_numbers_documents(workspace: Path, tmp_path: Path, name: str) -> None:
    model = next(collection.model for collection in COLLECTIONS if collection.name == name)
    assert set(CHANGED[name]) | NOT_READ[name] == set(model.__struct_fields__), "say here how a new field is checked"

    async def plant(planter: Planter) -> None:
        group = await planter.engine.serving("analytics")
        async with planter.engine.reading() as reader:
            stored = {row.id: row.document for row in (await reader.find(group, name, limit=500)).rows}
        id = FIRST.get(name, next(iter(stored)))
        document = stored[id]
        for field, value in CHANGED[name].items():
            assert getattr(document, field) != value
            wrong = Put(name, id, replace(document, **{field: value}))
            assert await planter.seen(group, [wrong], [Put(name, id, document)]), f"{name}.{field} is not found"
        assert await planter.seen(group, [Delete(name, id)], [Put(name, id, document)]), f"a lost one of {name}"
        if name != "lane":
            copy = Put(name, id + "9", document)
            assert await planter.seen(group, [copy], [Delete(name, id + "9")]), f"one too many of {name}"

    run(workspace, tmp_path, plant)


OTHERS: dict[tuple[str, str], tuple[str, Changes]] = {
    ("clients", "clients"): (
        "c1",
        {
            "name": "Else", "status": "potential", "temperature": "cold", "owner_id": "u9", "discount": "7",
            "country": "FR", "segment": "Z", "external_id": "X",
        },
    ),
    ("clients", "contacts"): (
        "k1", {"name": "Else", "client_id": "c2", "email": None, "owner_id": "u9", "removed_at": 1},
    ),
    ("clients", "notes"): ("n1", {"text": "else", "priority": "none", "client_id": "c2", "removed_at": 1}),
    ("clients", "mentions"): (
        "m1:u1",
        {"employee_id": "u9", "client_id": "c2", "owner_id": "u9", "by": "u9", "read_at": None, "removed_at": 1},
    ),
    ("clients", "leads"): ("l1", {"status": "closed"}),
    ("clients", "erasures"): ("", {}),
    ("clients", "handovers"): ("", {}),
    ("pipeline", "deals"): ("d1", {"stage_id": "L", "client_id": "c2", "owner_id": "u9", "base_value": MUCH}),
    ("pipeline", "orders"): ("o1", {"status": "new", "client_id": "c2", "owner_id": "u9", "base_total": MUCH}),
    ("pipeline", "payments"): ("y1", {"client_id": "c2", "base_amount": MUCH, "reversed_at": 1}),
    ("pipeline", "erased"): ("", {}),
    ("catalog", "funnels"): ("f", {"stages": (), "external_id": "X"}),
    ("catalog", "products"): ("p1", {"names": {"": "Else"}, "external_id": "X"}),
    ("catalog", "rates"): ("", {}),
    ("gateway", "employees"): ("u1", {"name": "Else", "external_id": "X"}),
    ("gateway", "accounts"): ("", {}),
    ("gateway", "views"): ("", {}),
    ("gateway", "settings"): ("workspace", {"base_currency": "EUR"}),
}  # fmt: skip
"""Documents of the other services: an id and other values; no id: nothing there feeds a number or is shown as one."""


def test_every_collection_is_named_here() -> None:
    declared = {
        (projection.name, collection.name)
        for service in SERVICES
        for projection in service.projections
        for collection in projection.collections
    }
    assert declared == set(OTHERS) | {("analytics", collection.name) for collection in COLLECTIONS}
    counters = {counter.name for service in SERVICES for p in service.projections for counter in p.counters}
    assert counters == {counter.name for counter in COUNTERS}


@pytest.mark.parametrize("of", [of for of, (id, _) in OTHERS.items() if id], ids=".".join)
def test_documents_of_the_other_services(workspace: Path, tmp_path: Path, of: tuple[str, str]) -> None:
    id, changes = OTHERS[of]
    projection, name = of

    async def plant(planter: Planter) -> None:
        group = await planter.engine.serving(projection)
        async with planter.engine.reading() as reader:
            document = (await reader.get(group, name, id))[0].document
        for field, value in changes.items():
            assert getattr(document, field) != value
            wrong = Put(name, id, replace(document, **{field: value}))
            assert await planter.seen(group, [wrong], [Put(name, id, document)]), f"{name}.{field} is not found"
        if projection in ("clients", "pipeline"):
            assert await planter.seen(group, [Delete(name, id)], [Put(name, id, document)]), f"a lost one of {name}"

    run(workspace, tmp_path, plant)


def test_the_command_shows_it_and_exits_with_1(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(workspace, data)
    assert asyncio.run(InFolder(Settings(), data).verify(20)) == 0
    assert capsys.readouterr().out == "0 differences\n"

    async def plant(engine: Engine) -> None:
        await settled(engine)
        planter = Planter(engine, None, 0)
        key = ("0.0", "u1", 1)
        await planter.write(await engine.serving("analytics"), Add("totals", key, (0, 0, 0, 0, 0, 0, 1, 0, 0, 0)))

    asyncio.run(within(data, plant))
    assert asyncio.run(InFolder(Settings(), data).verify(20)) == 1
    assert capsys.readouterr().out == "totals u1 1 none_count: served 1, log 0\n1 difference\n"
    asyncio.run(rebuilt(data))
    assert asyncio.run(InFolder(Settings(), data).verify(20)) == 0


def test_it_compares_what_an_update_builds_anew(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command after an update finds groups of an older version, that this one cannot read, still active."""
    data = tmp_path / "data"
    shutil.copytree(workspace, data)
    for service in SERVICES:
        for projection in service.projections:
            monkeypatch.setattr(projection, "version", projection.version + 1)
    assert asyncio.run(InFolder(Settings(), data).verify(20)) == 0
    assert capsys.readouterr().out == "0 differences\n"


def test_nothing_differs_under_other_rules_and_another_zone(workspace: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(workspace, data)

    async def change(engine: Engine) -> Any:
        company = Company(engine, "bob")
        await company.rules("orders", "clients", A="bought", W="refused", N="in_work")
        settings = {"base_currency": "USD", "zone": "Pacific/Auckland", "branches": ["Kyiv", "Lviv"]}
        await company.settings(**settings)
        return await differences(engine)

    assert asyncio.run(within(data, change)) == ([], [])


def test_nothing_differs_where_times_are_imputed(tmp_path: Path) -> None:
    """A deal that is won although nobody knows when it began, and the like."""
    tables = small()
    for event in tables["deal_events"][:3]:
        event["imputed"] = "1"

    async def take(engine: Engine) -> Any:
        bundle = write(tmp_path / "bundle", tables)
        report = await import_bundle(bundle, engine.ports.store, engine.ports.keyring, engine.codec, now=NOW)
        assert report.errors == []
        await engine.learn()
        return await differences(engine)

    assert asyncio.run(within(tmp_path / "data", take)) == ([], [])
