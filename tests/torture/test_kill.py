"""R1: kill -9 at any time and at each named crash point. What was acknowledged is there, once; numbers are right."""

from __future__ import annotations

import asyncio
import random
from datetime import date
from pathlib import Path

import pytest

from contracts.envelope import RecordedEvent
from services.cli.demo import write_bundle
from services.cli.metrics import present_tables
from services.cli.workspace import SERVICES, engine, ports
from services.kit.engine import Engine
from tests.support.kills import FOREVER, Ack, Nursery, doubled, gaps, log_of, lost, nursery, points, whole_log
from tests.support.workspaces import Numbers, differences, within

pytestmark = pytest.mark.torture
WRITERS = ("w1", "w2", "w3", "w4")
OF_A_REBUILD = ("bulk.written", "bulk.synced")
NOW = 1_780_000_000_000
ENOUGH = 1_000
"""Commands that must have been answered, so that what was killed was really at work."""
PROJECTIONS = [p.name for service in SERVICES for p in service.projections]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 3,000 events: several chunks of an import."""
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder, clients=150, events=5_000, seed=3, until=date(2026, 6, 1))
    return folder


class Load:
    """Lives on one folder: each goes on where the one before was killed."""

    def __init__(self, nursery: Nursery, data: Path, lanes: int) -> None:
        self.nursery = nursery
        self.data = data
        self.lanes = lanes
        self.acked: dict[tuple[str, int], Ack] = {}
        self.slowest = 0
        self._reached = dict.fromkeys(WRITERS, 0)

    def live(self, kill_after: float = FOREVER, point: str = "", hits: int = 1, **more: str) -> None:
        """One life under load. Of each writer the last answered command is sent again, then what follows."""
        writers = {writer: max(reached - 1, 0) for writer, reached in self._reached.items()}
        life = self.nursery.live(
            "load",
            self.data,
            kill_after=kill_after,
            point=point,
            hits=hits,
            lanes=self.lanes,
            writers=writers,
            **more,
        )
        assert not life.said, life.said
        assert life.code == -9, f"the process ended by itself with {life.code}"
        assert life.hit == point
        self.slowest = max(self.slowest, life.ready_ms or 0)
        for writer, number, ack in life.acks:
            assert self.acked.setdefault((writer, number), ack) == ack, "a repeated command was answered otherwise"
            if writer in self._reached:
                self._reached[writer] = max(self._reached[writer], number)


@pytest.mark.parametrize(("lanes", "moments_each", "least"), [(1, 3, 50), (12, 1, 15)])
def test_killed_under_load(
    tmp_path: Path, bundle: Path, lanes: int, moments_each: int, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(lanes)
    data = tmp_path / "data"
    named = points()
    with nursery() as started:
        load = Load(started, data, lanes)
        moments: list[tuple[float, str, int]] = [(rng.uniform(0.08, 0.7), "", 0) for _ in range(9 * moments_each)]
        for point in sorted(named - set(OF_A_REBUILD)):
            most = {"append.inserted": 2, "destroy.committed": 2}.get(point, 40)
            moments += [
                (FOREVER, point, hits) for hits in (1, rng.randint(2, most), rng.randint(2, most))[-moments_each:]
            ]
        rng.shuffle(moments)
        for number, (after, point, hits) in enumerate(moments):
            imports = {"bundle": str(bundle), "source": f"s{number}"} if point == "append.inserted" else {}
            load.live(after, point, hits, **imports)
        for point in OF_A_REBUILD:
            assert started.live("rebuild", data, point=point).hit == point
            load.live(rng.uniform(0.2, 0.9))
        while len(load.acked) <= ENOUGH:  # a slow machine needs more lives for it
            load.live(rng.uniform(0.5, 1.5))
        kills, hit = started.kills, set(started.hit)
    acks = list(load.acked.values())

    async def look(engine: Engine) -> tuple[int, int, int]:
        found, marks = await differences(engine)
        assert not marks
        events = await whole_log(engine.ports.store)
        gone, twice = lost(events, acks), doubled(events)
        assert not gaps(events)
        for wrong in (*gone[:3], *twice[:3], *found[:3]):
            print(wrong)
        return len(gone), len(twice), len(found)

    gone, twice, differ = asyncio.run(within(data, look, lanes=lanes))
    with capsys.disabled():
        print(f"kills={kills} lost={gone} doubled={twice} mismatched={differ}")
    print(f"lanes={lanes} acknowledged={len(acks)} slowest start {load.slowest} ms")
    assert (gone, twice, differ) == (0, 0, 0)
    assert kills >= least, "a test that injected no fault proves nothing"
    assert hit == named


def told(events: list[RecordedEvent]) -> dict[str, list[tuple[object, ...]]]:
    """What a log says, stream by stream. Blocks of short numbers differ: those of a killed import stay unused (P21)."""
    streams: dict[str, list[tuple[object, ...]]] = {}
    for event in events:
        if not event.stream.startswith("numbers-"):
            fact = (event.version, event.id, event.type, event.occurred_at, event.imputed)
            streams.setdefault(event.stream, []).append(fact)
    return streams


def imported(data: Path) -> tuple[dict[str, list[tuple[object, ...]]], Numbers]:
    """Check a finished import; return what the log says and all numbers at a fixed moment."""
    events = asyncio.run(log_of(data))
    assert not doubled(events)
    assert not gaps(events)
    assert len({event.id for event in events}) == len(events)
    return told(events), asyncio.run(right(data))


async def right(data: Path) -> Numbers:
    """Verify a workspace; return its numbers at a fixed moment."""
    async with engine(data) as running:
        assert await differences(running) == ([], [])
        return await present_tables(running, NOW)


def test_killed_while_it_imports(tmp_path: Path, bundle: Path) -> None:
    rng = random.Random(7)
    data, whole = tmp_path / "data", tmp_path / "whole"
    with nursery() as started:
        assert started.live("import", whole, bundle=str(bundle)).code == 0
        size = 0
        named = [(p, hits) for p in ("append.before", "append.inserted", "append.committed") for hits in (1, 2)]
        for point, hits in named:
            assert started.live("import", data, bundle=str(bundle), point=point, hits=hits).hit == point
            held = len(asyncio.run(log_of(data)))
            assert held >= size, "a kill lost what an earlier import had stored"
            size = held
        started.strike("import", data, rng.uniform(0.2, 0.8), bundle=str(bundle))
        for _ in range(3):
            started.live("import", data, bundle=str(bundle), kill_after=rng.uniform(0.2, 0.8))
        last = started.live("import", data, bundle=str(bundle))
        assert (last.code, last.said) == (0, [])
        assert started.kills >= len(named) + 1
    assert size > 100, "nothing was stored before the kills"
    assert imported(data) == imported(whole)


def test_killed_while_it_rebuilds(tmp_path: Path) -> None:
    rng = random.Random(11)
    data = tmp_path / "data"
    with nursery() as started:
        write_bundle(tmp_path / "small", clients=30, events=1_000, seed=5, until=date(2026, 6, 1))
        assert started.live("import", data, bundle=str(tmp_path / "small")).code == 0
        before = asyncio.run(right(data))
        kills = [(point, hits) for point in OF_A_REBUILD for hits in (1, len(PROJECTIONS))] + [("", 0)] * 2
        for point, hits in kills:
            if not point:
                started.strike("rebuild", data, rng.uniform(0.1, 0.5))
                continue
            life = started.live("rebuild", data, point=point, hits=hits)
            assert (life.killed, life.hit) == (True, point)
            if point == "bulk.synced":
                assert asyncio.run(right(data)) == before
        assert asyncio.run(right(data)) == before
        served = asyncio.run(groups(data))
        assert started.live("rebuild", data).code == 0
        assert started.kills == len(kills)
    anew = asyncio.run(groups(data))
    assert not {served[name] for name in PROJECTIONS} & set(anew.values()), "nothing was built"
    assert asyncio.run(right(data)) == before
    assert set(anew) == set(PROJECTIONS)
    left = {each.stem for each in (data / "documents.groups").glob("*.db")}
    assert {name for name in left if name.split(".")[0] in PROJECTIONS} == set(anew.values()), "half-built files stay"


async def groups(data: Path) -> dict[str, str]:
    """Return which group serves each projection."""
    async with ports(data) as opened:
        found = {name: await opened.documents.active(name) for name in PROJECTIONS}
        return {name: group for name, group in found.items() if group is not None}
