"""The MongoDB document store on the double: commits, and the fold of analytics beside the same documents written raw.

`python -m benchmarks.mongo [--events N]`. The double's speed is not MongoDB's: only the ratios say something.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import structlog
from pymongo import AsyncMongoClient

from benchmarks.data import Spec, make_workspace
from benchmarks.doubles import double
from benchmarks.fold import UntilBus
from benchmarks.measure import Line, Results, in_turn
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.model import COLLECTIONS, COUNTERS
from services.kit.adapters.mongo_commit import Step, steps
from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.adapters.mongo_shapes import MongoShape
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.documents import Positions, Write
from services.kit.runner import ProjectionRunner
from tests.conformance.documents_fixtures import Lane, put

_DURABLE = "double: SQLite, WAL, NORMAL"


class Recorder:
    """The document store that also keeps what is committed, encoded."""

    def __init__(self, inner: MongoDocuments, commits: list[list[Step]]) -> None:
        self._inner = inner
        self._commits = commits
        self._shape = MongoShape(COLLECTIONS, COUNTERS)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(
        self, group: str, lane: int, rev: int, positions: Positions, writes: Sequence[Write], **more: Any
    ) -> None:
        """Note the commands, then commit."""
        self._commits.append(steps(self._shape, "raw", lane, writes))
        await self._inner.commit(group, lane, rev, positions, writes, **more)


async def fold(data: Path, uri: str, name: str, until: int, commits: list[list[Step]] | None = None) -> float:
    """Fold the log from its beginning; return the seconds."""
    store = await SqliteEventStore.open(data / "log.sqlite")
    keyring = await SqliteKeyring.open(data / "keys.sqlite")
    kept = await MongoDocuments.open(uri, name)
    used: Any = kept if commits is None else Recorder(kept, commits)
    bus: Any = UntilBus(store, until, 500)
    runner = ProjectionRunner(
        ANALYTICS, f"{ANALYTICS.name}.{ANALYTICS.version}", bus, used, Codec(keyring), store.log_id
    )
    begun = perf_counter()
    await runner.run()
    took = perf_counter() - begun
    stop = next((lane.stop for lane in runner.lanes.values() if lane.stop), None)
    for each in (kept, keyring, store):
        await each.close()
    if stop is not None:
        raise AssertionError(f"the lane stopped: {stop}")
    return took


async def write_raw(uri: str, name: str, commits: list[list[Step]]) -> float:
    """Write what was committed with the bare driver, in transactions, into collections with the same indexes."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, w="majority", journal=True)
    database = client[name]
    for part in MongoShape(COLLECTIONS, COUNTERS).parts:
        await database.create_collection(f"raw.{part.suffix}", check_exists=False)
        for keys in part.indexes:
            await database[f"raw.{part.suffix}"].create_index(keys)
    begun = perf_counter()
    for todo in commits:
        async with client.start_session() as session, await session.start_transaction():
            for step in todo:
                await step(database, session)
    took = perf_counter() - begun
    await client.close()
    return took


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    results = Results({"events": given.events, "rounds": given.rounds})
    with tempfile.TemporaryDirectory() as work:
        data = Path(work) / "data"
        data.mkdir()
        make_workspace(data, Spec(given.events, given.events // 10))
        async with double("mongo", Path(work) / "double") as uri:
            await replaces(results, uri)
            commits: list[list[Step]] = []
            await fold(data, uri, "recorded", given.events, commits)
            turns = iter(range(1_000))

            async def ours() -> float:
                return given.events / await fold(data, uri, f"ours{next(turns)}", given.events)

            async def raw() -> float:
                return given.events / await write_raw(uri, f"raw{next(turns)}", commits)

            samples, limits = await in_turn(given.rounds, ours, raw)
            what = "fold of analytics from the beginning, commit every 500 events"
            line = Line("Mongo fold", what, _DURABLE, "events/s", samples, limits, "the same writes by the bare driver")
            results.add(line.judged(ratio=0.5))


async def replaces(results: Results, uri: str) -> None:
    """Measure commits of 500 documents."""
    documents = await MongoDocuments.open(uri, "replaces")
    lane = await Lane.take(documents)
    rates = []
    for turn in range(20):
        writes = [put(f"{n:04}", f"Deal {n}", total=turn, closed=n) for n in range(500)]
        begun = perf_counter()
        await lane.write(*writes)
        rates.append(500 / (perf_counter() - begun))
    await documents.close()
    results.add(Line("Mongo commit", "commits of 500 replaced documents", _DURABLE, "documents/s", rates))


if __name__ == "__main__":
    asyncio.run(main())
