"""A desk in memory: the real handler and codec over a log that is a list."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from contracts.base import Command, Event
from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import VersionConflict
from services.gateway.known import GatewayKnown
from services.kit.adapters.local_limits import LocalLimits
from services.kit.codec import Codec
from services.kit.handle import Effect, Handler, Meta
from services.kit.ports import Appended, EventStore, Keyring
from services.kit.service import Desk
from services.pipeline.known import PipelineKnown
from services.pipeline.service import SERVICE

DAY = 86_400_000
NOW = 1_780_000_000_000
"""2026-05-28T20:26:40Z."""
TODAY = "2026-05-28"


@dataclass
class FakeStore:
    """Appends and reads; nothing else is asked of it here."""

    log: list[RecordedEvent] = field(default_factory=list)

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        version = sum(event.stream == stream for event in self.log)
        if version != expected:
            raise VersionConflict("conflict", stream=stream)
        recorded = [
            RecordedEvent(
                **asdict(event), stream=stream, version=version + n, position=len(self.log) + n, recorded_at=0
            )
            for n, event in enumerate(events, start=1)
        ]
        self.log += recorded
        return Appended(stream, version + len(events), len(self.log), recorded)

    async def read(self, stream: str, after: int = 0) -> list[RecordedEvent]:
        return [event for event in self.log if event.stream == stream and event.version > after]


class FakeKeyring:
    """One key a subject; destroyed ones are None."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes | None] = {}

    async def ensure(self, subject: str, owner: str | None = None) -> bytes | None:
        return self.keys.setdefault(subject, b"k" * 32)

    def hold(self, subjects: Iterable[str]) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def key(self, subject: str) -> bytes | None:
        return self.keys[subject]

    async def link(self, subject: str, owner: str) -> None: ...


class Office:
    """A desk with its clock and the ways a test uses it."""

    def __init__(self) -> None:
        self.store, self.keyring = FakeStore(), FakeKeyring()
        self.codec = Codec(cast(Keyring, self.keyring))
        self.handler = Handler(cast(EventStore, self.store), self.codec, lambda: NOW)
        self.handler.listeners.append(self._listen)
        self.known = PipelineKnown()
        self.gateway = GatewayKnown()
        self.desk = Desk(self.handler, self.codec, {"pipeline": self.known, "gateway": self.gateway}, LocalLimits())

    def _listen(self, event: RecordedEvent) -> None:
        for known in (self.known, self.gateway):
            if event.type in known.types:
                known.apply(self.codec.decode(event), event)

    async def add(self, stream: str, *events: Event, at: int = 0) -> None:
        """Store events as another service would."""
        version = len(await self.store.read(stream))
        new = [
            NewEvent(
                id=f"{stream}-{version}-{n}",
                type=event.type,
                key=event.key(),
                occurred_at=at,
                actor="other",
                command_id=f"{stream}-{version}",
                command_hash="",
                data=await self.codec.encode(event),
            )
            for n, event in enumerate(events)
        ]
        for event in (await self.store.append(stream, new, version)).events:
            self._listen(event)

    async def do(self, command: Command, *, key: str | None = None) -> Effect:
        """Enrich and handle a command as the gateway would."""
        handles = next(handles for handles in SERVICE.handles if handles.command is type(command))
        self._keys = getattr(self, "_keys", 0) + 1
        meta = Meta("tester", key or f"command-{self._keys}")
        if handles.enrich is not None:
            command = await handles.enrich(self.desk, command, meta)
        return await self.handler.handle(handles.decider, getattr(command, handles.key), command, meta)

    def data(self, effect: Effect) -> list[Any]:
        """Return the decoded data of the effect's events."""
        return [self.codec.decode(event) for event in effect.events]
