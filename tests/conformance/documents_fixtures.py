"""What the suite of the document store needs: shapes, a harness for each adapter, and a process that kills itself."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from services.kit import crash
from services.kit.adapters import sqlite_choice, sqlite_find, sqlite_group
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.document_ports import Documents
from services.kit.documents import Add, Collection, Counter, Filter, Put, Row, Stored, Write
from tests.conformance.mongo_harnesses import MongoContainerHarness, MongoHarness, MongoJavaHarness
from tests.support.patience import PATIENCE

GROUP = "sales.1"
TOPIC = "pipeline.events"


class Deal(msgspec.Struct, frozen=True):
    """A document with a searched title and columns of both kinds, two of which may be missing."""

    title: str
    owner: str = "o"
    total: int = 0
    closed: int | None = None
    note: str | None = None


class Person(msgspec.Struct, frozen=True):
    """A document whose names tolerate slips; its mail does not."""

    name: str
    mail: str = ""
    owner: str = ""


class Visit(msgspec.Struct, frozen=True):
    """A document without text."""

    deal: str
    stay: int


DEALS = Collection(
    "deals",
    Deal,
    {"owner": "text", "total": "int", "closed": "int", "note": "text"},
    indexes=(
        *(("total",), ("closed",), ("note",), ("owner", "total"), ("owner", "closed", "total")),
        ("closed", "note", "total"),
    ),
    text=lambda deal: deal.title,
)
VISITS = Collection("visits", Visit, {"deal": "text", "stay": "int"}, indexes=(("deal", "stay"),))
PEOPLE = Collection(
    "people",
    Person,
    {"owner": "text"},
    text=lambda person: f"#1\n{person.name}\n{person.mail}",
    names=lambda person: person.name,
)
SUMS = Counter("sums", {"stage": "text", "day": "int"}, ("count", "amount"), indexes=(("day",),))


class Harness(Protocol):
    """One adapter under test, with its data in a folder."""

    name: str
    overwrites: bool
    """What is deleted is in no file any more, without `compact`."""
    rounds: int
    """How many random cases a test may take."""
    lacks: frozenset[str]
    """Tests of what the server behind it does not do."""
    marker: str
    """The marker of its tests, if any."""
    needs: str
    """The fixture that gives its server, if any."""
    server: Any

    def __init__(self, folder: Path) -> None: ...

    async def open(self) -> Documents:
        """Open the store that is in the folder."""
        ...

    def files(self) -> list[Path]:
        """Return every file that may hold data."""
        ...

    def full(self) -> Any:
        """Return a context manager in which nothing more can be stored."""
        ...

    def make_newer(self) -> None:
        """Make the closed store look as if newer code had written it."""
        ...

    def shrink(self, set_attribute: Callable[[object, str, Any], None]) -> None:
        """Lower internal limits, so that few rows reach what else only many do."""
        ...

    async def stop(self) -> None:
        """End what was started beside the store."""
        ...


class SqliteHarness:
    """SqliteDocuments."""

    name = "sqlite"
    overwrites = True
    rounds = 400
    lacks: frozenset[str] = frozenset()
    marker = needs = ""
    server: Any = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "documents.db"

    async def open(self) -> Documents:
        """Open it."""
        return await SqliteDocuments.open(self.path)

    def files(self) -> list[Path]:
        """Return all files in the folder."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let no file grow."""
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)

    def make_newer(self) -> None:
        """Raise the format."""
        db = sqlite3.connect(self.path)
        db.execute("UPDATE meta SET value = '999' WHERE name = 'format'")
        db.commit()
        db.close()

    def shrink(self, set_attribute: Callable[[object, str, Any], None]) -> None:
        """Walk few rows of an index, commit in threads, checkpoint often."""
        set_attribute(sqlite_find, "WALK", 7)
        set_attribute(sqlite_find, "STROLL", 6)
        set_attribute(sqlite_choice, "FEW", 5)
        set_attribute(sqlite_group, "INLINE", 2)
        set_attribute(sqlite_group, "FRAMES", 20)

    async def stop(self) -> None:
        """Nothing runs beside it."""


HARNESSES: dict[str, type[Harness]] = {
    each.name: each for each in (SqliteHarness, MongoHarness, MongoJavaHarness, MongoContainerHarness)
}


class Lane:
    """An owned lane of a group, to write to with few words. Each write moves the position by one."""

    def __init__(self, documents: Documents, group: str, lane: int, rev: int, at: int) -> None:
        self.documents = documents
        self.group = group
        self.lane = lane
        self.rev = rev
        self.at = at

    @staticmethod
    async def take(documents: Documents, lane: int = 0, group: str = GROUP) -> Lane:
        """Define the group if it is missing and take the lane over."""
        await documents.define(group, [DEALS, VISITS], [SUMS])
        state = await documents.open_lane(group, lane, "log-1")
        return Lane(documents, group, lane, state.rev, state.positions.get(TOPIC, (0, ""))[0])

    async def write(self, *writes: Write, incomplete: bool = False) -> None:
        """Commit these."""
        moved = {TOPIC: (self.at + 1, f"e{self.at + 1}")}
        await self.documents.commit(self.group, self.lane, self.rev, moved, writes, incomplete=incomplete)
        self.at += 1


def put(id: str, title: str = "", **columns: Any) -> Put:
    """Return a Put of a deal."""
    return Put("deals", id, Deal(title, **columns))


def add(stage: str, day: int, count: int, amount: int = 0) -> Add:
    """Return an Add to the sums."""
    return Add("sums", (stage, day), (count, amount))


async def find_ids(documents: Documents, where: Sequence[Filter] = (), sort: Any = (), **more: Any) -> list[str]:
    """Return the ids of one page of deals."""
    async with documents.snapshot() as reader:
        return [row.id for row in (await reader.find(GROUP, "deals", where, sort, **more)).rows]


async def all_pages(documents: Documents, where: Any = (), sort: Any = (), limit: int = 3, **more: Any) -> list[Stored]:
    """Return all rows, each page from a snapshot of its own."""
    rows: list[Stored] = []
    cursor = None
    while True:
        async with documents.snapshot() as reader:
            page = await reader.find(GROUP, "deals", where, sort, cursor=cursor, limit=limit, **more)
        assert len(page.rows) == limit if page.next else len(page.rows) <= limit
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows


async def found(documents: Documents, text: str, **more: Any) -> list[str]:
    """Return the sorted ids of deals whose title holds the words."""
    async with documents.snapshot() as reader:
        return sorted(row.id for row in await reader.search(GROUP, "deals", text, **more))


async def sums(documents: Documents, by: Sequence[str] = ("stage", "day"), **more: Any) -> list[Row]:
    """Return the counter's rows, sorted by their keys if nothing else is said."""
    more.setdefault("sort", by)
    async with documents.snapshot() as reader:
        return await reader.counters(GROUP, "sums", by=by, **more)


async def everything(documents: Documents, group: str = GROUP) -> Any:
    """Return all that a group holds, comparable with another's."""
    async with documents.snapshot() as reader:
        deals = (await reader.find(group, "deals", limit=10_000)).rows
        visits = (await reader.find(group, "visits", limit=10_000)).rows
        lanes = [(each.lane, each.log_id, each.positions, each.incomplete) for each in await reader.lanes(group)]
        return deals, visits, await reader.counters(group, "sums", by=("stage", "day"), sort=("stage", "day")), lanes


async def get(documents: Documents, id: str) -> Any:
    """Return the deal of this id, None if there is none; it is in one lane at most."""
    async with documents.snapshot() as reader:
        rows = await reader.get(GROUP, "deals", id)
    assert len(rows) <= 1
    return rows[0].document if rows else None


_PARAMS = [
    pytest.param(name, marks=[getattr(pytest.mark, made.marker)] if made.marker else [])
    for name, made in HARNESSES.items()
]


@pytest.fixture(params=_PARAMS)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """Return each adapter's harness in turn."""
    made = HARNESSES[request.param](tmp_path)
    if request.function.__name__ in made.lacks:
        pytest.skip(f"{made.name} does not do what this tests")
    if made.needs:
        made.server = request.getfixturevalue(made.needs)
    yield made
    await made.stop()


@pytest.fixture
async def documents(harness: Harness) -> AsyncIterator[Documents]:
    """Return an empty store."""
    opened = await harness.open()
    yield opened
    crash.install(None)
    await opened.close()


@pytest.fixture
async def lane(documents: Documents) -> Lane:
    """Return lane 0 of the group."""
    return await Lane.take(documents)


BEFORE: tuple[Write, ...] = (put("a", "Alpha", total=1), put("b", "Beta", total=2), add("new", 1, 2, 30))
KILLED: tuple[Write, ...] = (put("a", "Altered", total=9), put("c", "Gamma", total=3), add("new", 1, 1, 5))


async def _commit_and_die(name: str, folder: Path, point: str) -> None:
    documents = await HARNESSES[name](folder).open()
    lane = await Lane.take(documents)
    await lane.write(*BEFORE)
    crash.install(lambda passed: os.kill(os.getpid(), signal.SIGKILL) if passed == point else None)
    if point.startswith("bulk."):
        async with documents.bulk("built.1", [DEALS, VISITS], [SUMS]) as bulk:
            await bulk.put_many("deals", 0, [("x", Deal("Half built"))])
            await bulk.finish([])
    await lane.write(*KILLED)


def killed_at(name: str, folder: Path, point: str) -> int:
    """Commit BEFORE, then KILLED (or a bulk) in another process that kills itself at the point; return how it ended."""
    command = [sys.executable, "-m", "tests.conformance.documents_fixtures", name, str(folder), point]
    return subprocess.run(command, check=False, timeout=PATIENCE).returncode


if __name__ == "__main__":
    asyncio.run(_commit_and_die(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
