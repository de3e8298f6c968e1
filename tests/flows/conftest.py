"""An application for tests that ask over HTTP; one for all tests of a module."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.app import App, running
from tests.support.otlp import collected  # noqa: F401 - a fixture
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    folder: Path = tmp_path_factory.mktemp("workspace")
    async with running(folder) as opened:
        await opened.done("/settings", {"base_currency": "EUR", "branches": ["North"]})
        yield opened


@pytest.fixture
def world(app: App) -> World:
    return World(app)
