"""Doing the next thing while the last one is waited for: reading a log on, acknowledgements side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import cast

from contracts.envelope import RecordedEvent

_AHEAD = 3
"""Runs of events that are read while one is worked on."""


async def together(*works: Coroutine[None, None, None]) -> None:
    """Do all at the same time; raise what any raised, and then leave none of them running."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()  # does nothing to one that is done
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


class Ahead:
    """Reads the log on while what was read is sent."""

    def __init__(self, batches: AsyncIterator[list[RecordedEvent]]) -> None:
        self._batches = cast("AsyncGenerator[list[RecordedEvent]]", batches)
        self._read: asyncio.Queue[list[RecordedEvent] | Exception | None] = asyncio.Queue(_AHEAD)

    async def __aenter__(self) -> Ahead:
        self._task = asyncio.create_task(self._fill(), name="relay reads ahead")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def take(self, patience: float) -> list[RecordedEvent] | None:
        """Return the next events; [] if none came within `patience` seconds, None if the log was closed.

        Raises what ended the reading, once everything before it was taken."""
        try:
            async with asyncio.timeout(patience):
                item = await self._read.get()
        except TimeoutError:
            return []
        if isinstance(item, Exception):
            raise item
        return item

    async def _fill(self) -> None:
        try:
            async with aclosing(self._batches):
                async for events in self._batches:
                    await self._read.put(events)
            await self._read.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where it is taken
            await self._read.put(error)
