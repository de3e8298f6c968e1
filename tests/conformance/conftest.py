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
    SERVED_BUSES,
    SERVED_LIMITS,
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
from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures


def _name(case: str | tuple[str, object]) -> str:
    return case if isinstance(case, str) else case[0]


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


@pytest.fixture(params=[*BUSES, *(pytest.param(name, marks=pytest.mark.servers) for name in SERVED_BUSES)], ids=str)
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[BusCase]:
    case = request.param
    if isinstance(case, str):
        case = SERVED_BUSES[case](request.getfixturevalue(case).address)
    yield case
    if case.finish is not None:
        await case.finish()


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


@pytest.fixture(params=[*LIMITS, *(pytest.param(name, marks=pytest.mark.servers) for name in SERVED_LIMITS)], ids=_name)
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    if isinstance(request.param, str):
        served = SERVED_LIMITS[request.param](request.getfixturevalue(request.param).address)
        yield served
        await served.close()
    else:
        yield request.param[1]()
