"""Waits for a server that is not there yet, and says so: in whatever order things are started (DESIGN 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from contracts.problem import Unavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")
FIRST = 0.2
"""Seconds before the second attempt; twice as long before each further one."""
MOST = 5.0


class Patience:
    """`tell` is called with what is waited for, in plain words, each time it is found away."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    async def until(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what the attempt returns, as soon as it does not raise Unavailable. Cancel it to wait no more."""
        pause = FIRST
        while True:
            try:
                return await attempt()
            except Unavailable as error:
                self._tell(f"waiting for {what}: {error.detail}")
                log.warning("waiting", what=what, why=error.detail, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MOST)
