"""The log as bus, over an event store whose positions have gaps: the suite of the bus again, on two of its buses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.adapters.log_bus import LogBus
from services.kit.ports import EventStore
from tests.conformance.cases import BusCase
from tests.conformance.kurrent import open_kurrent
from tests.conformance.test_bus import *  # noqa: F403 - its tests; the fixtures below are the difference


@pytest.fixture(params=[(1, None), (12, 1)], ids=["log-1", "log-12-shuffled-1"])
def buses(request: pytest.FixtureRequest) -> BusCase:
    lanes, seed = request.param
    return BusCase("log", lambda store: LogBus(store, lanes, seed), lanes, seed is not None)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await open_kurrent(tmp_path)
    yield opened
    await opened.close()
