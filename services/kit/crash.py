"""Named moments in the product at which a test may end the process (TORTURE R1); nothing happens unless one asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_handler: Callable[[str], None] | None = None


def install(handler: Callable[[str], None] | None) -> None:
    """Call `handler` with the name of every point passed from now on, in the thread that passes it; None: stop that."""
    global _handler  # noqa: PLW0603 - one process, one hook; a parameter through every adapter would be worse
    _handler = handler


def point(name: str) -> None:
    """Say that the code is here; tests kill the process at such a point."""
    if _handler is not None:
        _handler(name)


async def passed(name: str) -> None:
    """Do `point` in a coroutine: a test may hold it there without holding all others."""
    if _handler is not None:
        await asyncio.to_thread(_handler, name)
