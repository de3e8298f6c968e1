"""Fixtures of the conformance suites: each test runs on every adapter of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.ports import EventStore, Keyring, Limits
from tests.conformance.cases import BUSES, KEYRINGS, LIMITS, STORES, BusCase, KeyringCase, StoreCase
from tests.conformance.kurrent import stop_doubles


@pytest.fixture(params=STORES, ids=lambda case: case.name)
def stores(request: pytest.FixtureRequest) -> StoreCase:
    case: StoreCase = request.param
    return case


@pytest.fixture(autouse=True)
async def servers() -> AsyncIterator[None]:
    """Stop the doubles that a test started, also when it fails."""
    yield
    await stop_doubles()


@pytest.fixture
async def store(stores: StoreCase, tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await stores.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture(params=BUSES, ids=lambda case: case.name)
def buses(request: pytest.FixtureRequest) -> BusCase:
    case: BusCase = request.param
    return case


@pytest.fixture(params=KEYRINGS, ids=lambda case: case.name)
def keyrings(request: pytest.FixtureRequest) -> KeyringCase:
    case: KeyringCase = request.param
    return case


@pytest.fixture
async def keyring(keyrings: KeyringCase, tmp_path: Path) -> AsyncIterator[Keyring]:
    opened = await keyrings.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture(params=LIMITS, ids=lambda case: case[0])
def limits(request: pytest.FixtureRequest) -> Limits:
    made: Limits = request.param[1]()
    return made
