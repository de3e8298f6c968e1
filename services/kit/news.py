"""News between processes: a lane was folded further. It tells waiters when to look; what is so stands in the documents
(DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from services.kit.documents import Positions

Listener = Callable[[str, int, Positions], None]
"""Told of versioned group, lane and positions."""


class News(Protocol):
    """What tells all processes of a workspace, quickly and without a promise: news may be lost."""

    @property
    def hears(self) -> bool:
        """Whether what others tell arrives here right now, as far as is known."""
        ...

    def tell(self, group: str, lane: int, positions: Positions) -> None:
        """Tell the others that the lane of the versioned group is stored up to these positions. Never waits."""
        ...

    async def run(self, listener: Listener, /) -> None:
        """Send what is told and hear what others tell, for ever; cancel to stop. Waits for a server that is away."""
        ...

    async def close(self) -> None: ...


class NoNews:
    """A process that shares its work with nobody."""

    hears = False

    def tell(self, group: str, lane: int, positions: Positions) -> None:
        """Tell nobody."""

    async def run(self, _: Listener, /) -> None:
        """Hear nothing."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""
