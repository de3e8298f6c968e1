"""A process that writes to an event store until it is killed, saying on stdout what was acknowledged.

    python -m tests.conformance.append_child CASE FOLDER ROUND POINT HITS

It kills itself when POINT (services.kit.crash) is passed for the HITS-th time; POINT `-`: it waits to be killed. A line
for each acknowledged append: stream, version after it, position after it, number of events."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from itertools import count
from pathlib import Path

from contracts.envelope import NewEvent
from services.kit import crash
from services.kit.ports import Append, Appended, EventStore
from tests.conformance.cases import STORES
from tests.conformance.events import new

SIZES = (1, 1, 1, 2, 90)
"""Events of one append in turn; 90 are more than one statement stores."""


def events_of(stream: str, version: int, size: int) -> list[NewEvent]:
    """Return the events that follow this version; each says of how many it is one."""
    return [new(f"{stream}/{version}/{n}", data=b'{"of":%d}' % size) for n in range(size)]


def say(appended: Appended, size: int) -> None:
    os.write(1, f"{appended.stream} {appended.version} {appended.position} {size}\n".encode())


async def write(store: EventStore, stream: str, start: int) -> None:
    version = 0
    for n in count(start):
        size = SIZES[n % len(SIZES)]
        appended = await store.append(stream, events_of(stream, version, size), version)
        version = appended.version
        say(appended, size)


async def bring_in(store: EventStore, name: str) -> None:
    for part in count():
        appends = [Append(f"{name}-{part}-{n}", events_of(f"{name}-{part}-{n}", 0, 3), 0) for n in range(300)]
        for answer in await store.append_many(appends):
            assert isinstance(answer, Appended)
            say(answer, 3)


def kill_at(point: str, hits: int) -> None:
    passed = count(1)

    def handler(name: str) -> None:
        if name == point and next(passed) == hits:
            os.kill(os.getpid(), signal.SIGKILL)

    crash.install(handler)


async def main(case: str, folder: Path, round: str, point: str, hits: int) -> None:
    [stores] = [each for each in STORES if each.name == case]
    store = await stores.open(folder)
    if point != "-":
        kill_at(point, hits)
    async with asyncio.TaskGroup() as group:
        for n in range(8):
            group.create_task(write(store, f"w{round}-{n}", n))
        group.create_task(bring_in(store, f"i{round}"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
