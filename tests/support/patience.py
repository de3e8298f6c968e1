"""How long a test waits for what must come before it has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 240.0
"""Seconds. Nothing that works waits so long; what is slow on two cores that twelve processes share is not wrong."""


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)
