"""Fixtures of the tests on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.cluster import Cluster
from tests.servers.native.fixtures import kafka, redis  # noqa: F401 - fixtures
from tests.servers.native.kafka import Kafka
from tests.servers.native.redis import Redis
from tests.support.otlp import collected  # noqa: F401 - a fixture


@pytest.fixture
def cluster(kafka: Kafka, redis: Redis, tmp_path: Path) -> Iterator[Cluster]:  # noqa: F811 - the fixtures
    """Return the whole distributed profile, not started."""
    made = Cluster(tmp_path, kafka.address, redis.address)
    yield made
    made.stop()
