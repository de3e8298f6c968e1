"""When a web server accepts connections: the server itself does not say, its threads begin to listen on their own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from services.kit.errors import Unusable

_MOST = 30.0
"""Seconds a server has to begin listening; it takes some milliseconds."""
_ONE = 1.0
"""Seconds one attempt may take."""
_LOOK = 0.005


async def accepts(host: str, port: int, *ends: asyncio.Future[Any]) -> bool:
    """Wait until a connection to this address is accepted, or one of `ends` is done: then return False. Raises Unusable
    if it takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _MOST
    while not any(each.done() for each in ends):
        try:
            async with asyncio.timeout(_ONE):
                _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            if loop.time() > deadline:
                raise Unusable(f"the web server does not listen at {host}:{port} ({error}); start it again") from error
            await asyncio.sleep(_LOOK)
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return True
    return False
