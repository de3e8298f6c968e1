"""A keyring in memory with fixed keys, and events as they are recorded."""

from collections.abc import Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import sha256
from typing import Any, TypeVar
from unittest.mock import patch

from contracts.base import Event
from contracts.envelope import RecordedEvent
from services.kit.codec import Codec
from services.kit.documents import MissingKey

T = TypeVar("T")


def fixed_key(subject: str) -> bytes:
    """Return the subject's key; no secret, the same for ever, so that golden files can be opened."""
    return sha256(f"voronka test key of {subject}".encode()).digest()


class FakeKeyring:
    """Gives every subject that was asked for its fixed key, unless it was erased."""

    def __init__(self, *known: str) -> None:
        self.keys = {subject: fixed_key(subject) for subject in known}
        self.owners: dict[str, str] = {}
        self.erased: set[str] = set()

    async def ensure(self, subject: str, owner: str | None = None) -> bytes | None:
        if owner is not None:
            self.owners[subject] = owner
        return None if subject in self.erased else self.keys.setdefault(subject, fixed_key(subject))

    def hold(self, subjects: Iterable[str]) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def key(self, subject: str) -> bytes | None:
        if subject in self.erased:
            return None
        if subject not in self.keys:
            raise MissingKey(subject)
        return self.keys[subject]

    async def link(self, subject: str, owner: str) -> None:
        self.owners[subject] = owner

    async def destroy(self, owner: str) -> list[str]:
        gone = [owner, *(subject for subject, by in self.owners.items() if by == owner)]
        self.erased.update(gone)
        return gone

    async def tombstones(self) -> list[str]:
        return sorted(self.erased)

    async def close(self) -> None: ...


def encoded(event: Event, keyring: FakeKeyring, *, nonce: bytes | None = None) -> bytes:
    """Return the event's data as the codec stores it; the nonce is random unless given."""
    if nonce is None:
        return finished(Codec(keyring).encode(event))
    with patch("services.kit.codec.new_bytes", lambda _count: nonce):
        return finished(Codec(keyring).encode(event))


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing; much faster than a loop for each example."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits for something")


def recorded(event: Event, data: bytes) -> RecordedEvent:
    """Return the event with this data as a store would give it back."""
    return RecordedEvent(
        id="3f2b8c1e-7a4d-5e6f-8a9b-0c1d2e3f4a5b",
        type=event.type,
        stream="test-1",
        version=1,
        position=1,
        key=event.key(),
        occurred_at=event.occurred_at,
        recorded_at=event.occurred_at,
        imputed=event.imputed,
        actor="anna",
        command_id="c1",
        command_hash="h1",
        data=data,
    )
