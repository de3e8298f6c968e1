"""Fixtures of the conformance suites: each test runs on every adapter of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.ports import EventStore, Keyring, Limits
from tests.conformance.cases import BUSES, KEYRINGS, LIMITS, SERVED_BUSES, STORES, BusCase, KeyringCase, StoreCase
from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures


@pytest.fixture(params=STORES, ids=lambda case: case.name)
def stores(request: pytest.FixtureRequest) -> StoreCase:
    case: StoreCase = request.param
    return case


@pytest.fixture
async def store(stores: StoreCase, tmp_path: Path) -> AsyncIterator[EventStore]:
    opened = await stores.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture(params=[*BUSES, *(pytest.param(name, marks=pytest.mark.servers) for name in SERVED_BUSES)], ids=str)
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[BusCase]:
    case = request.param
    if isinstance(case, str):
        case = SERVED_BUSES[case](request.getfixturevalue(case).address)
    yield case
    if case.finish is not None:
        await case.finish()


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
