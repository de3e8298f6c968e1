"""Redis away, hanging, flushed: nothing fails but logins, which are refused (TORTURE R10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.kit.adapters.redis_limits import RedisLimits
from tests.servers.native.process import NotThere
from tests.servers.native.redis import Redis

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """Return a Redis of this test alone."""
    try:
        made = Redis(tmp_path / "redis")
    except NotThere as error:
        pytest.skip(str(error))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def limits(server: Redis) -> AsyncIterator[RedisLimits]:
    made = RedisLimits(server.address, closed={"login"})
    yield made
    await made.close()


async def test_without_redis_only_what_must_is_refused(server: Redis, limits: RedisLimits) -> None:
    assert [await limits.hit("login", "me", 1) for _ in range(2)] == [True, False]
    server.kill()
    assert await limits.hit("login", "you", 5) is False
    assert [await limits.hit("order-link", "me", 1) for _ in range(3)] == [True] * 3
    server.again()
    assert [await limits.hit("login", "me", 1) for _ in range(2)] == [True, False], "it forgot; it counts again"


async def test_a_redis_that_hangs_is_not_waited_for(server: Redis, limits: RedisLimits) -> None:
    server.pause()
    assert await limits.hit("login", "me", 5) is False
    assert await limits.hit("order-link", "me", 5) is True
    server.resume()
    assert await limits.hit("login", "me", 5) is True
