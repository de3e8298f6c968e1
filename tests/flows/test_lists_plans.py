"""How SQLite answers the lists of clients: by indexes that are there for them, never by reading all (ADR 0030)."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.reads import kept
from services.kit.adapters import sqlite_choice, sqlite_find
from services.kit.adapters.sqlite_group import GroupFile
from tests.support.app import App, running
from tests.support.staff import bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")
_ROWS = "rules=? AND subject=? AND listed=?"
_THERE = "archived_at=? AND erased_at=?"
_METRICS = "/api/v1/metrics/clients?listed=true"
_CLIENTS = "/api/v1/clients?count=true"


@dataclass
class Read:
    """A statement on clients or their rows, and how SQLite goes about it."""

    sql: str
    plan: str

    @property
    def adds_up(self) -> bool:
        """Whether it counts or sums: rows, or which entries of an index match, up to a few."""
        return self.sql.startswith("SELECT count(")

    @property
    def looks(self) -> bool:
        """Whether it finds out in an index which rows match, if they are few."""
        return "json_group_array" in self.sql


@dataclass
class Planned:
    """An application, and what its document store reads."""

    app: App
    files: dict[str, Path]

    @contextmanager
    def reads(self) -> Iterator[list[Read]]:
        """Collect what is read of clients and rows."""
        said: list[tuple[str, str]] = []
        with pytest.MonkeyPatch.context() as patch:
            usual = GroupFile.reader

            def reader(file: GroupFile) -> sqlite3.Connection:
                self.files[file.group] = file.path
                db = usual(file)
                db.set_trace_callback(lambda sql: said.append((file.group, sql)))
                return db

            patch.setattr(GroupFile, "reader", reader)
            patch.setattr(kept, "_added", OrderedDict())
            found: list[Read] = []
            yield found
        for group, sql in said:
            if sql.startswith("SELECT") and ('"c_clients"' in sql or '"c_rows"' in sql) and "MATCH" not in sql:
                with closing(sqlite3.connect(self.files[group])) as db:
                    steps = db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
                found.append(Read(sql, "\n".join(step for *_, step in steps)))

    async def asked(self, address: str, who: str = "administrator:local") -> list[Read]:
        """Ask, and return what was read for it; nothing is kept from before."""
        with self.reads() as found:
            answer = await self.app.http.get(address, headers=bearer(who))
            assert answer.status_code == 200, answer.text
        assert found
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planned(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Planned]:
    async with running(tmp_path_factory.mktemp("plans") / "data") as app:
        await app.done("/settings", {"base_currency": "EUR", "zone": "UTC"})
        await app.done("/employees", {"employee_id": "me", "name": "Me"})
        for number in range(24):
            client: dict[str, Any] = {"client_id": f"c{number}", "name": f"Client {number}", "owner_id": "me"}
            client |= {"status": ("current", "potential")[number % 2], "temperature": ("hot", "cold")[number % 3 > 0]}
            client |= {"country": "UA", "segment": "a", "category": "b", "tags": ["vip"]}
            await app.done("/clients", client)
        await app.done("/payments", {"client_id": "c1", "amount": 100, "currency": "EUR"})
        assert await app.engine.settle(60)
        yield Planned(app, {})


FILTERS = {
    "owner_id=me": f"({_ROWS} AND owner_id=?)",
    "country=UA": f"({_ROWS} AND country=?",
    "segment=a": f"({_ROWS} AND segment=?)",
    "category=b": f"({_ROWS} AND category=?)",
    "status=current&temperature=hot": f"({_ROWS} AND status=? AND temperature=?)",
    "segment=a&temperature=hot": f"({_ROWS} AND segment=? AND temperature=?)",
    "tag=vip": f"({_ROWS} AND tag_words>?)",
}


@pytest.mark.parametrize("filters", FILTERS)
async def test_few_clients_are_found_by_an_index_of_the_filter(filters: str, planned: Planned) -> None:
    reads = await planned.asked(f"{_METRICS}&{filters}")
    assert all("SCAN c_" not in each.plan for each in reads), reads
    assert any(FILTERS[filters] in each.plan for each in reads if each.looks), reads
    lists = [each for each in reads if "ORDER BY" in each.sql and not each.adds_up]
    assert lists
    assert all("INTEGER PRIMARY KEY" in each.plan for each in lists), lists


@pytest.mark.parametrize("filters", ["segment=a&temperature=hot", "tag=vip"])
async def test_few_clients_are_looked_for_once_sorted_once_and_added_up_by_number(
    filters: str, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_choice, "TESTED", 0)
    reads = await planned.asked(f"{_METRICS}&{filters}&limit=3")  # most have sold nothing: the limit cuts a tie
    assert sum(each.looks for each in reads) == 1
    lists = [each for each in reads if "ORDER BY" in each.sql]
    sums = [each for each in reads if each.adds_up and not each.looks]
    assert (len(lists), len(sums)) == (1, 1)
    assert all("INTEGER PRIMARY KEY (rowid=?)" in each.plan for each in (*lists, *sums)), reads


@pytest.mark.parametrize("filters", ["segment=a&temperature=hot", "status=current&temperature=hot", "owner_id=me"])
async def test_few_that_fill_a_page_are_told_by_number_among_the_entries_of_the_order(
    filters: str, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_choice, "TESTED", 100)
    reads = await planned.asked(f"{_METRICS}&{filters}&limit=2")
    first, *tie = [each for each in reads if "ORDER BY" in each.sql]
    assert "COVERING INDEX rows:rules,subject,sales_sum (rules=? AND subject=?)" in first.plan
    assert len(tie) == 1
    assert "COVERING INDEX rows:rules,subject,sales_sum (rules=? AND subject=? AND sales_sum=?)" in tie[0].plan
    assert all("FOR ORDER BY" not in each.plan for each in (first, *tie)), reads


async def test_a_tie_within_a_condition_is_read_as_the_tie(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two conditions on one column SQLite would take the wrong one, and sort all that it leaves."""
    monkeypatch.setattr(sqlite_choice, "FEW", 0)
    reads = await planned.asked(f"{_METRICS}&where=balance>=0&sort=-balance&limit=2")
    tie = [each for each in reads if "ORDER BY" in each.sql][-1]
    assert "(rules=? AND subject=? AND balance=?)" in tie.plan, reads


@pytest.mark.parametrize("owes", ["balance<0", "balance>=0"])
@pytest.mark.parametrize("filters", ["", "&owner_id=me", "&status=current&temperature=hot"])
async def test_who_owes_is_added_up_without_any_row(owes: str, filters: str, planned: Planned) -> None:
    reads = await planned.asked(f"{_METRICS}&where={owes}{filters}")
    assert not [each for each in reads if each.adds_up and not each.looks], reads


@pytest.mark.parametrize("filters", [*FILTERS, "where=balance>=0,sales_sum>=0", "country=UA&segment=a&tag=vip"])
async def test_many_clients_are_found_and_added_up_without_reading_rows(
    filters: str, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_choice, "FEW", 0)
    monkeypatch.setattr(sqlite_find, "STROLL", 0)
    reads = await planned.asked(f"{_METRICS}&{filters}&sort=-in_work_sum")
    over_all = [each for each in reads if each.adds_up or ("ORDER BY" in each.sql and "LIMIT 0" not in each.sql)]
    assert over_all
    assert all("COVERING INDEX" in each.plan for each in over_all), over_all


@pytest.mark.parametrize(
    ("asked", "who", "terms"),
    [
        ("status=potential&sort=temperature", "administrator:local", "status=?"),
        ("status=potential&temperature=hot&sort=temperature", "administrator:local", "status=? AND temperature_rank=?"),
        ("status=current&sort=name", "administrator:local", "status=?"),
        ("status=current&temperature=hot&sort=name", "administrator:local", "status=? AND temperature_rank=?"),
        ("status=potential&sort=temperature", "manager:me", "owner_id=? AND status=?"),
        ("sort=name", "manager:me", "owner_id=?"),
    ],
)
async def test_cards_come_in_the_order_of_an_index(asked: str, who: str, terms: str, planned: Planned) -> None:
    reads = await planned.asked(f"{_CLIENTS}&{asked}", who)
    lists = [each for each in reads if not each.adds_up]
    assert lists
    assert all(f"({_THERE} AND {terms}" in each.plan for each in lists), lists
    # Those of one name are put in order of their ids: by no more than that.
    assert all("FOR ORDER BY" not in each.plan and "NULLS LAST" not in each.sql for each in lists), lists
    counts = [each for each in reads if each.adds_up]
    assert counts
    assert all("COVERING INDEX" in each.plan and f"({_THERE} AND {terms}" in each.plan for each in counts), counts


@pytest.mark.parametrize("filters", ["country=UA&tag=vip", "segment=a&category=b&status=current", "owner_id=me&tag=x"])
async def test_clients_are_counted_without_reading_them(filters: str, planned: Planned) -> None:
    counts = [each for each in await planned.asked(f"{_CLIENTS}&{filters}") if each.adds_up]
    assert counts
    assert all("COVERING INDEX" in each.plan for each in counts), counts


async def test_cards_ask_for_the_numbers_of_their_clients_alone(planned: Planned) -> None:
    reads = await planned.asked("/clients?view=cards")
    of_rows = [each for each in reads if '"c_rows"' in each.sql]
    assert of_rows
    assert all("(_id=?)" in each.plan for each in of_rows), of_rows
    offered = (await planned.app.http.get("/clients?view=cards", headers=bearer("administrator:local"))).text
    assert "add=balance" in offered
