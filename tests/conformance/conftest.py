"""Fixtures of the conformance suites: each test runs on every adapter of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.ports import EventStore, Keyring, Limits
from tests.conformance.cases import BUSES, KEYRINGS, LIMITS, REAL_STORES, STORES, BusCase, KeyringCase, StoreCase
from tests.conformance.kurrent import stop_doubles
from tests.conformance.kurrent_container import stop_containers


@pytest.fixture(
    params=[*STORES, *(pytest.param(case, marks=pytest.mark.containers) for case in REAL_STORES)],
    ids=lambda case: case.name,
)
def stores(request: pytest.FixtureRequest) -> StoreCase:
    case: StoreCase = request.param
    return case


@pytest.fixture(autouse=True)
async def servers() -> AsyncIterator[None]:
    """Stop the servers that a test started, also when it fails."""
    yield
    await stop_doubles()
    await stop_containers()


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
