"""Fixtures of the conformance suites: each test runs on every adapter of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.ports import EventStore, Keyring, Limits
from tests.conformance.cases import (
    BUSES,
    KEYRINGS,
    LIMITS,
    SERVED_BUSES,
    SERVED_LIMITS,
    STORES,
    BusCase,
    KeyringCase,
    StoreCase,
)
from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures


def _name(case: str | tuple[str, object]) -> str:
    return case if isinstance(case, str) else case[0]


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


@pytest.fixture(params=[*LIMITS, *(pytest.param(name, marks=pytest.mark.servers) for name in SERVED_LIMITS)], ids=_name)
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    if isinstance(request.param, str):
        served = SERVED_LIMITS[request.param](request.getfixturevalue(request.param).address)
        yield served
        await served.close()
    else:
        yield request.param[1]()
