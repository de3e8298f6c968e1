"""A log of a few thousand events, written once and copied for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from tests.unit.analytics.chance import Chance
from tests.unit.analytics.support import Story
from tests.unit.kit.support import Dump, in_memory, store_all, workspace

from contracts.envelope import RecordedEvent


@pytest.fixture(scope="session")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RecordedEvent]]:
    """Sixty clients, their deals, orders and payments; rules and zone change on the way."""
    folder = tmp_path_factory.mktemp("log")
    story = Chance(Random(11), Story(), clients=60, rules=False).steps(700)
    story.rules("deals", W="refused", B="bought")
    story = Chance.go_on(Random(12), story, 600)
    story.zone("Europe/Kyiv")
    story.rules("deals", "orders", "clients", L="bought")
    story = Chance.go_on(Random(13), story, 1_200)

    async def write() -> list[RecordedEvent]:
        async with workspace(folder) as ports:
            return await store_all(ports, story.events)

    return folder, asyncio.run(write())


@pytest.fixture(scope="session")
def expected(log_folder: tuple[Path, list[RecordedEvent]]) -> Dump:
    """What all must come to."""
    return in_memory(log_folder[1])


@pytest.fixture
def data(log_folder: tuple[Path, list[RecordedEvent]], tmp_path: Path) -> Path:
    """A folder of its own with the log."""
    shutil.copytree(log_folder[0], tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def batches(request: pytest.FixtureRequest) -> Iterator[int]:
    """Let runners take so many events at a time."""
    with patch("services.kit.runner._BATCH", request.param):
        yield request.param
