"""The only command handler there is: load, fold, decide, append (DESIGN 4)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

from contracts.base import EDGE, PROOF, Command, Event, marked
from contracts.envelope import NewEvent, Origin, RecordedEvent
from contracts.ids import event_id
from contracts.problem import Backdated, FutureDate, KeyReused, VersionConflict
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.ports import EventStore
from services.kit.rights import Caller
from services.kit.tracing.events import append

FUTURE_MS = 60_000
"""How far ahead of this machine's clock a typed time may be."""
_ATTEMPTS = 3
_SHARED_ATTEMPTS = 20
"""Where other processes write too, one of them may be quicker more often."""
_CACHED = 20_000


@dataclass(frozen=True, slots=True)
class Meta:
    """Who asks, under which command id, and why. `expected`: the version the caller saw (If-Match), or None."""

    actor: str
    command_id: str
    correlation: str = ""
    origin: Origin = "live"
    expected: int | None = None
    caller: Caller | None = None
    """The actor with what they may; None: the system itself, which may do all."""


@dataclass(slots=True)
class Effect:
    """What a command did: the stream's version and log position after it; `events` are empty when it caused none.
    `places`: where they are, (topic, lane, position), if another process did it and told just that."""

    stream: str
    version: int
    position: int
    events: list[RecordedEvent] = field(default_factory=list)
    repeated: bool = False
    places: list[tuple[str, int, int]] | None = None


@dataclass(slots=True)
class Loaded:
    """A stream folded: state, version, the newest event's business time and position, and the commands it has seen."""

    state: Any
    version: int = 0
    at: int = 0
    position: int = 0
    commands: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """command id → (its hash, version and position after it)."""


Known = Callable[[RecordedEvent], None]


class Handler:
    """Runs deciders over the event store. One per process; commands on one stream run one after the other. `shared`:
    other processes write too, so what they appended since is read before a cached stream is relied on."""

    def __init__(self, store: EventStore, codec: Codec, clock: Callable[[], int], *, shared: bool = False) -> None:
        self.store = store
        self.shared = shared
        self.codec = codec
        self.clock = clock
        self.listeners: list[Known] = []
        """Told of each event appended here, before the command is answered: caches that edges rely on."""
        self._cache: OrderedDict[str, Loaded] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def load(self, decider: Decider[Any, Any, Any], key: str, *, fresh: bool = True) -> Loaded:
        """Return the folded stream of one subject, from the cache if it is there. Do not change it. `fresh`: as the log
        has it now; without, as it was when this command was first looked at."""
        stream = decider.stream(key)
        loaded = self._cache.get(stream)
        if loaded is None:
            loaded = Loaded(decider.initial)
            events = await self.store.read(stream)
            async with self.codec.holding(events):
                self._advance(decider, loaded, events)
            self._remember(stream, loaded)
        elif self.shared and fresh:
            loaded = await self._caught_up(decider, stream, loaded)
        else:
            self._cache.move_to_end(stream)
        return loaded

    async def _caught_up(self, decider: Decider[Any, Any, Any], stream: str, loaded: Loaded) -> Loaded:
        """Return the stream with what others appended to it; a new object, for somebody may be deciding on the old."""
        events = await self.store.read(stream, loaded.version)
        if events:
            loaded = replace(loaded, commands=dict(loaded.commands))
            async with self.codec.holding(events):
                self._advance(decider, loaded, events)
        cached = self._cache.get(stream)
        if cached is not None and cached.version <= loaded.version:  # else it was forgotten, or is newer by now
            self._remember(stream, loaded)
        return loaded

    async def repeated(self, decider: Decider[Any, Any, Any], key: str, meta: Meta, digest: str) -> Effect | None:
        """Return what the command did if it was taken before. Raises KeyReused if it was another one."""
        return _done(await self.load(decider, key), decider.stream(key), meta, digest)

    async def handle(
        self,
        decider: Decider[Any, Any, Any],
        key: str,
        command: Command,
        meta: Meta,
        digest: str | None = None,
        *,
        fresh: bool = True,
    ) -> Effect:
        """Decide the command and append its events. Safe to call twice with one command id: the second answers alike.

        `digest`: hash of the command as the caller sent it, before an edge enriched it. `fresh`: false if `repeated`
        was asked for it just now.
        Raises the refusals of the decider; KeyReused, Backdated, FutureDate, VersionConflict, Unavailable."""
        stream = decider.stream(key)
        lock = self._locks.get(stream)
        if lock is None:
            lock = self._locks[stream] = asyncio.Lock()
        digest = digest or command_hash(command)
        async with lock:
            for attempt in range(attempts := _SHARED_ATTEMPTS if self.shared else _ATTEMPTS):
                loaded = await self.load(decider, key, fresh=fresh or attempt > 0)
                if (done := _done(loaded, stream, meta, digest)) is not None:
                    return done
                decided = self._decide(decider, stream, command, meta, loaded)
                try:
                    return await self._append(stream, *decided, meta, digest, loaded)
                except VersionConflict:
                    self._cache.pop(stream, None)
                    if attempt == attempts - 1:
                        raise
                except asyncio.CancelledError:
                    self._cache.pop(stream, None)
                    raise
        raise AssertionError("unreachable")

    async def rehearse(self, decider: Decider[Any, Any, Any], key: str, command: Command, meta: Meta) -> None:
        """Raise what `handle` would refuse the command with, as things stand; store nothing."""
        self._decide(decider, decider.stream(key), command, meta, await self.load(decider, key, fresh=False))

    def _decide(
        self, decider: Decider[Any, Any, Any], stream: str, command: Command, meta: Meta, loaded: Loaded
    ) -> tuple[int, Sequence[Event], Any]:
        """Return the business time (UTC ms), what happens then, and the state after it."""
        if meta.expected is not None and meta.expected != loaded.version:
            raise VersionConflict(
                f"the record is at version {loaded.version}, not {meta.expected}: it was changed meanwhile",
                stream=stream,
                expected=meta.expected,
                actual=loaded.version,
            )
        at = self._business_time(command, loaded)
        return at, *decider.run(command.model_copy(update={"at": at}), loaded.state, at=at)

    async def _append(
        self, stream: str, at: int, events: Sequence[Event], state: Any, meta: Meta, digest: str, loaded: Loaded
    ) -> Effect:
        if not events:
            return Effect(stream, loaded.version, loaded.position)
        new = [
            NewEvent(
                id=event_id(meta.command_id, ordinal),
                type=event.type,
                key=event.key(),
                occurred_at=at,
                actor=meta.actor,
                command_id=meta.command_id,
                command_hash=digest,
                correlation=meta.correlation,
                origin=meta.origin,
                imputed=event.imputed,
                data=await self.codec.encode(event),
            )
            for ordinal, event in enumerate(events)
        ]
        appended = await append(self.store, stream, new, loaded.version)
        after = Loaded(state, appended.version, at, appended.position, loaded.commands)
        after.commands[meta.command_id] = (digest, appended.version, appended.position)
        self._remember(stream, after)
        for event in appended.events:
            for listener in self.listeners:
                listener(event)
        return Effect(stream, appended.version, appended.position, appended.events)

    def _business_time(self, command: Command, loaded: Loaded) -> int:
        """Return when it happens, UTC ms: as typed, else now, never before the stream's last event."""
        now = self.clock()
        if command.at is None:
            return max(now, loaded.at) if loaded.version else now
        if command.at > now + FUTURE_MS:
            raise FutureDate("the time lies in the future; leave it empty for now", field="at")
        if loaded.version and command.at < loaded.at:
            raise Backdated("the time lies before the last change of this record", field="at", last=loaded.at)
        return command.at

    def _advance(self, decider: Decider[Any, Any, Any], loaded: Loaded, events: list[RecordedEvent]) -> None:
        for event in events:
            loaded.state = decider.evolve(loaded.state, self.codec.model(event))
            loaded.version, loaded.at, loaded.position = event.version, event.occurred_at, event.position
            loaded.commands[event.command_id] = (event.command_hash, event.version, event.position)

    def _remember(self, stream: str, loaded: Loaded) -> None:
        self._cache[stream] = loaded
        self._cache.move_to_end(stream)
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)

    def forget(self, stream: str) -> None:
        """Drop a stream from the cache: its events were written elsewhere or its keys destroyed."""
        self._cache.pop(stream, None)

    def forget_all(self) -> None:
        """Drop all cached streams: keys were destroyed (X10) or an import wrote many."""
        self._cache.clear()


def _done(loaded: Loaded, stream: str, meta: Meta, digest: str) -> Effect | None:
    done = loaded.commands.get(meta.command_id)
    if done is None:
        return None
    if done[0] != digest:
        raise KeyReused("this Idempotency-Key was used for another request; take a new key")
    return Effect(stream, done[1], done[2], repeated=True)


_hidden: dict[type[Command], set[str]] = {}


def command_hash(command: Command) -> str:
    """Return a digest of what the caller sent: type and fields, without those of the edge and without passwords."""
    cls = type(command)
    if cls not in _hidden:
        _hidden[cls] = set(marked(cls, EDGE) | marked(cls, PROOF))
    body = command.model_dump_json(exclude=_hidden[cls] or None)
    return sha256(f"{cls.__name__}{body}".encode()).hexdigest()[:32]
