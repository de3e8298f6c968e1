"""The keyring in a SQLite file of its own: keys of data subjects, and tombstones of the erased (DESIGN 8)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from contracts.problem import Unavailable
from services.kit.adapters import sqlite_keys as keys
from services.kit.adapters.sqlite_files import OwnedFile, connect, own
from services.kit.adapters.sqlite_keys import Kept
from services.kit.documents import MissingKey
from services.kit.ports import SubjectKey

T = TypeVar("T")
Pairs = Sequence[tuple[str, str | None]]
_HELD = nullcontext()
REMEMBERED = 50_000
"""Keys kept in memory."""


class _Round:
    """Those who ask for keys while another write is going on: they share the next one."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str | None]] = []
        self.task: asyncio.Task[dict[str, Kept]] | None = None


class SqliteKeyring:
    """The port Keyring. Make it with `open`; it belongs to one event loop, and the file to it."""

    def __init__(self, path: Path, file: OwnedFile) -> None:
        self._file = file
        self._reader = connect(path, cache_kib=4_096, readonly=True)
        self._known: OrderedDict[str, Kept] = OrderedDict()
        self._round = _Round()
        self._writing = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SqliteKeyring:
        """Open the keyring, making it if there is none. Raises NewerData or Unusable."""
        return cls(path, await asyncio.to_thread(_open, path))

    async def ensure(self, subject: str, owner: str | None = None) -> bytes | None:
        """Return the subject's key, making it durably if it has none; None for a tombstone.

        A new subject whose owner was erased is born erased: its key would outlive the erasure."""
        kept = self._remembered(subject)
        if kept is not None and (kept.key is None or owner in {None, kept.owner}):
            return kept.key
        return (await self.ensure_many([(subject, owner)]))[subject]

    async def ensure_many(self, subjects: Pairs) -> dict[str, bytes | None]:
        """Do `ensure` for many by one write, which is shared with all who ask at the same time."""
        if not subjects:
            return {}
        mine = self._round
        mine.pairs += subjects
        if mine.task is None:
            mine.task = asyncio.create_task(self._make(mine))
        # Shielded: that one of them gives up must not take the key from the others.
        kept = await asyncio.shield(mine.task)
        return {subject: kept[subject].key for subject, _ in subjects}

    def hold(self, subjects: Iterable[str]) -> AbstractAsyncContextManager[None]:  # noqa: ARG002 - never looked at
        """Do nothing: this process is the only one that destroys keys."""
        return _HELD

    def key(self, subject: str) -> bytes | None:
        """Return the subject's key; None for a tombstone. Raises MissingKey if there is neither."""
        kept = self._remembered(subject) or self._looked_up(subject)
        if kept is None:
            raise MissingKey(f"There is no key of {subject}, and it was not erased: the keyring is older than the log.")
        return kept.key

    async def link(self, subject: str, owner: str) -> None:
        """Make the subject's key fall with the owner's, if it has one."""
        kept = self._remembered(subject) or self._looked_up(subject)
        if kept is not None and kept.key is not None and kept.owner != owner:
            await self.ensure_many([(subject, owner)])

    async def destroy(self, owner: str) -> list[str]:
        """Destroy the keys of the owner and of all that it owns, owned ones' too; returns all these subjects."""
        async with self._writing:
            gone = await self._beside(keys.destroy, owner)
            self._remember({subject: Kept(None, None) for subject in gone})
        return gone

    async def tombstones(self) -> list[str]:
        """Return the subjects that were erased."""
        async with self._writing:
            return await self._beside(keys.tombstones)

    async def listed(self, after: str, limit: int) -> list[SubjectKey]:
        """Return up to `limit` subjects behind `after`, in order."""
        async with self._writing:
            return await self._beside(keys.listed, after, limit)

    async def adopt(self, others: Sequence[SubjectKey]) -> None:
        """Take over what another keyring has. Raises Unusable if a subject has another key here."""
        async with self._writing:
            await self._beside(keys.adopt, others)
            self._known.clear()

    async def close(self) -> None:
        """Finish the write that is going on, then close the file."""
        async with self._writing:
            if not self._closed:
                self._closed = True
                self._known.clear()
                self._reader.close()
                self._file.close()

    async def _make(self, mine: _Round) -> dict[str, Kept]:
        async with self._writing:
            self._round = _Round()
            made = await self._beside(keys.ensure, mine.pairs)
            self._remember(made)
            return made

    async def _beside(self, work: Callable[..., T], *args: object) -> T:
        """Do work on the file in another thread; the caller holds the lock."""
        if self._closed:
            raise Unavailable("The keyring is closed.")
        try:
            return await asyncio.to_thread(work, self._file.connection, *args)
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    def _looked_up(self, subject: str) -> Kept | None:
        if self._closed:
            raise Unavailable("The keyring is closed.")
        try:
            kept = keys.find(self._reader, subject)
        except sqlite3.Error as error:
            raise _unavailable(error) from error
        if kept is not None:
            self._remember({subject: kept})
        return kept

    def _remembered(self, subject: str) -> Kept | None:
        kept = self._known.get(subject)
        if kept is not None:
            self._known.move_to_end(subject)
        return kept

    def _remember(self, found: Mapping[str, Kept]) -> None:
        self._known.update(found)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _open(path: Path) -> OwnedFile:
    file = own(path, keys.KEYRING, cache_kib=4_096)
    try:
        keys.harden(file.connection)
    except sqlite3.Error as error:
        file.close()
        raise _unavailable(error) from error
    return file


def _unavailable(error: sqlite3.Error) -> Unavailable:
    return Unavailable(f"The keyring cannot be used now ({error}). Try again later.")
