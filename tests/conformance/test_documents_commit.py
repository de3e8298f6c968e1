"""The document store's promises on lanes, atomic commits and snapshots (DESIGN 5), run on every adapter."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from contracts.problem import Unavailable
from services.kit import crash
from services.kit.document_ports import Documents
from services.kit.documents import Delete, LaneMoved
from tests.conformance.documents_fixtures import (
    BEFORE,
    DEALS,
    GROUP,
    KILLED,
    SUMS,
    TOPIC,
    VISITS,
    Harness,
    Lane,
    add,
    documents,
    everything,
    find_ids,
    found,
    get,
    harness,
    killed_at,
    lane,
    put,
    sums,
)
from tests.support.patience import PATIENCE

POINTS = ["commit.begin", "commit.written", "commit.positions"]


# ---------------------------------------------------------------- lanes and the atomic commit


async def test_a_lane_keeps_positions_of_each_topic_its_log_and_what_was_skipped(documents: Documents) -> None:
    await documents.define(GROUP, [DEALS, VISITS], [SUMS])
    first = await documents.open_lane(GROUP, 2, "log-1")
    assert (first.lane, first.log_id, first.positions, first.incomplete) == (2, "log-1", {}, False)
    await documents.commit(GROUP, 2, first.rev, {"a": (3, "e3"), "b": (9, "e9")}, [])
    await documents.commit(GROUP, 2, first.rev, {"a": (5, "e5")}, [], incomplete=True)
    await documents.commit(GROUP, 2, first.rev, {}, [put("x")])
    second = await documents.open_lane(GROUP, 2, "log-2")
    assert second.rev > first.rev
    assert (second.log_id, second.incomplete) == ("log-1", True)
    assert second.positions == {"a": (5, "e5"), "b": (9, "e9")}
    await documents.open_lane(GROUP, 0, "log-1")
    async with documents.snapshot() as reader:
        lanes = await reader.lanes(GROUP)
    assert [(each.lane, each.rev) for each in sorted(lanes, key=lambda each: each.lane)] == [(0, 1), (2, second.rev)]
    assert next(each for each in lanes if each.lane == 2) == second


@pytest.mark.parametrize("count", [1, 1000])
async def test_an_older_owner_is_refused_and_nothing_of_it_is_stored(
    count: int, lane: Lane, documents: Documents
) -> None:
    await lane.write(*BEFORE)
    newer = await Lane.take(documents)
    before = await everything(documents)
    with pytest.raises(LaneMoved):
        await lane.write(*(put(f"{i}") for i in range(count)), add("new", 1, 1), Delete("deals", "a"))
    with pytest.raises(LaneMoved):
        await documents.commit(GROUP, 5, 1, {TOPIC: (1, "e")}, [put("a")])
    assert await everything(documents) == before
    await newer.write(put("n"))
    assert await find_ids(documents) == ["a", "b", "n"]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("more", [0, 1000])
async def test_an_error_inside_a_commit_stores_nothing(point: str, more: int, lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)
    before = await everything(documents)

    def fail(passed: str) -> None:
        if passed == point:
            raise ZeroDivisionError

    crash.install(fail)
    with pytest.raises(ZeroDivisionError):
        await lane.write(*KILLED, *(put(f"{i}") for i in range(more)))
    crash.install(None)
    assert await everything(documents) == before
    await lane.write(*KILLED)
    assert await find_ids(documents) == ["a", "b", "c"]


@pytest.mark.parametrize("point", [*POINTS, "commit.done"])
async def test_a_kill_inside_a_commit_stores_all_or_nothing(point: str, harness: Harness, tmp_path: Path) -> None:
    assert killed_at(harness.name, tmp_path, point) == -9
    documents = await harness.open()
    lane = await Lane.take(documents)
    deals, _, counted, lanes = await everything(documents)
    if point == "commit.done":
        assert [(row.id, row.document.title) for row in deals] == [("a", "Altered"), ("b", "Beta"), ("c", "Gamma")]
        assert counted == [{"stage": "new", "day": 1, "count": 3, "amount": 35}]
        assert lanes == [(0, "log-1", {TOPIC: (2, "e2")}, False)]
    else:
        assert [(row.id, row.document.title) for row in deals] == [("a", "Alpha"), ("b", "Beta")]
        assert counted == [{"stage": "new", "day": 1, "count": 2, "amount": 30}]
        assert lanes == [(0, "log-1", {TOPIC: (1, "e1")}, False)]
    assert await found(documents, "altered") == (["a"] if point == "commit.done" else [])
    await lane.write(*KILLED)
    assert await find_ids(documents) == ["a", "b", "c"]
    await documents.close()


async def test_a_full_disk_is_unavailable_and_nothing_is_stored(
    harness: Harness, lane: Lane, documents: Documents
) -> None:
    await lane.write(*BEFORE)
    before = await everything(documents)
    for count in (1, 1000):
        with harness.full(), pytest.raises(Unavailable):
            await lane.write(*(put(f"{i}", "x" * 5000) for i in range(count)))
    assert await everything(documents) == before
    await lane.write(put("z"))
    assert await find_ids(documents) == ["a", "b", "z"]


async def test_commits_of_all_sizes_at_once_are_all_stored(
    harness: Harness, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.shrink(monkeypatch.setattr)
    lanes = [await Lane.take(documents, number) for number in range(4)]

    async def work(lane: Lane) -> None:
        for i in range(60):
            await lane.write(add("s", lane.lane, 1), *(put(f"{lane.lane}-{i}-{j}") for j in range(i % 5)))

    await asyncio.gather(*map(work, lanes))
    assert [row["count"] for row in await sums(documents)] == [60] * 4
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") == 4 * sum(i % 5 for i in range(60))
        assert [state.positions[TOPIC][0] for state in await reader.lanes(GROUP)] == [60] * 4


async def test_a_cancelled_big_commit_ends_before_the_next_begins(lane: Lane, documents: Documents) -> None:
    big = asyncio.create_task(lane.write(*(put(f"{i}", "x" * 100) for i in range(3000))))
    await asyncio.sleep(0)
    big.cancel()
    with pytest.raises(asyncio.CancelledError):
        await big
    await lane.write(put("z"))
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") in (1, 3001)


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize("more", [0, 1000])
async def test_a_snapshot_does_not_see_later_commits(more: int, lane: Lane, documents: Documents) -> None:
    other = await Lane.take(documents, group="other.1")
    await lane.write(*BEFORE)
    async with documents.snapshot() as reader:
        await lane.write(*KILLED, *(put(f"{i}") for i in range(more)))
        await other.write(put("q", "Quiet"))
        assert [row.id for row in (await reader.find(GROUP, "deals")).rows] == ["a", "b"]
        assert await reader.search(GROUP, "deals", "altered") == []
        assert (await reader.counters(GROUP, "sums"))[0]["count"] == 2
        assert (await reader.lanes(GROUP))[0].positions[TOPIC] == (1, "e1")
        assert await reader.get("other.1", "deals", "q") == []
        async with documents.snapshot() as later:
            assert len(await later.get(GROUP, "deals", "c")) == 1
            assert len(await later.get("other.1", "deals", "q")) == 1
    assert len(await find_ids(documents, limit=5000)) == 3 + more


async def test_current_reads_see_each_commit_that_is_done(lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)
    async with documents.current() as reader:
        assert (await reader.lanes(GROUP))[0].positions[TOPIC] == (1, "e1")
    await lane.write(put("c"), put("d"))
    async with documents.current() as reader:
        assert {each.id for each in await reader.get_many(GROUP, "deals", ["a", "c", "nobody"], 0)} == {"a", "c"}
        assert (await reader.lanes(GROUP))[0].positions[TOPIC] == (2, "e2")
        assert [row.id for row in (await reader.find(GROUP, "deals")).rows] == ["a", "b", "c", "d"]
        with pytest.raises(RuntimeError, match="nobody"):
            await reader.lanes("nobody.1")


async def test_a_snapshot_taken_during_a_big_commit_is_one_moment_of_all_groups(
    lane: Lane, documents: Documents
) -> None:
    other = await Lane.take(documents, group="other.1")
    begun, go_on = threading.Event(), threading.Event()

    def hold(passed: str) -> None:
        if passed == "commit.written" and not begun.is_set():
            begun.set()
            assert go_on.wait(PATIENCE)

    crash.install(hold)
    big = asyncio.create_task(lane.write(*(put(f"{i}") for i in range(1000))))
    assert await asyncio.to_thread(begun.wait, 30)
    async with documents.snapshot() as reader:
        await other.write(put("q"))
        go_on.set()
        await big
        assert await reader.get("other.1", "deals", "q") == []
        assert await reader.count(GROUP, "deals") == 0  # else it would show the later commit without the earlier one
    assert len(await find_ids(documents, limit=2000)) == 1000


async def test_many_snapshots_at_once_and_in_threads(lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)

    async def read() -> list[str]:
        async with documents.snapshot() as reader:
            await asyncio.sleep(0)
            return [row.id for row in (await reader.find(GROUP, "deals")).rows]

    assert await asyncio.gather(*(read() for _ in range(20))) == [["a", "b"]] * 20
