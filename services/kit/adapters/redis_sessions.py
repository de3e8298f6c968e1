"""Sessions in Redis, for all gateways of an installation (DESIGN 5, 10; ADR 0024)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.problem import Unavailable
from services.kit import clock
from services.kit.sessions import IDLE, Session

T = TypeVar("T")
TRUST = 300_000
"""Milliseconds for which a session that was seen here is believed without Redis."""
_MOST = 20_000


class RedisSessions:
    """The port Sessions. Redis may forget everything: then people sign in again. While it is away, sessions that this
    process saw a moment ago go on; others cannot be looked up. That an account's sessions were ended is in the log."""

    def __init__(self, url: str, *, prefix: str = "voronka:", patience: float = 0.25) -> None:
        self._redis: Any = Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
        self._prefix = prefix
        self._patience = patience
        self._seen: OrderedDict[str, tuple[int, Session]] = OrderedDict()

    async def put(self, session: Session) -> None:
        """See Sessions."""
        own, all_of = self._key(session.id), f"{self._prefix}sessions:{session.account_id}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(own, msgspec.json.encode(session), px=IDLE)
        pipe.sadd(all_of, session.id)
        pipe.pexpire(all_of, IDLE)
        await self._answer(pipe.execute())
        self._note(session)

    async def get(self, id: str) -> Session | None:
        """See Sessions."""
        try:
            body = await self._answer(self._redis.get(self._key(id)))
        except Unavailable:
            noted = self._seen.get(id)
            if noted is None or clock.now() - noted[0] > TRUST:
                raise
            return noted[1]
        if body is None:
            self._seen.pop(id, None)
            return None
        session = msgspec.json.decode(cast(bytes, body), type=Session)
        self._note(session)
        return session

    async def of(self, account_id: str) -> list[Session]:
        """See Sessions."""
        ids = await self._answer(self._redis.smembers(f"{self._prefix}sessions:{account_id}"))
        found = [await self.get(id.decode()) for id in cast("set[bytes]", ids)]
        return [each for each in found if each is not None]

    async def drop(self, id: str) -> None:
        """See Sessions."""
        self._seen.pop(id, None)
        await self._answer(self._redis.delete(self._key(id)))

    async def close(self) -> None:
        """See Sessions."""
        await self._redis.aclose()

    def _key(self, id: str) -> str:
        return f"{self._prefix}session:{id}"

    def _note(self, session: Session) -> None:
        self._seen[session.id] = (clock.now(), session)
        self._seen.move_to_end(session.id)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    async def _answer(self, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(2 * self._patience):
                return await asked
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("sessions cannot be looked up while Redis is away; try again in a moment") from error
