"""Imports into KurrentDB: a few streams at a time, which let live appends go first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from contracts.problem import Unavailable
from services.kit.adapters.kurrent_appends import Appends
from services.kit.ports import Append, Appended

AT_ONCE = 4
"""Streams of an import that are on their way to the server: what a live append finds before it there."""
GIVE_WAY = 0.05
"""Seconds that a stream of an import waits at most for live appends to be done: an import never starves."""
PAUSES = (0.1, 0.5, 2.0)
"""Seconds after which an append is tried again while the store is away; then the rest of the import is given up."""


class Import:
    """One call of append_many."""

    def __init__(self, appends: Appends, parts: Sequence[Append], is_closing: Callable[[], bool]) -> None:
        self._appends = appends
        self._is_closing = is_closing
        self._parts = parts
        self._outcomes: list[Appended | Exception] = []
        self._away: Unavailable | None = None

    async def run(self) -> list[Appended | Exception]:
        """Return every append's outcome, in order. Those to one stream are done in order too."""
        self._outcomes = [Unavailable("The log is being closed.")] * len(self._parts)
        streams: dict[str, list[int]] = {}
        for place, part in enumerate(self._parts):
            streams.setdefault(part.stream, []).append(place)
        work = iter(streams.values())

        async def worker() -> None:
            for places in work:
                for place in places:
                    self._outcomes[place] = await self._one(self._parts[place])

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(streams))):
                group.create_task(worker())
        return self._outcomes

    async def _one(self, part: Append) -> Appended | Exception:
        for pause in (*PAUSES, None):
            if self._is_closing():
                return Unavailable("The log is being closed.")
            if self._away is not None:
                return self._away
            await self._appends.calm(GIVE_WAY)
            try:
                return await self._appends.append(part.stream, part.events, part.expected, whole=False)
            except Unavailable as error:
                if pause is None:
                    self._away = error
                    return error
                await asyncio.sleep(pause)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not take its neighbours with it
                return error
        raise AssertionError
