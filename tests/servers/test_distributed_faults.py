"""Servers and workers fail under load in the whole distributed profile (issue 4; short forms of R4, R6, R8, R10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.kit.adapters.kafka_settings import KafkaSettings
from tests.servers.cluster import SHUFFLING, SPARE, Cluster
from tests.servers.load import Writer, proven, until_more, working
from tests.servers.native.fixtures import run
from tests.servers.native.kafka import Kafka
from tests.servers.native.redis import Redis
from tests.servers.shuffling import SHUFFLED
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("whole cluster")]
MORE = 15
"""Commands that must be answered during and after each fault."""
Fault = Callable[[Cluster, list[Writer], Kafka, Redis], None]


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    """Return a broker of this test alone: it breaks it."""
    yield from run(Kafka, tmp_path / "kafka")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """Return a Redis of this test alone."""
    yield from run(Redis, tmp_path / "redis")


def broker_down(_: Cluster, writers: list[Writer], kafka: Kafka, __: Redis) -> None:  # R6
    """Commands need no broker; what was stored meanwhile is told when it is back."""
    kafka.kill()
    until_more(writers, MORE)
    kafka.again()


def broker_wiped(_: Cluster, writers: list[Writer], kafka: Kafka, __: Redis) -> None:  # R6
    """Topics, events and positions are gone: the relay makes and fills them again, unaided."""
    kafka.kill()
    kafka.wipe()
    until_more(writers, MORE)
    kafka.again()


def limits_flushed_and_down(_: Cluster, writers: list[Writer], __: Kafka, redis: Redis) -> None:  # R10
    """Limits are forgotten, then not there; no command fails for it."""
    redis.kill()
    until_more(writers, MORE)
    redis.again()


def two_relays(cluster: Cluster, writers: list[Writer], _: Kafka, __: Redis) -> None:  # R4
    """Two relays tell everything twice, each at its own pace."""
    cluster.start(SPARE)
    cluster.ready(SPARE)
    until_more(writers, MORE)
    cluster.kill("relay")
    until_more(writers, MORE)
    cluster.start("relay")
    cluster.ready("relay")


def zombie(cluster: Cluster, writers: list[Writer], _: Kafka, __: Redis) -> None:  # R8
    """A worker stands still for longer than its session, wakes when its lanes are another's, and may write nothing."""
    cluster.pause("analytics")
    begun = time.monotonic()
    while time.monotonic() < begun + KafkaSettings("").session + 3:
        until_more(writers, MORE)
    cluster.pause("analytics", go_on=True)


def topics_shuffled(cluster: Cluster, writers: list[Writer], _: Kafka, __: Redis) -> None:  # R4
    """What clients, deals and notes did arrives one topic after the other, by hundreds of events, in any order."""
    cluster.kill("relay")
    until_more(writers, MORE * 4)  # the relay has much to tell when it comes back
    cluster.start(SHUFFLING)
    cluster.ready(SHUFFLING)
    deadline = time.monotonic() + PATIENCE
    while SHUFFLED not in cluster.log(SHUFFLING):
        assert time.monotonic() < deadline, cluster.log(SHUFFLING)
        until_more(writers, MORE)
    until_more(writers, MORE * 4)
    cluster.kill(SHUFFLING)
    del cluster.running[SHUFFLING]
    cluster.start("relay")
    cluster.ready("relay")


@pytest.mark.parametrize(
    "fault",
    [broker_down, broker_wiped, limits_flushed_and_down, two_relays, zombie, topics_shuffled],
    ids=lambda fault: fault.__name__,
)
def test_nothing_is_lost_doubled_or_mixed(
    cluster: Cluster, kafka: Kafka, redis: Redis, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.start_all()
    writers = working(cluster)
    until_more(writers, MORE)
    fault(cluster, writers, kafka, redis)
    until_more(writers, MORE)
    told = proven(cluster, writers)
    with capsys.disabled():
        print(f"{fault.__name__}: {told}")
    assert all(process.poll() is None for process in cluster.running.values()), "nobody had to be started again"
