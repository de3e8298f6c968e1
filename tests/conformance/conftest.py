"""Fixtures of the conformance suites: each test runs on every adapter of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.kit.ports import EventStore, Keyring, Limits
from tests.conformance.cases import (
    BUSES,
    KEYRINGS,
    LIMITS,
    REAL_STORES,
    SERVERS,
    STORES,
    BusCase,
    KeyringCase,
    StoreCase,
)
from tests.conformance.kurrent import stop_doubles
from tests.conformance.kurrent_container import stop_containers
from tests.servers.mongo_container import replica_set, why_not
from tests.servers.mongo_java import JavaServer, NotThere, start


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


_KEYRINGS = [
    pytest.param(each, id=each.name, marks=[getattr(pytest.mark, each.marker)] if each.marker else [])
    for each in KEYRINGS
]


@pytest.fixture(params=_KEYRINGS)
def keyrings(request: pytest.FixtureRequest) -> KeyringCase:
    case: KeyringCase = request.param
    if case.needs:
        SERVERS[case.needs] = request.getfixturevalue(case.needs)
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


@pytest.fixture(scope="session")
def mongo_java() -> Iterator[JavaServer]:
    """Return a running mongo-java-server, or skip with the reason."""
    try:
        server = start()
    except NotThere as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongo_container() -> Iterator[str]:
    """Return the address of a real MongoDB, or skip with the reason."""
    if reason := why_not():
        pytest.skip(reason)
    with replica_set() as uri:
        yield uri
