"""pymongo 4.20 drops a socket unclosed if it is cancelled while it connects (PYTHON-5867; closed on every other error).

The garbage collector closes it, at a moment of its own, in a test that has nothing to do with it.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

from pymongo import pool_shared

_NAME = "_async_create_connection"
_connected: Any = vars(pool_shared)[_NAME]


async def _connect(address: Any, options: Any) -> Any:
    try:
        return await _connected(address, options)
    except asyncio.CancelledError as cancelled:
        for frame, _ in traceback.walk_tb(cancelled.__traceback__):
            if frame.f_code is _connected.__code__ and "sock" in frame.f_locals:
                frame.f_locals["sock"].close()
        raise


def close_when_cancelled() -> None:
    """Have the driver close the socket then, too."""
    setattr(pool_shared, _NAME, _connect)
