"""A connecting that is cancelled leaves no socket open (tests/support/pymongo_sockets.py)."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

from pymongo import AsyncMongoClient

DEAD = "mongodb://127.0.0.1:1/?replicaSet=rs0&serverSelectionTimeoutMS=500"
TRIES = 40


async def test_a_client_that_is_closed_while_it_connects_leaves_no_socket() -> None:
    gc.collect()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        for turns in range(TRIES):
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(DEAD)
            asked = asyncio.ensure_future(client.admin.command("ping"))
            for _ in range(turns % 12):
                await asyncio.sleep(0)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await client.close()
        gc.collect()
    assert [str(each.message) for each in seen if "socket" in str(each.message)] == []
