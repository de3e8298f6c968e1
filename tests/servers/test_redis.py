"""Redis away, hanging, flushed: nothing fails but logins, which are refused (TORTURE R10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.kit import clock
from services.kit.adapters.redis_limits import RedisLimits
from services.kit.adapters.redis_sessions import RedisSessions
from services.kit.sessions import Session
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


async def test_a_session_of_one_gateway_is_known_to_another(redis: Redis) -> None:  # ADR 0024
    prefix = f"{clock.new_id()}:"
    one, two = (RedisSessions(redis.address, prefix=prefix, patience=20.0) for _ in range(2))
    try:
        begun = Session(id="a", account_id="e1", generation=1, begun_at=5, seen_at=5, agent="Їжак", address="::1")
        await one.put(begun)
        assert await two.get("a") == begun
        assert await two.of("e1") == [begun]
        await one.drop("a")
        assert await two.of("e1") == []
    finally:
        await one.close()
        await two.close()
