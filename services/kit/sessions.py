"""Sessions of browsers: their shape, how long they last, and the store for a single process without a disk (#5)."""

from __future__ import annotations

from typing import Protocol

import msgspec

IDLE = 24 * 3_600_000
"""Milliseconds after which a session that was not used is over."""
LIFE = 30 * 24 * 3_600_000
"""Milliseconds after which any session is over."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session. `id`: the SHA-256 of what the cookie holds; `generation`: that of the account when it began. Times are
    UTC ms; `agent` and `address`: what signed in, for the employee to know it again."""

    id: str
    account_id: str
    generation: int
    begun_at: int
    seen_at: int
    agent: str
    address: str

    def over(self, now: int) -> bool:
        """Tell whether it is over at this time (UTC ms)."""
        return now >= min(self.seen_at + IDLE, self.begun_at + LIFE)


class Sessions(Protocol):
    """Where sessions are kept. They may be lost: then people sign in again."""

    async def put(self, session: Session) -> None:
        """Keep the session, or what changed in it. Raises Unavailable."""
        ...

    async def get(self, id: str) -> Session | None:
        """Return the session, if it is there. Raises Unavailable."""
        ...

    async def of(self, account_id: str) -> list[Session]:
        """Return the account's sessions, over or not. Raises Unavailable."""
        ...

    async def drop(self, id: str) -> None:
        """Forget the session. Raises Unavailable."""
        ...

    async def close(self) -> None: ...


class MemorySessions:
    """The port Sessions in the memory of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, Session] = {}

    async def put(self, session: Session) -> None:
        """See Sessions."""
        self._kept[session.id] = session

    async def get(self, id: str) -> Session | None:
        """See Sessions."""
        return self._kept.get(id)

    async def of(self, account_id: str) -> list[Session]:
        """See Sessions."""
        return [each for each in self._kept.values() if each.account_id == account_id]

    async def drop(self, id: str) -> None:
        """See Sessions."""
        self._kept.pop(id, None)

    async def close(self) -> None:
        """See Sessions."""
