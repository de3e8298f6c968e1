"""The ports: what the kit asks of an event store, a bus, a document store, a keyring and shared limits (DESIGN 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contracts.envelope import NewEvent, RecordedEvent
from services.kit.document_ports import BulkWriter, Documents, Reader
from services.kit.documents import LaneState
from services.kit.news import News, NoNews
from services.kit.sessions import MemorySessions, Sessions

# ---------------------------------------------------------------- event store


@dataclass(slots=True)
class Appended:
    """Where an append is: the stream's version after it and the position of its last event in the log."""

    stream: str
    version: int
    position: int
    events: list[RecordedEvent] = field(default_factory=list)


@dataclass(slots=True)
class Append:
    """One stream's part of `append_many`."""

    stream: str
    events: Sequence[NewEvent]
    expected: int


class EventStore(Protocol):
    """The log: the only truth. Streams have versions 1..n without a gap; positions order all events and grow by one
    in the embedded store (elsewhere they only grow)."""

    @property
    def system(self) -> str:
        """Name of the technology, as traces give it."""
        ...

    @property
    def log_id(self) -> str:
        """Id of this log, made when it was created; a copy restored elsewhere keeps it, a new log has another."""
        ...

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
        """Store all events or none, durably (fsync or quorum) before returning.

        `expected`: the stream's version now (0: it must not exist). There is no "any". Raises VersionConflict if it is
        too low or too high; except that the same events (same ids) at that very place are answered as done (a retry).
        Raises Unavailable if it cannot store (disk full, store away): then nothing was stored.
        A RecordedEvent keeps its `recorded_at`: it comes from a log that is moved here.
        """
        ...

    async def append_many(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many streams' events, each stream atomically, for imports; live appends overtake it.

        Returns for each its effect or its VersionConflict, in order."""
        ...

    async def read(self, stream: str, after: int = 0) -> list[RecordedEvent]:
        """Return the stream's events with version > after, in order; [] for an unknown stream."""
        ...

    async def read_all(self, after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events with position > after, in log order, all types."""
        ...

    async def read_types(self, types: frozenset[str], after: int, limit: int) -> list[RecordedEvent]:
        """Return up to `limit` events of these types with position > after, in log order; quick however rare."""
        ...

    def follow(self, after: int) -> AsyncIterator[list[RecordedEvent]]:
        """Yield batches (never empty) of all events with position > after, in log order, for ever; wakes on append."""
        ...

    async def newest(self) -> int:
        """Return the latest business time of all events, UTC ms; 0 for an empty log."""
        ...

    async def head(self) -> int:
        """Return the position of the newest event; 0 for an empty log."""
        ...

    async def close(self) -> None: ...


# ---------------------------------------------------------------- bus


@dataclass(slots=True)
class Delivered:
    """An event as delivered in a lane; `prev`: position of the event before it in its topic and lane (0: none)."""

    event: RecordedEvent
    prev: int


@dataclass(slots=True)
class Batch:
    """Events of one lane in delivery order: per topic in log order, between topics in any order."""

    lane: int
    events: list[Delivered]
    done: Callable[[], Awaitable[None]]
    """To be awaited after the documents are committed (acknowledges to a broker; nothing in the embedded bus)."""


OpenLane = Callable[[int], Awaitable[LaneState]]


class Bus(Protocol):
    """Deliveries of events in lanes: lane n = partition n of all topics; a worker owns whole lanes (DESIGN 5)."""

    @property
    def system(self) -> str:
        """Name of the technology, as traces give it."""
        ...

    @property
    def lanes(self) -> int:
        """Number of lanes, fixed for ever."""
        ...

    def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        """Yield batches of at most `most` events for ever. When a lane is given to this worker, `open_lane` is awaited
        first and tells from where it goes on. At least once: repeats are possible, gaps are shown by `prev`."""
        ...

    def passed(self, group: str) -> int:
        """Return the log position up to which everything was delivered to this process's readers of the group; -1 while
        more is at hand."""
        ...

    def owned(self, group: str) -> frozenset[int]:
        """Return the lanes that are given to this process's readers of the group right now."""
        ...

    async def resend(self, group: str, lane: int) -> None:
        """Deliver the lane again from its stored positions: asked for when a gap was seen."""
        ...


# ---------------------------------------------------------------- keyring


class SubjectKey(NamedTuple):
    """What a keyring has of a subject; `key` None: a tombstone."""

    subject: str
    owner: str | None
    key: bytes | None


class Keyring(Protocol):
    """Keys of data subjects (clients, contacts, leads), apart from log and documents (DESIGN 8). 32 bytes each."""

    async def ensure(self, subject: str, owner: str | None = None) -> bytes | None:
        """Return the subject's key, making it durably if it has none; None if the subject was erased (tombstone).

        `owner`: the client whose erasure destroys this key too; recorded (also later) if given."""
        ...

    async def ensure_many(self, subjects: Sequence[tuple[str, str | None]]) -> dict[str, bytes | None]:
        """Do `ensure` for many (subject, owner) at once, durably by one write: for imports. Returns subject → key."""
        ...

    def hold(self, subjects: Iterable[str]) -> AbstractAsyncContextManager[None]:
        """Let `key` answer for these subjects inside. What is held was read when it was entered and is forgotten when
        it is left: a key that another process destroys opens nothing that is read later. The embedded keyring, whose
        process is the only one, holds all keys always and does not even look at `subjects`."""
        ...

    def key(self, subject: str) -> bytes | None:
        """Return the key of a subject that is held; None for a tombstone. Raises MissingKey if there is neither."""
        ...

    async def link(self, subject: str, owner: str) -> None:
        """Make the subject's key fall with the owner's, if it has one."""
        ...

    async def destroy(self, owner: str) -> list[str]:
        """Destroy the keys of the owner and of all it owns, leaving tombstones; returns the subjects. Repeatable."""
        ...

    async def tombstones(self) -> list[str]: ...

    async def listed(self, after: str, limit: int) -> list[SubjectKey]:
        """Return up to `limit` subjects behind `after`, in order: to move a keyring."""
        ...

    async def adopt(self, others: Sequence[SubjectKey]) -> None:
        """Take over, durably, what another keyring has; repeatable. A tombstone wins over a key and stays one.

        Raises Unusable, with nothing taken over, if a subject has another key here."""
        ...

    async def close(self) -> None: ...


# ---------------------------------------------------------------- shared


class Limits(Protocol):
    """Rate limits shared by all processes of a service."""

    async def hit(self, name: str, key: str, most: int, minutes: int = 1) -> bool:
        """Count one use; False if there were `most` of them in the last minutes already."""
        ...


# ---------------------------------------------------------------- all of them


async def _nothing() -> None:
    """Close nothing."""


@dataclass
class Ports:
    """The adapters of a profile. `close_more`: closes what a profile opened besides, such as clients of a broker."""

    store: EventStore
    bus: Bus
    documents: Documents
    keyring: Keyring
    limits: Limits
    sessions: Sessions = field(default_factory=MemorySessions)
    news: News = field(default_factory=NoNews)
    close_more: Callable[[], Awaitable[None]] = _nothing

    async def close(self) -> None:
        """Close all, documents before the log: what they lack is in it."""
        await self.close_more()
        await self.documents.close()
        await self.store.close()
        await self.keyring.close()
        await self.sessions.close()
        await self.news.close()


__all__ = [
    "Append",
    "Appended",
    "Batch",
    "BulkWriter",
    "Bus",
    "Delivered",
    "Documents",
    "EventStore",
    "Keyring",
    "Limits",
    "OpenLane",
    "Ports",
    "Reader",
    "SubjectKey",
]
