"""Destroys the keys of erased clients, and what files still hold of them (DESIGN 8). A system reaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.kit.documents import LaneState, Positions
from services.kit.ports import Batch

if TYPE_CHECKING:
    from services.kit.engine import Engine

log = structlog.get_logger(__name__)
ERASED = "clients.ClientErased.v1"
_GROUP = "eraser.1"


class Eraser:
    """Follows the log in the group `eraser.1`: for each ClientErased destroys the client's keys and all keys it owns,
    waits until every projection has blanked the client, then compacts the read models' files. Repeats are harmless."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lanes: dict[int, LaneState] = {}
        self._unsaved = 0

    async def run(self) -> None:
        """Erase for ever; cancel to stop."""
        ports = self._engine.ports
        await ports.documents.define(_GROUP, (), ())
        async for batch in ports.bus.deliveries(_GROUP, self._open):
            await self._take(batch)

    async def _open(self, lane: int) -> LaneState:
        ports = self._engine.ports
        self._lanes[lane] = await ports.documents.open_lane(_GROUP, lane, ports.store.log_id)
        return self._lanes[lane]

    async def _take(self, batch: Batch) -> None:
        ports = self._engine.ports
        state = self._lanes[batch.lane]
        moved: Positions = {}
        erased: list[tuple[str, int, int]] = []
        for delivered in batch.events:
            event = delivered.event
            at = (moved.get(event.topic) or state.positions.get(event.topic, (0, "")))[0]
            if event.position <= at:
                continue
            if delivered.prev != at:
                await ports.bus.resend(_GROUP, batch.lane)
                break
            if event.type == ERASED:
                subjects = await ports.keyring.destroy(event.key)
                self._engine.handler.forget_all()
                erased.append((event.topic, batch.lane, event.position))
                log.info("client erased", client_id=event.key, keys=len(subjects))
            moved[event.topic] = (event.position, event.id)
        if erased:
            for runner in self._engine.runners.values():
                await runner.wait(erased, 60.0)
                await runner.idle(60.0)
            await ports.documents.compact()
        state.positions |= moved
        self._unsaved += 1
        if erased or self._unsaved >= 100:
            await ports.documents.commit(_GROUP, batch.lane, state.rev, state.positions, [])
            self._unsaved = 0
        await batch.done()
