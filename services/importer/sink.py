"""Stores plans in chunks of a few thousand events: keys first, then the events, each stream at once or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from contracts.envelope import NewEvent
from contracts.problem import VersionConflict
from services.importer.history import Plan
from services.kit.codec import Codec
from services.kit.ports import Append, Appended, EventStore

CHUNK = 2_000
"""Events stored at once."""
_PAUSE = 100
"""Events encoded between two breaths of the event loop: live commands go on meanwhile."""

Reject = Callable[[str], None]
"""Says why a plan could not be stored."""


class Sink:
    """Collects plans; call `flush` at the end."""

    def __init__(self, store: EventStore, codec: Codec, actor: str) -> None:
        self._store = store
        self._codec = codec
        self._actor = actor
        self._waiting: list[tuple[str, Plan, Reject]] = []
        self._size = 0
        self._sent: tuple[list[tuple[str, Reject]], list[Append], asyncio.Future[list[Appended | Exception]]] | None
        self._sent = None
        self.events = 0
        self.subjects: Counter[str] = Counter()

    async def add(self, table: str, plan: Plan, reject: Reject) -> None:
        """Take a plan; store what waits if that is a chunk. Raises Unavailable if the log cannot be written."""
        self._waiting.append((table, plan, reject))
        self._size += len(plan.drafts)
        if self._size >= CHUNK:
            await self._send()

    async def flush(self) -> None:
        """Store all that waits, and wait until it is stored. Raises Unavailable."""
        await self._send()
        await self._settle()

    async def abandon(self) -> None:
        """Wait for the chunk on its way, whatever comes of it: another error ends the import."""
        if self._sent is not None:
            await asyncio.gather(self._sent[2], return_exceptions=True)
            self._sent = None

    async def _send(self) -> None:
        """Encode what waits and have it stored in the background; one chunk is on its way at a time, so order holds."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        encoded = iter(await self._encoded([plan for _, plan, _ in waiting]))
        appends: list[Append] = []
        told: list[tuple[str, Reject]] = []
        for table, plan, reject in waiting:
            data = [next(encoded) for _ in plan.drafts]
            events: list[NewEvent] = [
                draft.sealed(self._actor, sealed)
                for draft, sealed in zip(plan.drafts, data, strict=True)
                if sealed is not None
            ]
            if len(events) < len(data):
                reject("the personal data of this customer was erased; nothing can be added to it")
                continue
            appends.append(Append(plan.stream, events, plan.expected))
            told.append((table, reject))
        await self._settle()
        if appends:
            self._sent = (told, appends, asyncio.ensure_future(self._store.append_many(appends)))

    async def _settle(self) -> None:
        """Wait for the chunk on its way and look at what came of it."""
        if self._sent is None:
            return
        (told, appends, answer), self._sent = self._sent, None
        for append, (table, reject), outcome in zip(appends, told, await answer, strict=True):
            if isinstance(outcome, VersionConflict):
                reject("it was changed here while it was imported; import again")
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                self.events += len(append.events)
                self.subjects[table] += 1

    async def _encoded(self, plans: Sequence[Plan]) -> list[bytes | None]:
        events = [draft.event for plan in plans for draft in plan.drafts]
        keys = await self._codec.keys(events)
        encoded: list[bytes | None] = []
        for place, event in enumerate(events):
            if place % _PAUSE == 0:
                await asyncio.sleep(0)
            encoded.append(self._codec.encode_with(event, keys))
        return encoded
