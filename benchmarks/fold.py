"""B3: the durable live fold with everything in it, beside plain SQLite writing the very same rows."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.measure import NORMAL, Line, Results, in_turn
from benchmarks.oracle import FIELDS, client_numbers
from services.analytics.projections.group import ANALYTICS
from services.analytics.projections.model import COLLECTIONS, COUNTERS
from services.kit.adapters.log_bus import LogBus
from services.kit.adapters.sqlite_documents import SqliteDocuments
from services.kit.adapters.sqlite_keyring import SqliteKeyring
from services.kit.adapters.sqlite_schema import Shape
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.adapters.sqlite_writes import Step, steps
from services.kit.codec import Codec
from services.kit.documents import Positions, Write
from services.kit.ports import Batch, OpenLane
from services.kit.projection import Projection
from services.kit.rebuild import rebuild
from services.kit.runner import ProjectionRunner

GROUP = f"{ANALYTICS.name}.{ANALYTICS.version}"


class UntilBus:
    """The log's bus that ends at a position and hands out at most `most` events at once."""

    def __init__(self, store: SqliteEventStore, until: int, most: int) -> None:
        self._bus = LogBus(store)
        self._until = until
        self._most = most
        self.lanes = 1
        self.system = store.system

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        """Yield batches up to the position."""
        async for batch in self._bus.deliveries(group, open_lane, min(most, self._most)):
            batch.events = [each for each in batch.events if each.event.position <= self._until]
            if batch.events:
                yield batch
            if not batch.events or batch.events[-1].event.position == self._until:
                return

    def passed(self, group: str) -> int:
        """Return what the log's bus says."""
        return self._bus.passed(group)

    def owned(self, group: str) -> frozenset[int]:
        """Return what the log's bus says."""
        return self._bus.owned(group)

    async def resend(self, group: str, lane: int) -> None:
        """Ask the log's bus."""
        await self._bus.resend(group, lane)


@dataclass
class Recording:
    """What the runner committed, as statements with their rows."""

    commits: list[tuple[list[Step], Positions]] = field(default_factory=list)
    rows: int = 0


class Recorder:
    """The document store that also keeps what is committed."""

    def __init__(self, inner: SqliteDocuments, recording: Recording) -> None:
        self._inner = inner
        self._recording = recording
        self._shape = Shape(COLLECTIONS, COUNTERS)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(
        self, group: str, lane: int, rev: int, positions: Positions, writes: Sequence[Write], **more: Any
    ) -> None:
        """Note the statements, then commit."""
        made = steps(self._shape, lane, writes)
        self._recording.commits.append((made, dict(positions)))
        self._recording.rows += sum(len(rows) for _, rows, _ in made)
        await self._inner.commit(group, lane, rev, positions, writes, **more)


async def fold(
    data: Path,
    documents: Path,
    until: int,
    most: int,
    recording: Recording | None = None,
    projection: Projection = ANALYTICS,
) -> float:
    """Fold the log of `data` up to a position into `documents`; return the seconds from the first event to the last."""
    store = await SqliteEventStore.open(data / "log.sqlite")
    keyring = await SqliteKeyring.open(data / "keys.sqlite")
    kept = await SqliteDocuments.open(documents / "documents.sqlite")
    used: Any = kept if recording is None else Recorder(kept, recording)
    group = f"{projection.name}.{projection.version}"
    bus = UntilBus(store, until, most)
    runner = ProjectionRunner(projection, group, bus, used, Codec(keyring), store.log_id)
    begun = perf_counter()
    await runner.run()
    took = perf_counter() - begun
    stop = next((lane.stop for lane in runner.lanes.values() if lane.stop), None)
    await kept.close()
    await keyring.close()
    await store.close()
    if stop is not None:
        raise AssertionError(f"the lane stopped: {stop}")
    return took


def copied(source: Path, target: Path) -> Path:
    """Return a fresh copy of a folder of documents, synced so that its writing does not fall into the measurement."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock", "log.sqlite*", "keys.sqlite*"))
    os.sync()
    return target


def file_of(documents: Path, group: str = GROUP) -> Path:
    """Return the file of a group."""
    return documents / "documents.groups" / f"{group}.db"


def fingerprint(documents: Path, group: str = GROUP) -> str:
    """Return a hash of all rows of all tables, whatever their order in the file."""
    db = sqlite3.connect(file_of(documents, group))
    found = hashlib.sha256()
    tables = db.execute("SELECT name FROM sqlite_schema WHERE type='table' AND name GLOB '[cn]_*' ORDER BY name")
    for (table,) in tables.fetchall():
        names = [name for _, name, *_ in db.execute(f'PRAGMA table_info("{table}")') if name != "_n"]
        listed = ", ".join(f'"{name}"' for name in names)
        order = ", ".join(str(at) for at in range(1, len(names) + 1))
        for row in db.execute(f'SELECT {listed} FROM "{table}" ORDER BY {order}'):
            found.update(repr(row).encode())
    db.close()
    return found.hexdigest()


def check_numbers(data: Path, documents: Path, until: int) -> int:
    """Compare every client's row with the oracle; return how many there are."""
    wanted = {client: values for client, values in client_numbers(data, until).items() if any(values)}
    db = sqlite3.connect(file_of(documents))
    names = ", ".join(f"json_extract(_body, '$.{name}')" for name in FIELDS)
    rows = db.execute(f"SELECT subject_id, {names} FROM c_rows WHERE subject = 'client'").fetchall()
    db.close()
    found = {client: tuple(values) for client, *values in rows if any(values)}
    if found != wanted:
        differing = [client for client in found.keys() | wanted.keys() if found.get(client) != wanted.get(client)]
        first = differing[0]
        raise AssertionError(f"{len(differing)} clients differ: {first}: {found.get(first)}, not {wanted.get(first)}")
    return len(wanted)


def write_raw(documents: Path, recording: Recording) -> float:
    """Write the recorded rows with plain sqlite3 into the same tables; return the seconds."""
    db = sqlite3.connect(file_of(documents), isolation_level=None, cached_statements=512)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-16384"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    begun = perf_counter()
    for made, positions in recording.commits:
        db.execute("BEGIN IMMEDIATE")
        for statement, rows, _ in made:
            db.executemany(statement, rows)
        db.executemany(
            "INSERT OR REPLACE INTO positions(lane, topic, position, event_id) VALUES (0, ?, ?, ?)",
            [(topic, at, event) for topic, (at, event) in positions.items()],
        )
        db.execute("COMMIT")
    took = perf_counter() - begun
    db.close()
    return took


async def live_fold(results: Results, data: Path, work: Path, events: int, measured: int, rounds: int) -> Path:
    """Measure B3 over the last `measured` events; return the folder of documents with everything folded."""
    base = await _begun(data, work / "base", events - measured)
    done = work / "done"
    for most in (500, 100):
        recording = Recording()
        await fold(data, copied(base, done), events, most, recording)
        clients = check_numbers(data, done, events)
        wanted = fingerprint(done)
        write_raw(copied(base, work / "raw"), recording)
        if fingerprint(work / "raw") != wanted:
            raise AssertionError("writing the recorded rows raw does not give the same tables")

        async def ours(most: int = most) -> float:
            return measured / await fold(data, copied(base, work / "run"), events, most)

        async def raw(recording: Recording = recording) -> float:
            return measured / write_raw(copied(base, work / "raw"), recording)

        samples, limits = await in_turn(rounds, ours, raw)
        if fingerprint(work / "run") != wanted:
            raise AssertionError("two folds of the same events differ")
        each = recording.rows / measured
        what = f"live fold of analytics, all in, commit every {most} events ({each:.1f} rows an event)"
        line = Line("B3 fold", what, NORMAL, "events/s", samples, limits, "the same rows by plain executemany")
        results.add(line.judged(at_least=8_000, ratio=0.5))
        if most == 500:
            results.note(
                f"B3 equality: the first {events - measured:,} events rebuilt, the others folded live: {clients:,} "
                "clients as the oracle says, all tables as written raw, every run the same"
            )
    return done


async def _begun(data: Path, folder: Path, until: int) -> Path:
    """Return a folder of documents that hold the log up to a position, built by a rebuild on a shorter copy of it."""
    folder.mkdir()
    for name in ("log.sqlite", "keys.sqlite"):
        shutil.copy(data / name, folder / name)
    db = sqlite3.connect(folder / "log.sqlite")
    db.execute("DELETE FROM events WHERE position > ?", (until,))
    db.commit()
    db.close()
    store = await SqliteEventStore.open(folder / "log.sqlite")
    keyring = await SqliteKeyring.open(folder / "keys.sqlite")
    kept = await SqliteDocuments.open(folder / "documents.sqlite")
    await rebuild(ANALYTICS, store, Codec(keyring), kept, 1)
    for opened in (kept, keyring, store):
        await opened.close()
    return folder


# ---------------------------------------------------------------- kill -9 in the middle


async def killed(results: Results, data: Path, work: Path, until: int, kills: int = 3) -> None:
    """Kill the fold a few times in the middle and go on: the tables must be those of an undisturbed fold."""
    whole, torn = work / "whole", work / "torn"
    whole.mkdir()
    torn.mkdir()
    took = await fold(data, whole, until, 100)
    happened = 0
    for turn in range(kills):
        command = [sys.executable, "-m", "benchmarks.fold", str(data), str(torn), str(until), "100"]
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        await child.stdout.readline()  # it has begun
        await asyncio.sleep(took / (kills + 1) * (0.6 + 0.2 * turn))
        if child.returncode is None:
            child.send_signal(signal.SIGKILL)
            happened += 1
        await child.wait()
    await fold(data, torn, until, 100)
    if fingerprint(whole) != fingerprint(torn):
        raise AssertionError("after kill -9 and resuming the tables differ")
    results.note(f"B3 kill -9: killed {happened} times within {until:,} events, resumed: all tables the same")


async def _child(data: Path, documents: Path, until: int, most: int) -> None:
    print("begun", flush=True)
    await fold(data, documents, until, most)


if __name__ == "__main__":
    asyncio.run(_child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
