"""A log of a few thousand events, written once and copied for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from contracts.envelope import RecordedEvent
from tests.unit.analytics.chance import Chance
from tests.unit.analytics.support import Story
from tests.unit.kit.support import Dump, in_memory, store_all, workspace

Written = tuple[Path, list[RecordedEvent]]
"""A folder and the log in it."""


def write(folder: Path, clients: int, steps: int) -> Written:
    """Write a log of clients, their deals, orders and payments; rules and zone change on the way."""
    story = Chance(Random(11), Story(), clients=clients, rules=False).steps(steps)
    story.rules("deals", W="refused", B="bought")
    story = Chance.go_on(Random(12), story, steps)
    story.zone("Europe/Kyiv")
    story.rules("deals", "orders", "clients", L="bought")
    story = Chance.go_on(Random(13), story, steps)

    async def store() -> list[RecordedEvent]:
        async with workspace(folder) as ports:
            return await store_all(ports, story.events)

    return folder, asyncio.run(store())


@pytest.fixture(scope="session")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A few thousand events."""
    return write(tmp_path_factory.mktemp("long"), 60, 900)


@pytest.fixture(scope="session")
def short_log(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A few hundred events."""
    return write(tmp_path_factory.mktemp("short"), 20, 220)


@pytest.fixture(scope="session")
def expected(long_log: Written) -> Dump:
    """What the long log must come to."""
    return in_memory(long_log[1])


@pytest.fixture
def data(long_log: Written, tmp_path: Path) -> Path:
    """A folder of its own with the long log."""
    return shutil.copytree(long_log[0], tmp_path / "data")


@pytest.fixture
def short(short_log: Written, tmp_path: Path) -> Path:
    """A folder of its own with the short log."""
    return shutil.copytree(short_log[0], tmp_path / "short")


@pytest.fixture
def batches(request: pytest.FixtureRequest) -> Iterator[int]:
    """Let runners take so many events at a time."""
    with patch("services.kit.runner._BATCH", request.param):
        yield request.param
