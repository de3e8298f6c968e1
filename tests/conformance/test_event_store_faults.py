"""What every event store in this process must survive: kills, full disks, files that are not its own (promise 2)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from contracts.problem import Unavailable
from services.kit import crash
from services.kit.adapters.sqlite_files import connect
from services.kit.errors import NewerData, Unusable
from services.kit.ports import Append
from tests.conformance.cases import STORES, StoreCase, full_disk
from tests.conformance.events import check_log, everything, followed, ids, new, several
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[case for case in STORES if case.file], ids=lambda case: case.name)
def stores(request: pytest.FixtureRequest) -> StoreCase:
    case: StoreCase = request.param
    return case


@pytest.fixture
def file(stores: StoreCase, tmp_path: Path) -> Path:
    assert stores.file is not None
    return tmp_path / stores.file


# ---------------------------------------------------------------- kill -9


async def _run_and_kill(stores: StoreCase, folder: Path, name: str, point: str, hits: int) -> list[str]:
    """Let a process write until it kills itself at the point, or (`-`) is killed after `hits` acknowledgements."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.append_child", stores.name, str(folder), name, point, str(hits)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    said: list[str] = []
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE * 3):
        while line := await child.stdout.readline():
            said.append(line.decode())
            if point == "-" and len(said) == hits:
                child.kill()
        assert await child.wait() == -9, "the process did not die where it should"
    return said


async def _check_after_kill(stores: StoreCase, folder: Path, said: list[str]) -> None:
    store = await stores.open(folder)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    found = {(event.stream, event.version): event for event in events}
    for line in said:
        stream, version, position, size = line.split()
        last = found[stream, int(version)]
        assert last.position == int(position)
        assert last.id == f"{stream}/{int(version) - int(size)}/{int(size) - 1}"
    parts = Counter((event.stream, event.id.rsplit("/", 1)[0]) for event in events)
    sizes = {(event.stream, event.id.rsplit("/", 1)[0]): json.loads(event.data)["of"] for event in events}
    assert parts == sizes, "an append is there in part"
    await store.append("after", [new("after")], 0)
    assert ids(await store.read("after")) == ["after"]
    await store.close()


@pytest.mark.parametrize("hits", [1, 9, 60])
@pytest.mark.parametrize("point", ["append.before", "append.inserted", "append.committed"])
async def test_a_kill_at_a_point_loses_nothing_acknowledged(
    stores: StoreCase, file: Path, tmp_path: Path, point: str, hits: int
) -> None:
    said = await _run_and_kill(stores, tmp_path, "1", point, hits)
    assert said or hits < 9
    await _check_after_kill(stores, tmp_path, said)


@pytest.mark.parametrize("seed", range(2))
async def test_kills_at_random_times_lose_nothing_acknowledged(
    stores: StoreCase, file: Path, tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    said: list[str] = []
    for n in range(3):
        said += await _run_and_kill(stores, tmp_path, str(n), "-", chance.choice([1, 5, 100, 1_000, 5_000]))
        shutil.copytree(tmp_path, tmp_path.with_name(f"seen-{seed}-{n}"))
        await _check_after_kill(stores, tmp_path.with_name(f"seen-{seed}-{n}"), said)
    assert len(said) > 10


# ---------------------------------------------------------------- disk full


async def test_a_full_disk_stores_nothing_and_hurts_nothing(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    await store.append("deal-1", several("a", 3), 0)
    await store.append_many([Append(f"old-{n}", several(f"old{n}", 5), 0) for n in range(100)])
    before = await everything(store)
    follower = store.follow(len(before))
    waiting = asyncio.ensure_future(anext(follower))
    with full_disk(tmp_path):
        large = [new(f"b{n}", data=b"x" * 10_000) for n in range(200)]
        for _ in range(3):
            with pytest.raises(Unavailable):
                await store.append("deal-1", large, 3)
        answers = await store.append_many([Append("deal-2", large, 0), Append("deal-3", large, 0)])
        assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
        assert await everything(store) == before
        assert len(await store.read("deal-1")) == 3
        # What the disk holds now is what a crash now would leave.
        shutil.copytree(tmp_path, tmp_path.with_name("crashed"))
    assert (await store.append("deal-1", large, 3)).version == 203
    assert (await store.append("deal-2", [new("c")], 0)).version == 1
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert ids(events) == [*ids(before), *ids(large), "c"]
    assert ids(await waiting) == ids(large)
    await store.close()
    for folder, expected in ((tmp_path, events), (tmp_path.with_name("crashed"), before)):
        store = await stores.open(folder)
        assert await everything(store) == expected
        await store.close()


async def test_neighbours_of_what_did_not_fit_can_try_again(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    await store.append("deal-0", [new("a")], 0)
    jobs = {f"deal-{n}": [new(f"e{n}", data=b"x" * (400_000 if n == 3 else 10))] for n in range(1, 9)}
    with full_disk(tmp_path):
        answers = await asyncio.gather(*(store.append(*job, 0) for job in jobs.items()), return_exceptions=True)
    refused = [stream for stream, answer in zip(jobs, answers, strict=True) if isinstance(answer, Unavailable)]
    assert "deal-3" in refused
    stored = {event.stream for event in await everything(store)} - {"deal-0"}
    assert stored == set(jobs) - set(refused), "acknowledged is what is stored"
    for job in jobs.items():
        await store.append(*job, 0)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert len(events) == 9
    await store.close()


@pytest.mark.parametrize("size", [1, 100])
async def test_a_commit_that_only_seemed_to_fail_is_found(
    stores: StoreCase, file: Path, tmp_path: Path, size: int
) -> None:
    store = await stores.open(tmp_path)
    await store.append("deal-1", [new("a")], 0)
    follower = store.follow(1)
    failures = 0

    def fail_once(name: str) -> None:
        nonlocal failures
        if name == "append.committed" and failures == 0:
            failures += 1
            raise sqlite3.OperationalError("disk I/O error")

    crash.install(fail_once)
    try:
        with pytest.raises(Unavailable):
            await store.append("deal-1", several("b", size), 1)
    finally:
        crash.install(None)
    # Another append, so that the writer looks at the file; then the caller tries again as it was told.
    await store.append("deal-2", [new("c")], 0)
    again = await store.append("deal-1", several("b", size), 1)
    assert again.version == 1 + size
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert ids(events) == ["a", *ids(several("b", size)), "c"]
    assert ids(await followed(follower, size + 1)) == ids(events)[1:]
    assert (await store.append("deal-1", [new("d")], 1 + size)).position == size + 3
    await store.close()


def test_commits_are_synced_to_the_disk(tmp_path: Path) -> None:
    # A kill does not show it, as the kernel lives on; a power cut would.
    connection = connect(tmp_path / "any.db", cache_kib=100)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    connection.close()


# ---------------------------------------------------------------- files that are not ours to write


async def test_data_of_a_newer_version_is_left_alone(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    await store.append("deal-1", [new("a")], 0)
    await store.close()
    with sqlite3.connect(file) as other:
        other.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    other.close()
    before = file.read_bytes()
    for _ in range(2):
        with pytest.raises(NewerData, match=r"format 99.*Nothing was changed"):
            await stores.open(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"Dear diary, " * 1_000, b"SQLite format 3\x00" + b"\x01" * 5_000])
async def test_a_file_that_is_no_database_is_left_alone(
    stores: StoreCase, file: Path, tmp_path: Path, content: bytes
) -> None:
    file.write_bytes(content)
    with pytest.raises(Unusable, match=file.name):
        await stores.open(tmp_path)
    assert file.read_bytes() == content


async def test_another_database_is_left_alone(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE shopping (item TEXT)")
    other.close()
    with pytest.raises(Unusable, match="other database"):
        await stores.open(tmp_path)


async def test_a_file_belongs_to_one_store_at_a_time(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    with pytest.raises(Unusable, match="another process uses it"):
        await stores.open(tmp_path)
    await store.append("deal-1", [new("a")], 0)
    await store.close()
    store = await stores.open(tmp_path)
    assert ids(await everything(store)) == ["a"]
    await store.close()


async def test_a_folder_that_cannot_be_made_is_said(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(Unusable, match="cannot be used"):
            await stores.open(folder)


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="needs Linux: /proc can be written by nobody, not even root"
)
async def test_a_folder_that_cannot_be_written_is_said(stores: StoreCase, file: Path) -> None:
    with pytest.raises(Unusable, match=r"cannot be (opened|written)"):
        await stores.open(Path("/proc/self"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write read-only files: run the tests as another user")
async def test_a_file_that_cannot_be_written_is_said(stores: StoreCase, file: Path, tmp_path: Path) -> None:
    await (await stores.open(tmp_path)).close()
    file.chmod(0o400)
    with pytest.raises(Unusable, match="cannot be written"):
        await stores.open(tmp_path)
