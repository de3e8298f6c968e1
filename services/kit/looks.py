"""Many who wait for one thing look for it together: one look at a time, not too often, its answer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Looks(Generic[Found]):
    """`look`: what finds something out by name. `rest`: seconds between the beginnings of two looks for one name."""

    def __init__(self, look: Callable[[str], Awaitable[Found]], rest: float) -> None:
        self._look = look
        self._rest = rest
        self._under_way: dict[str, asyncio.Task[Found]] = {}
        self._due: dict[str, float] = {}
        self._found: dict[str, tuple[float, Found]] = {}

    def lately(self, name: str, seconds: float) -> Found | None:
        """Return what a look found that began at most so long ago; None if there was none."""
        begun, found = self._found.get(name, (0.0, None))
        return found if found is not None and monotonic() - begun <= seconds else None

    async def join(self, name: str) -> Found:
        """Return what the look under way finds, or the next one. Whoever joins again gets a later look. Raises what
        looking raises."""
        return await asyncio.shield(self.begin(name))

    def begin(self, name: str) -> asyncio.Task[Found]:
        """Look, if nobody looks right now; return the look. What it raises need not be seen by anybody."""
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.create_task(self._next(name), name=f"look for {name}")
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def end(self) -> None:
        """Wait for the looks under way, which go on when all who waited have left: none outlives what it looks into."""
        if self._under_way:
            await asyncio.wait(set(self._under_way.values()))

    async def _next(self, name: str) -> Found:
        try:
            await asyncio.sleep(self._due.get(name, 0.0) - monotonic())
            begun = monotonic()
            self._due[name] = begun + self._rest
            found = await self._look(name)
            self._found[name] = (begun, found)
            return found
        finally:
            del self._under_way[name]
