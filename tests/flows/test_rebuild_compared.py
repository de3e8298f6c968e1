"""`rebuild` says what is otherwise in what it made than in what served, before it switches (#4, DESIGN 5)."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.analytics.projections.group import ANALYTICS
from services.cli.demo import write_bundle
from services.cli.main import app
from services.cli.workspace import ports
from services.kit.documents import Add, Delete, LaneState, Put, Write

SAME = re.compile(r"analytics: built anew as (\S+)\n  compared with what served: all [\d,]+ rows the same\n")


def said(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    write_bundle(folder / "bundle", clients=12, events=300, seed=3, until=date(2026, 6, 1))
    said("import", str(folder / "bundle"), "--data", str(folder / "data"))
    return folder / "data"


def rebuilt(data: Path) -> str:
    return said("rebuild", "--projection", "analytics", "--data", str(data))


async def _tamper(data: Path) -> list[str]:
    """Change, drop and add a document, and move a sum; return what should be told of it."""
    async with ports(data) as opened:
        documents = opened.documents
        serving = await documents.active(ANALYTICS.name)
        assert serving is not None
        await documents.define(serving, ANALYTICS.collections, ANALYTICS.counters)
        async with documents.snapshot() as reader:
            [people, *_] = [c for c in ANALYTICS.collections if c.name == "people"]
            page = await reader.find(serving, people.name, limit=2)
            [sums, *_] = ANALYTICS.counters
            row = (await reader.counters(serving, sums.name, by=tuple(sums.keys), limit=1))[0]
        first, second = page.rows
        key = tuple(row[name] for name in sums.keys)
        writes: list[Write] = [
            Put(people.name, first.id, second.document),
            Delete(people.name, second.id),
            Put(people.name, "too many", first.document),
            Add(sums.name, key, (1,) * len(sums.values)),
        ]
        state: LaneState = await documents.open_lane(serving, 0, opened.store.log_id)
        await documents.commit(serving, 0, state.rev, state.positions, writes)
    return [f"people {first.id}", f"people {second.id}", "people too many", f"{sums.name} {key}"]


def test_a_rebuild_tells_whether_what_served_was_the_same(imported: Path) -> None:
    assert SAME.fullmatch(rebuilt(imported))
    wrong = asyncio.run(_tamper(imported))
    told = rebuilt(imported)
    assert re.search(r"compared with what served: 4 of [\d,]+ rows different:", told), told
    assert set(told.split("different:\n")[1].splitlines()) == {f"    {each}" for each in wrong}
    assert SAME.fullmatch(rebuilt(imported)), "the new one serves"


async def _behind(data: Path) -> None:
    """Have the serving group stand at other events than the log's end."""
    async with ports(data) as opened:
        serving = await opened.documents.active(ANALYTICS.name)
        assert serving is not None
        await opened.documents.define(serving, ANALYTICS.collections, ANALYTICS.counters)
        state = await opened.documents.open_lane(serving, 0, opened.store.log_id)
        topic, (position, event_id) = next(iter(state.positions.items()))
        moved = {topic: (position - 1, f"before {event_id}")}
        await opened.documents.commit(serving, 0, state.rev, state.positions | moved, [])


def test_what_stands_at_other_events_is_not_compared(imported: Path) -> None:
    asyncio.run(_behind(imported))
    assert "not compared" in rebuilt(imported)
    assert SAME.fullmatch(rebuilt(imported))
