"""News between processes over Redis: published and forgotten (DESIGN 5, 10, ADR 0037)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.kit.documents import Positions
from services.kit.news import Listener

log = structlog.get_logger(__name__)
_SILENCE = 1.0
"""Seconds without a word after which Redis is asked whether it is there, and again until it is taken for away."""
_PAUSES = (0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts to reach Redis; the last one from then on."""
_Told = list[tuple[str, int, dict[str, tuple[int, str]]]]
_DECODER = msgspec.json.Decoder(_Told)
_AWAY = (RedisError, OSError, TimeoutError)


class RedisNews:
    """The port News, on a channel of this log's own. What could not be sent or heard is lost: whoever waits looks by
    itself then."""

    def __init__(self, url: str, log_id: str, *, prefix: str = "voronka:", patience: float = 0.25) -> None:
        self._redis: Any = Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
        self._channel = f"{prefix}news:{log_id}"
        self._patience = patience
        self._told: dict[tuple[str, int], Positions] = {}
        self._awake = asyncio.Event()
        self._hears = False
        self._odd = False
        self._failures = 0
        """How often in a row the channel could not be listened to."""

    @property
    def hears(self) -> bool:
        """Whether the channel is listened to."""
        return self._hears

    def tell(self, group: str, lane: int, positions: Positions) -> None:
        """See News. Of what is not sent yet the newest of a lane is kept."""
        self._told[group, lane] = positions
        self._awake.set()

    async def run(self, listener: Listener) -> None:
        """See News."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._hear(listener))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _send(self) -> None:
        failures = 0
        while True:
            await self._awake.wait()
            self._awake.clear()
            told, self._told = self._told, {}
            message = msgspec.json.encode([(group, lane, positions) for (group, lane), positions in told.items()])
            try:
                async with asyncio.timeout(2 * self._patience):
                    await self._redis.publish(self._channel, message)
                failures = 0
            except _AWAY:  # `_hear` says it
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _hear(self, listener: Listener) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(self._channel)
                    await self._listen(subscription, listener)
            except _AWAY as error:
                if self._failures == 0:
                    log.warning("Redis is away: who waits for read models looks more often", why=str(error))
            finally:
                self._hears = False
            await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES) - 1)])
            self._failures += 1

    async def _listen(self, subscription: Any, listener: Listener) -> None:
        """Hear until Redis is silent for too long. Raises what the connection raises."""
        asked = False
        while True:
            heard: dict[str, Any] | None = await subscription.get_message(timeout=_SILENCE)
            if heard is None:
                if asked:
                    raise TimeoutError("Redis does not answer")
                asked = True
                await subscription.ping()
                continue
            asked, self._hears = False, True
            if self._failures:
                self._failures = 0
                log.info("Redis tells news again")
            if heard["type"] == "message":
                for group, lane, positions in self._read(heard["data"]):
                    listener(group, lane, positions)

    def _read(self, message: bytes) -> _Told:
        try:
            return _DECODER.decode(message)
        except msgspec.DecodeError as error:
            if not self._odd:
                self._odd = True
                log.warning(
                    "a message that is no news; another program uses the channel", channel=self._channel, why=str(error)
                )
            return []
