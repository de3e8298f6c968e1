"""Rate limits in Redis, shared by all processes: a moving window of minutes (DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.kit import clock
from services.kit.telemetry import METRICS

log = structlog.get_logger(__name__)
_MINUTE = 60_000
# The uses of one key as a sorted set of their times. Refused uses do not count. Times come from us, as in one process:
# those of several machines may differ by as much as their clocks do.
_HIT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


class _Script(Protocol):
    async def __call__(self, *, keys: list[str], args: list[object]) -> int: ...


class RedisLimits:
    """The port Limits. Redis may be away or forget everything: nothing in it is needed to be right.

    While it is away uses are allowed (`fail open`), except those of the names in `closed`, such as `login`, which are
    refused: guessing passwords must not become free by stopping Redis (TORTURE R10)."""

    def __init__(
        self, url: str, *, prefix: str = "voronka:", closed: Collection[str] = (), patience: float = 0.25
    ) -> None:
        self._redis = Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
        self._hit = cast("_Script", self._redis.register_script(_HIT))
        self._prefix = prefix
        self._closed = frozenset(closed)
        self._patience = patience
        self._away = False

    async def hit(self, name: str, key: str, most: int, minutes: int = 1) -> bool:
        """Count one use; False if there were `most` of them in the last minutes already."""
        if most <= 0:
            return False
        now = clock.now()
        try:
            async with asyncio.timeout(2 * self._patience):
                done = await self._hit(
                    keys=[f"{self._prefix}limit:{name}:{key}"], args=[now, minutes * _MINUTE, most, clock.new_id()]
                )
        except (RedisError, OSError, TimeoutError) as error:
            METRICS.limits_away.labels(name).inc()
            if not self._away:
                self._away = True
                log.warning("Redis is away: limits are not kept, those of logins refuse", why=repr(error))
            return name not in self._closed
        if self._away:
            self._away = False
            log.info("Redis is back")
        return bool(done)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
