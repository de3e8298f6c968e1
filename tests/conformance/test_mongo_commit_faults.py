"""Commits to MongoDB with the connection cut, the server hanging or killed, the owner a zombie: nothing is lost,
doubled or mixed (TORTURE R7, R9)."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from contracts.problem import Unavailable
from services.kit import crash
from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.documents import LaneMoved, LaneUnsure
from tests.conformance.documents_fixtures import (
    DEALS,
    GROUP,
    SUMS,
    TOPIC,
    VISITS,
    Lane,
    add,
    everything,
    find_ids,
    put,
    sums,
)
from tests.conformance.mongo_commits import (
    FIRST,
    ROOT,
    SECOND,
    at_command,
    commands_of_second,
    holds,
    reopened,
    start_process,
    stores,
)
from tests.doubles.mongo import MongoDouble
from tests.support.patience import PATIENCE


async def every_place(folder: Path) -> list[tuple[int, str]]:
    commands = await commands_of_second(folder / "count")
    assert commands[0] == "update"
    assert commands[-1] == "commitTransaction"
    assert {"update", "delete", "find"} <= set(commands)
    return [(number, when) for number in range(len(commands)) for when in ("before", "after")]


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cut_at_any_place_of_a_commit_changes_nothing(times: int, tmp_path: Path) -> None:
    for number, when in await every_place(tmp_path):
        async with stores(tmp_path / f"{number}-{when}") as (double, documents):
            lane = await Lane.take(documents)
            await lane.write(*FIRST)
            cut = double.faults.plan(None, "cut", when=when, times=times, where=at_command(number))
            await lane.write(*SECOND)
            assert cut.times == 0, "it was cut"
            await holds(documents, 2)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_without_an_answer_gives_the_lane_up_and_it_tells_when_opened(when: str, tmp_path: Path) -> None:
    async with stores(tmp_path, seconds=2.0, lifetime=0.2) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        double.faults.plan("commitTransaction", "hang", when=when, times=100)
        with pytest.raises(LaneUnsure):
            await lane.write(*SECOND)
        double.faults.planned.clear()
        again = await reopened(documents)
        double.faults.released.set()
        assert again.at == (2 if when == "after" else 1)
        await holds(documents, again.at)
        with pytest.raises(LaneMoved):
            await lane.write(put("late"))
        if again.at == 1:
            await again.write(*SECOND)
        await holds(documents, 2)


async def test_a_hanging_server_is_unavailable_in_time_and_nothing_is_stored(tmp_path: Path) -> None:
    async with stores(tmp_path, seconds=2.0, lifetime=0.2) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        double.faults.plan("update", "hang", times=100)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(PATIENCE):
                await lane.write(*SECOND)
        double.faults.planned.clear()
        double.faults.released.set()
        await holds(documents, 1)
        await lane.write(*SECOND)
        await holds(documents, 2)


async def test_a_server_that_is_away_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    async with stores(tmp_path, seconds=2.0) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        await double.stop()
        with pytest.raises(Unavailable):
            await lane.write(*SECOND)
        with pytest.raises(Unavailable):
            await find_ids(documents)
        await double.start()
        await lane.write(*SECOND)
        await holds(documents, 2)


async def test_a_zombie_that_wakes_between_any_two_steps_stores_nothing_mixed(tmp_path: Path) -> None:
    outcomes = set()
    for number, when in await every_place(tmp_path):
        async with stores(tmp_path / f"{number}-{when}", 2, lifetime=0.1) as (double, old, new):
            zombie = await Lane.take(old)
            await zombie.write(*FIRST)
            sleep = double.faults.plan(None, "hang", when=when, where=at_command(number))
            waking = asyncio.create_task(zombie.write(*SECOND))
            async with asyncio.timeout(PATIENCE):
                while sleep.times:
                    await asyncio.sleep(0)
            owner = await reopened(new)
            outcomes.add(owner.at)
            if owner.at == 1:
                await owner.write(put("n", "New owner"), add("new", 1, 100))
                double.faults.released.set()
                with pytest.raises(LaneMoved):
                    await waking
                assert await find_ids(new) == ["a", "b", "d", "n"]
                assert [(row["stage"], row["count"]) for row in await sums(new)] == [("new", 102), ("old", 1)]
            else:
                double.faults.released.set()
                await waking
                await holds(new, 2)
    assert outcomes == {1, 2}, "it slept before and after it had committed"


async def test_commits_of_two_owners_at_once_are_refused_to_the_older_one(tmp_path: Path) -> None:
    async with stores(tmp_path, 2) as (_, one, two):
        stored = 0
        lane = await Lane.take(one)
        for turn in range(30):
            other = two if lane.documents is one else one
            older = asyncio.create_task(lane.write(add("s", 1, 1)))
            for _ in range(turn):
                await asyncio.sleep(0)
            lane = await Lane.take(other)
            try:
                await older
                stored += 1
            except LaneMoved:
                pass
            assert lane.at == stored
        assert (await sums(one))[0]["count"] == stored
        assert stored > 0


async def test_a_commit_cancelled_anywhere_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    async with stores(tmp_path) as (double, documents):
        lane = await Lane.take(documents)
        ends = set()
        for turns in range(60):
            at = lane.at
            task = asyncio.create_task(lane.write(put(f"{turns}", "x"), put(f"{turns}-2"), add("s", 1, 1)))
            for _ in range(turns * 2):
                await asyncio.sleep(0)
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            assert end is None or isinstance(end, asyncio.CancelledError)
            lane = await reopened(documents)
            assert lane.at in ({at + 1} if end is None else {at, at + 1})
            assert (await sums(documents) or [{"count": 0}])[0]["count"] == lane.at
            async with documents.snapshot() as reader:
                assert await reader.count(GROUP, "deals") == 2 * lane.at
            ends.add((end is None, lane.at - at))
        assert {(True, 1), (False, 0)} <= ends
        assert not double._sessions.open, "each cancelled transaction was aborted"


async def test_an_owner_killed_inside_a_commit_leaves_nothing(tmp_path: Path) -> None:
    double = await MongoDouble(tmp_path, lifetime=0.3).start()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, double.uri, cwd=ROOT)
    assert await child.wait() == -signal.SIGKILL
    assert double._sessions.open, "its transaction is open still"
    documents = await MongoDocuments.open(double.uri, "test")
    lane = await reopened(documents)
    await holds(documents, 1)
    await lane.write(*SECOND)
    await holds(documents, 2)
    await documents.close()
    await double.stop()


OWNER = """
import asyncio, os, signal, sys
from services.kit import crash
from services.kit.adapters.mongo_documents import MongoDocuments
from tests.conformance.documents_fixtures import Lane
from tests.conformance.mongo_commits import FIRST, SECOND

async def main():
    lane = await Lane.take(await MongoDocuments.open(sys.argv[1], "test"))
    await lane.write(*FIRST)
    crash.install(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == "commit.written" else None)
    await lane.write(*SECOND)

asyncio.run(main())
"""


async def test_a_server_killed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    process, uri = await start_process(tmp_path)
    port = int(uri.rsplit(":", 1)[1].strip("/"))
    documents = await MongoDocuments.open(uri, "test")
    await documents.define(GROUP, [DEALS, VISITS], [SUMS])
    acknowledged = [0] * 4
    stop = asyncio.Event()

    async def work(number: int) -> None:
        lane: Lane | None = None
        while not stop.is_set():
            try:
                if lane is None:
                    lane = await Lane.take(documents, number)
                    assert lane.at in {acknowledged[number], acknowledged[number] + 1}
                    acknowledged[number] = lane.at
                await lane.write(add("s", number, 1), *(put(f"{number}-{lane.at}-{n}") for n in range(3)))
                acknowledged[number] = lane.at
            except LaneMoved:
                lane = None
            except Unavailable:
                pass  # nothing was stored: again

    workers = [asyncio.create_task(work(number)) for number in range(4)]
    for _ in range(3):
        before = sum(acknowledged)
        async with asyncio.timeout(PATIENCE):
            while sum(acknowledged) < before + 40:
                await asyncio.sleep(0.01)
                assert not any(each.done() for each in workers)
        process.kill()
        await process.wait()
        process, again = await start_process(tmp_path, port)
        assert again == uri
    before = sum(acknowledged)
    async with asyncio.timeout(PATIENCE):
        while sum(acknowledged) < before + 40:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*workers)
    assert [row["count"] for row in await sums(documents)] == acknowledged
    _, _, _, lanes = await everything(documents)
    assert [positions[TOPIC][0] for _, _, positions, _ in lanes] == acknowledged
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") == 3 * sum(acknowledged)
    await documents.close()
    process.kill()
    await process.wait()


async def test_an_error_behind_the_commit_is_not_taken_for_a_failed_one(tmp_path: Path) -> None:
    async with stores(tmp_path) as (_, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)

        def fail(name: str) -> None:
            if name == "commit.done":
                (tmp_path / "nowhere").stat()

        crash.install(fail)
        try:
            with pytest.raises(FileNotFoundError):
                await lane.write(*SECOND)
        finally:
            crash.install(None)
        assert (await reopened(documents)).at == 2
        await holds(documents, 2)
