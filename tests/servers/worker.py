"""A worker process: folds a group's deliveries into the shared ledger until SIGTERM.

    python -m tests.servers.worker SETTINGS LOG LEDGER NAME [stop-at N | die-at N] [pause MS]

LOG is this worker's copy of the file log.db beside it: SQLite's log is for one process.

stop-at N: before the commit of the N-th batch it stands still (SIGSTOP); die-at N: there it kills itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path
from typing import cast

from contracts.envelope import RecordedEvent
from services.kit.adapters.kafka_bus import KafkaBus
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.sqlite_store import SqliteEventStore
from services.kit.documents import LaneMoved, LaneState
from services.kit.ports import Batch, EventStore
from tests.servers.ledger import Ledger

GROUP = "analytics.4"


def copy_log(log: Path, to: Path) -> None:
    """Copy a log that is being written to, as it is at one moment."""
    with closing(sqlite3.connect(log)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


class Copied:
    """The log as far as a bus needs it; copied anew where the copy lacks what was stored since."""

    def __init__(self, path: Path, store: SqliteEventStore) -> None:
        self.log_id = store.log_id
        self._path = path
        self._store = store

    async def read_all(self, after: int, limit: int) -> list[RecordedEvent]:
        """Return events of the log with position > after."""
        if not (found := await self._store.read_all(after, limit)):
            await self.close()
            copy_log(self._path.with_name("log.db"), self._path)
            self._store = await SqliteEventStore.open(self._path)
            found = await self._store.read_all(after, limit)
        return found

    async def close(self) -> None:
        """Close the copy."""
        await self._store.close()


async def main(settings: KafkaSettings, log: Path, ledger: Ledger, options: dict[str, int]) -> None:
    store = Copied(log, await SqliteEventStore.open(log))
    bus = KafkaBus(settings, cast("EventStore", store))
    states: dict[int, LaneState] = {}

    async def open_lane(lane: int) -> LaneState:
        states[lane] = ledger.open_lane(lane, store.log_id)
        return LaneState(lane, states[lane].rev, store.log_id, dict(states[lane].positions))

    async def work() -> None:
        count = 0
        batches = cast("AsyncGenerator[Batch]", bus.deliveries(GROUP, open_lane, 20))
        async with aclosing(batches):
            async for batch in batches:
                count += 1
                if count == options.get("die-at"):
                    os.kill(os.getpid(), signal.SIGKILL)
                if count == options.get("stop-at"):
                    ledger.tell("stands still")
                    os.kill(os.getpid(), signal.SIGSTOP)
                try:
                    whole = ledger.commit(states[batch.lane], batch)
                except LaneMoved:
                    ledger.tell("refused")
                    await bus.resend(GROUP, batch.lane)
                    continue
                if not whole:
                    ledger.tell("gap")
                    await bus.resend(GROUP, batch.lane)
                await batch.done()
                await asyncio.sleep(options.get("pause", 0) / 1000)

    working = asyncio.create_task(work())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    await asyncio.wait({working})
    await store.close()
    if not working.cancelled():
        working.result()


if __name__ == "__main__":
    words = sys.argv[5:]
    given = {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}
    asyncio.run(
        main(
            KafkaSettings(**json.loads(sys.argv[1])),
            Path(sys.argv[2]),
            Ledger(Path(sys.argv[3]), sys.argv[4]),
            given,
        )
    )
