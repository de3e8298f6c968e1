"""B1: appends with an expected version, beside plain SQLite committing groups with nothing else to do."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Thread
from time import perf_counter
from typing import Any

from benchmarks.data import FUNNEL, STAGES
from benchmarks.measure import FULL, Line, Results, in_turn
from contracts.envelope import NewEvent
from contracts.ids import command_id
from contracts.pipeline.commands import MoveDeal, OpenDeal
from contracts.problem import VersionConflict
from services.kit import clock
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.codec import Codec
from services.kit.handle import Handler, Meta
from services.pipeline.domain.deal import DEAL

STREAMS = 10_000
CONFLICTS = 0.05
_DATA = (
    '{"deal_id":"%s","client_id":"0b1f2c3d-aaaa-5bbb-accc-0123456789ab","contact_ids":[],"owner_id":"owner-01",'
    '"funnel_id":"funnel-sales","stage_id":"offer","value":123400,"currency":"EUR","rate":"1","base_value":123400,'
    '"from_stage":"contact","from_entered_at":1717200000000}'
)
Append = Callable[[str, NewEvent, int], Awaitable[None]]


def _event(number: int, stream: str) -> NewEvent:
    return NewEvent(
        id=f"{number:08x}-1111-5222-a333-444444444444", type="pipeline.DealStageChanged.v1", key=stream[5:],
        occurred_at=1_717_200_000_000 + number, actor="user:u1", command_id=f"{number:08x}-5555-5666-a777-888888888888",
        command_hash="5d41402abc4b2a76b9719d911017c592", data=(_DATA % stream[5:]).encode(),
    )  # fmt: skip


def _jobs(callers: int, count: int) -> list[list[tuple[str, NewEvent, int]]]:
    """Return for each caller what it appends: streams of its own, each with its next version."""
    chance = Random(callers)
    names = [f"deal-{n:08x}-0000-4000-8000-000000000000" for n in range(STREAMS)]
    jobs: list[list[tuple[str, NewEvent, int]]] = [[] for _ in range(callers)]
    versions: dict[str, int] = {}
    for number in range(count):
        caller = number % callers
        stream = names[chance.randrange(caller, STREAMS, callers)]
        expected = versions.get(stream, 0)
        versions[stream] = expected + 1
        jobs[caller].append((stream, _event(number, stream), expected))
    return jobs


async def _run(append: Append, jobs: list[list[tuple[str, NewEvent, int]]]) -> float:
    async def caller(mine: list[tuple[str, NewEvent, int]]) -> None:
        for stream, event, expected in mine:
            await append(stream, event, expected)

    begun = perf_counter()
    await asyncio.gather(*(caller(mine) for mine in jobs))
    return sum(map(len, jobs)) / (perf_counter() - begun)


# ---------------------------------------------------------------- the limit


class RawLog(Thread):
    """Plain SQLite: what waits is inserted and committed by one thread; no checks, no indexes."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._loop = asyncio.get_running_loop()
        self._inbox: SimpleQueue[tuple[tuple[Any, ...], asyncio.Future[int]] | None] = SimpleQueue()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32768"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        self._db.execute(
            "CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,"
            " id TEXT NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL, occurred_at INTEGER NOT NULL,"
            " recorded_at INTEGER NOT NULL, actor TEXT NOT NULL, command_id TEXT NOT NULL, command_hash TEXT NOT NULL,"
            " correlation TEXT NOT NULL, origin TEXT NOT NULL, imputed INTEGER NOT NULL, data BLOB NOT NULL) STRICT"
        )

    async def append(self, stream: str, e: NewEvent, expected: int) -> None:
        """Store an event; returns when it is on disk."""
        row = (
            stream, expected + 1, e.id, e.type, e.key, e.occurred_at, e.occurred_at, e.actor, e.command_id,
            e.command_hash, e.correlation, e.origin, e.imputed, e.data,
        )  # fmt: skip
        done: asyncio.Future[int] = self._loop.create_future()
        self._inbox.put((row, done))
        await done

    def run(self) -> None:
        """Commit what waits until told to stop."""
        names = "stream,version,id,type,key,occurred_at,recorded_at,actor,command_id,command_hash,correlation,origin"
        insert = f"INSERT INTO events({names},imputed,data) VALUES ({','.join('?' * 14)})"
        while (first := self._inbox.get()) is not None:
            asks = [first]
            while not self._inbox.empty() and (more := self._inbox.get()) is not None:
                asks.append(more)
            self._db.execute("BEGIN")
            self._db.executemany(insert, [row for row, _ in asks])
            self._db.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._tell, [done for _, done in asks])
        self._db.close()

    def stop(self) -> None:
        """End the thread."""
        self._inbox.put(None)
        self.join()

    @staticmethod
    def _tell(waiting: list[asyncio.Future[int]]) -> None:
        for done in waiting:
            done.set_result(1)


def _stored(path: Path) -> str:
    """Return a hash of what is in the log, stream by stream."""
    db = sqlite3.connect(path)
    found = hashlib.sha256()
    for row in db.execute("SELECT stream, version, id, type, key, data FROM events ORDER BY stream, version"):
        found.update(repr(row).encode())
    db.close()
    return found.hexdigest()


# ---------------------------------------------------------------- measured


async def appends(results: Results, work: Path, rounds: int, counts: dict[int, int]) -> None:
    """Measure B1; `counts`: events by number of callers."""
    for callers, count in counts.items():
        jobs = _jobs(callers, count)

        async def ours(jobs: Any = jobs) -> float:
            shutil.rmtree(work / "ours", ignore_errors=True)
            store = await SqliteEventStore.open(work / "ours" / "log.sqlite")

            async def append(stream: str, event: NewEvent, expected: int) -> None:
                await store.append(stream, (event,), expected)

            rate = await _run(append, jobs)
            await store.close()
            return rate

        async def raw(jobs: Any = jobs) -> float:
            shutil.rmtree(work / "raw", ignore_errors=True)
            (work / "raw").mkdir()
            log = RawLog(work / "raw" / "log.sqlite")
            log.start()
            rate = await _run(log.append, jobs)
            log.stop()
            return rate

        await ours()
        await raw()
        if _stored(work / "ours" / "log.sqlite") != _stored(work / "raw" / "log.sqlite"):
            raise AssertionError("the two logs differ")
        samples, limits = await in_turn(rounds, ours, raw)
        what = f"append with expected version, {STREAMS:,} streams, {callers} callers"
        line = Line("B1 append", what, FULL, "events/s", samples, limits, "group commit, no checks, no index")
        results.add(line.judged(ratio=0.4) if callers == 32 else line)
    await _conflicts(work)
    results.note("B1 equality: each stream holds the same events in both logs; 5 % stale versions are all refused")


async def _conflicts(work: Path) -> None:
    """Append with a stale version now and then: each must be refused, and nothing else."""
    shutil.rmtree(work / "ours", ignore_errors=True)
    store = await SqliteEventStore.open(work / "ours" / "log.sqlite")
    chance = Random(1)
    refused = planned = 0
    for mine in _jobs(8, 1_000):
        for stream, event, expected in mine:
            if expected and chance.random() < CONFLICTS * 10:
                planned += 1
                try:
                    await store.append(stream, (_event(10**7 + planned, stream),), expected - 1)
                except VersionConflict:
                    refused += 1
            await store.append(stream, (event,), expected)
    await store.close()
    if refused != planned:
        raise AssertionError(f"{planned - refused} of {planned} stale appends were stored")


async def commands(results: Results, work: Path, rounds: int, counts: dict[int, int], deals: int = 2_000) -> None:
    """Measure the same through the command handler with a real decider: MoveDeal on open deals."""
    shutil.rmtree(work / "handler", ignore_errors=True)
    store = await SqliteEventStore.open(work / "handler" / "log.sqlite")
    keyring = await SqliteKeyring.open(work / "handler" / "keys.sqlite")
    handler = Handler(store, Codec(keyring), clock.now)
    ids = [f"deal-{n:06}" for n in range(deals)]
    number = 0

    async def take(command: Any) -> None:
        nonlocal number
        number += 1
        await handler.handle(DEAL, command.deal_id, command, Meta("user:u1", command_id("user:u1", str(number))))

    async def opened(mine: list[str]) -> None:
        for deal in mine:
            await take(OpenDeal(deal_id=deal, funnel_id=FUNNEL, stage_id="new", value=1000, currency="EUR"))

    await asyncio.gather(*(opened(ids[start::32]) for start in range(32)))
    turn = 0
    for callers, count in counts.items():

        async def measure(callers: int = callers, count: int = count) -> float:
            nonlocal turn
            turn += 1

            async def caller(first: int) -> None:
                for nth in range(count // callers):
                    deal = ids[(first + nth * callers) % deals]
                    stage = STAGES[(turn + (first + nth * callers) // deals) % len(STAGES)][0]
                    await take(MoveDeal(deal_id=deal, stage_id=stage))

            begun = perf_counter()
            await asyncio.gather(*(caller(first) for first in range(callers)))
            return count // callers * callers / (perf_counter() - begun)

        samples = [await measure() for _ in range(rounds)]
        what = f"MoveDeal through Handler.handle, {callers} callers (state cached, real decider)"
        results.add(Line("B1 command", what, FULL, "commands/s", samples))
    head = await store.head()
    for deal in ids[::97]:
        events = await store.read(f"deal-{deal}")
        if [event.version for event in events] != list(range(1, len(events) + 1)):
            raise AssertionError(f"{deal}: versions have a gap")
    results.note(f"B1 command: {head:,} events stored, versions without a gap")
    await store.close()
    await keyring.close()
