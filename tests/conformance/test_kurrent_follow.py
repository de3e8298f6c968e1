"""Following KurrentDB while it restarts, is cut, falls silent or is killed (TORTURE R1, R11)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.ports import Append
from tests.conformance.events import check_log, everything, followed, ids, new, several
from tests.conformance.kurrent import back, double_of
from tests.doubles.kurrent.server import Double
from tests.support.patience import PATIENCE


@pytest.fixture
async def double(tmp_path: Path) -> Double:
    return await double_of(tmp_path)


@pytest.fixture
async def store(double: Double) -> AsyncIterator[KurrentEventStore]:
    opened = await KurrentEventStore.open(double.uri)
    yield opened
    await opened.close()


async def test_a_follower_survives_restarts_and_cuts(double: Double, store: KurrentEventStore) -> None:
    writer = await KurrentEventStore.open(double.uri)
    await writer.append_many([Append(f"old-{n}", several(f"o{n}", 50), 0) for n in range(50)])
    double.faults.cut_reads = 3
    total = 2_500 + 4 * 25
    following = asyncio.ensure_future(followed(store.follow(0), total))
    for round in range(4):
        for n in range(25):
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        await writer.append(f"live-{round}", [new(f"l{round}.{n}")], n)
                        break
                    except Unavailable:
                        await asyncio.sleep(0.01)
        await double.restart()
    got = await following
    await back(writer)
    assert double.faults.happened == 3
    assert got == await everything(writer)
    await writer.close()


async def test_a_subscription_that_died_without_a_word_is_noticed(double: Double) -> None:
    store = await KurrentEventStore.open(double.uri, idle=0.2)
    double.faults.mute = 2
    following = asyncio.ensure_future(followed(store.follow(0), 3))
    for n in range(3):
        await store.append(f"deal-{n}", [new(f"e{n}")], 0)
        await asyncio.sleep(0.1)
    assert ids(await following) == ["e0", "e1", "e2"]
    assert double.faults.happened > 0
    await store.close()


async def test_acknowledged_is_kept_by_a_server_that_is_killed(tmp_path: Path) -> None:  # R1
    port = 0
    acknowledged: dict[str, int] = {}
    server, uri = await _process(tmp_path, port)
    port = int(uri.split(":")[2].split("?")[0])
    store = await KurrentEventStore.open(uri)
    stop = asyncio.Event()

    async def write(name: str) -> None:
        n = 0
        answered = True
        while not (answered and stop.is_set()):
            try:
                await store.append(name, [new(f"{name}.{n}")], n)
            except Unavailable:
                answered = False
                await asyncio.sleep(0.02)
            else:
                answered = True
                n += 1
                acknowledged[name] = n

    got: list[RecordedEvent] = []

    async def follow() -> None:
        async for events in store.follow(0):
            got.extend(events)

    work = [asyncio.ensure_future(write(f"w{n}")) for n in range(6)]
    following = asyncio.ensure_future(follow())
    try:
        async with asyncio.timeout(PATIENCE * 3):
            for goal in (60, 150, 240):
                while sum(acknowledged.values()) < goal:
                    await asyncio.sleep(0.01)
                server.kill()
                await server.wait()
                server, _ = await _process(tmp_path, port)
            stop.set()
            await asyncio.gather(*work)
            await back(store)
            events = await everything(store)
            while len(got) < len(events):
                await asyncio.sleep(0.01)
        check_log(events, gapless=False)
        stored = {name: sum(event.stream == name for event in events) for name in acknowledged}
        assert stored == acknowledged
        assert got == events
    finally:
        stop.set()
        await store.close()
        await asyncio.gather(following, *work, return_exceptions=True)
        server.kill()
        await server.wait()


async def _process(folder: Path, port: int) -> tuple[asyncio.subprocess.Process, str]:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.doubles.kurrent", "--data", str(folder), "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdout is not None
    return server, (await server.stdout.readline()).decode().split()[-1]
