"""Short numbers of clients, contacts, deals, orders and leads, taken from the log in blocks (P21)."""

from __future__ import annotations

import asyncio
from typing import Any

from contracts.gateway.commands import ReserveNumbers
from contracts.gateway.events import NumberKind
from contracts.ids import command_id
from contracts.problem import VersionConflict
from services.kit import clock
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.handle import Effect, Handler, Meta

_BLOCK = 20
"""Numbers taken at a time; a restart leaves the rest of a block unused."""


class Numbers:
    """Gives each number once, however many processes ask. `decider` takes ReserveNumbers and tells NumbersReserved."""

    def __init__(self, handler: Handler, codec: Codec, decider: Decider[Any, Any, Any]) -> None:
        self._handler = handler
        self._codec = codec
        self._decider = decider
        self._free: dict[NumberKind, list[int]] = {}
        self._lock = asyncio.Lock()

    async def next(self, kind: NumberKind) -> int:
        """Return the next number of the kind. Raises Unavailable."""
        async with self._lock:
            free = self._free.setdefault(kind, [])
            if not free:
                effect = await self._reserve(ReserveNumbers(kind=kind, count=_BLOCK))
                data = self._codec.decode(effect.events[0])
                free += range(data.first + data.count - 1, data.first - 1, -1)
            return free.pop()

    async def _reserve(self, command: ReserveNumbers) -> Effect:
        """Take a block; other processes may take one at the same moment, as often as it needs."""
        meta = Meta("system:numbers", command_id("system:numbers", clock.new_id()), origin="system")
        while True:
            try:
                return await self._handler.handle(self._decider, command.kind, command, meta)
            except VersionConflict:
                await asyncio.sleep(0)
