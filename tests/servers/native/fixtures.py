"""Fixtures of tests marked `servers`: a broker and a Redis a session; without them tests are skipped and say why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.servers.native.kafka import Kafka
from tests.servers.native.process import NotThere
from tests.servers.native.redis import Redis

Server = TypeVar("Server", Kafka, Redis)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Return a running broker; each test takes topics and groups of its own."""
    yield from run(Kafka, tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """Return a running Redis; each test takes keys of its own."""
    yield from run(Redis, tmp_path_factory.mktemp("redis"))


def run(server: type[Server], folder: Path) -> Iterator[Server]:
    """Yield a running server with its data in `folder`; without it the test is skipped."""
    try:
        made = server(folder)
    except NotThere as error:
        pytest.skip(str(error))
    try:
        made.start()
        yield made
    finally:
        made.stop()
