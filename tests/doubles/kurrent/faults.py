"""What the double can be told to do wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class Faults:
    """Switches; all off at first. To refuse connections, stop the double; to die, run it as a process."""

    delay: float = 0.0
    """Seconds before each call is begun."""
    cut_before: int = 0
    """So many appends lose their connection before anything is stored."""
    cut_after: int = 0
    """So many appends lose their connection after they are durable, before the answer."""
    cut_reads: int = 0
    """So many reads lose their connection after ten events."""
    mute: int = 0
    """So many subscriptions stay silent once they are live."""
    happened: int = 0
    """Faults that took effect."""
    _answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._answering.set()

    def hang(self) -> None:
        """Answer nothing any more, also to calls that are on their way; connections stay."""
        self._answering.clear()

    def go_on(self) -> None:
        """Answer what waits, and all that comes."""
        self._answering.set()

    async def gate(self) -> None:
        """Wait as the switches want it."""
        if self.delay:
            self.happened += 1
            await asyncio.sleep(self.delay)
        if not self._answering.is_set():
            self.happened += 1
            await self._answering.wait()

    def take(self, name: str) -> bool:
        """Use up one of the cuts of this name, if there is any."""
        left = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
            self.happened += 1
        return bool(left)
