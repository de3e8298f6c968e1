"""What the fault suites of the MongoDB document store share: a store on the double, and what a lane must then hold."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.documents import Delete, Purge, Put, Write
from tests.conformance.documents_fixtures import GROUP, TOPIC, Deal, Lane, add, everything, put, sums
from tests.doubles.mongo import MongoDouble
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
FIRST: tuple[Write, ...] = (
    put("a", "Alpha", total=1),
    put("b", "Beta", total=2, owner="x"),
    put("d", "Delta", total=4),
    add("new", 1, 2, 30),
    add("old", 1, 1, 5),
)
SECOND: tuple[Write, ...] = (
    Put("deals", "a", Deal("Altered", total=9), frozenset({"total"})),
    put("c", "Gamma", total=3),
    Delete("deals", "d"),
    add("new", 1, 1, 5),
    add("old", 1, -1, -5),
    Purge("deals", "owner", "x", 10),
    put("e", "Epsilon"),
)
"""All kinds of writes."""


@asynccontextmanager
async def stores(folder: Path, count: int = 1, *, seconds: float = 10.0, lifetime: float = 60.0) -> AsyncIterator[Any]:
    """Start a double; yield it and so many stores on it, as of so many processes."""
    double = await MongoDouble(folder, lifetime=lifetime).start()
    opened = [await MongoDocuments.open(double.uri, "test", seconds=seconds) for _ in range(count)]
    try:
        yield double, *opened
    finally:
        double.faults.planned.clear()
        double.faults.released.set()
        for each in opened:
            await each.close()
        await double.stop()


async def holds(documents: MongoDocuments, commits: int) -> None:
    """Assert that the lane holds exactly the first commits of FIRST and SECOND, its positions too."""
    deals, _, _, lanes = await everything(documents)
    titles = {row.id: row.document.title for row in deals}
    counted = {row["stage"]: (row["count"], row["amount"]) for row in await sums(documents)}
    if commits == 1:
        assert titles == {"a": "Alpha", "b": "Beta", "d": "Delta"}
        assert counted == {"new": (2, 30), "old": (1, 5)}
    else:
        assert titles == {"a": "Altered", "c": "Gamma", "e": "Epsilon"}
        assert counted == {"new": (3, 35)}
    assert lanes == [(0, "log-1", {TOPIC: (commits, f"e{commits}")}, False)]


async def reopened(documents: MongoDocuments) -> Lane:
    """Take lane 0 over again."""
    return await Lane.take(documents, 0, GROUP)


async def commands_of_second(folder: Path) -> list[str]:
    """Return the commands that a commit of SECOND sends, in order."""
    async with stores(folder) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        double.faults.seen.clear()
        await lane.write(*SECOND)
        return list(double.faults.seen)


def at_command(number: int) -> Any:
    """Return a test that accepts the command of this number, and those behind it."""
    seen = iter(range(1_000))
    return lambda _: next(seen) >= number


async def start_process(folder: Path, port: int = 0) -> tuple[asyncio.subprocess.Process, str]:
    """Run the double as a process; return it and its address."""
    command = ["-m", "tests.doubles.mongo", "--data", str(folder), "--port", str(port), "--lifetime", "2"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    return process, (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip()
