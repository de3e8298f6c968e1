"""Destroys the keys of erased clients, and what files still hold of them (DESIGN 8). A system reaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from contracts.envelope import RecordedEvent
from services.kit.follower import Acted, Follower
from services.kit.horizon import Horizon
from services.kit.lane import Place
from services.kit.ports import EventStore, Keyring, Ports
from services.kit.tracing.events import processing

log = structlog.get_logger(__name__)
ERASED = "clients.ClientErased.v1"
_SLICE = 2_000
_PATIENCE = 60.0


async def reapply_erasures(store: EventStore, keyring: Keyring) -> int:
    """Destroy the keys of all clients that the log says are erased, as after an older keyring was restored; return how
    many keys that were. To be done before anything is read from the log."""
    after = keys = 0
    known = set(await keyring.tombstones())
    while events := await store.read_types(frozenset({ERASED}), after, _SLICE):
        for event in events:
            if event.key not in known:
                keys += len(await keyring.destroy(event.key))
        after = events[-1].position
    if keys:
        log.warning("keys of erased clients were there again and are destroyed", keys=keys)
    return keys


class Eraser:
    """Follows the log in the group `eraser.1`: for each ClientErased destroys the client's keys and all keys it owns,
    waits until every projection has blanked the client (a lane that stands is waited for), then compacts the read
    models' files. Repeats are harmless."""

    group = "eraser.1"

    def __init__(
        self, ports: Ports, horizon: Horizon, projections: Sequence[str], forget_all: Callable[[], None]
    ) -> None:
        self._ports = ports
        self._horizon = horizon
        self._projections = projections
        self._forget_all = forget_all
        self._follower = Follower(self.group, ports.bus, ports.documents, ports.store.log_id, self._act)

    @property
    def passed(self) -> int:
        """The position up to which everything is done; -1 while something is under way."""
        return self._follower.passed

    async def run(self) -> None:
        """Erase for ever; cancel to stop."""
        await self._follower.run()

    async def _act(self, lane: int, events: list[RecordedEvent]) -> Acted:
        erased = [event for event in events if event.type == ERASED]
        if erased:
            with processing("erase", "eraser", self.group, self._ports.bus, lane, erased, (ERASED,)):
                await self._erase(lane, erased)
        return Acted(save=bool(erased))

    async def _erase(self, lane: int, erased: list[RecordedEvent]) -> None:
        for event in erased:
            subjects = await self._ports.keyring.destroy(event.key)
            self._forget_all()
            log.info("client erased", client_id=event.key, keys=len(subjects))
        await self._blanked([(event.topic, lane, event.position) for event in erased])
        await self._ports.documents.compact()

    async def _blanked(self, erased: list[Place]) -> None:
        """Wait until every projection has folded the erasures and blanked all documents of these clients."""
        for name in self._projections:
            while not (
                await self._horizon.wait(erased, [name], _PATIENCE) and await self._horizon.idle([name], _PATIENCE)
            ):
                log.error("an erasure waits for read models that stand or lag; see `voronka skip`", group=name)
