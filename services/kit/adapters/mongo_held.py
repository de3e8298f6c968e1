"""Keys that somebody in this process needs right now: read when asked for, forgotten when nobody holds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType

from services.kit.documents import MissingKey

Keys = dict[str, bytes | None]


class Held:
    """What is held, and by how many."""

    def __init__(self) -> None:
        self._keys: Keys = {}
        """Without an entry for a subject that is held: it has neither key nor tombstone."""
        self._holders: dict[str, int] = {}

    def get(self, subject: str) -> bytes | None:
        """Return the key; None for a tombstone. Raises MissingKey, or RuntimeError if nobody holds the subject."""
        if subject in self._keys:
            return self._keys[subject]
        if subject in self._holders:
            raise MissingKey(f"There is no key of {subject}, and it was not erased: the keyring is older than the log.")
        raise RuntimeError(f"the key of {subject} is not held: it is to be read inside of Keyring.hold only")

    def take(self, subjects: Iterable[str], found: Keys) -> None:
        """Hold what was found of the subjects. A tombstone stays one, whatever an older read brings."""
        for subject in subjects:
            self._holders[subject] = self._holders.get(subject, 0) + 1
            if subject in found and self._keys.get(subject, b"") is not None:
                self._keys[subject] = found[subject]

    def release(self, subjects: Iterable[str]) -> None:
        """Let go of subjects; forget those that nobody holds."""
        for subject in subjects:
            self._holders[subject] -= 1
            if not self._holders[subject]:
                del self._holders[subject]
                self._keys.pop(subject, None)


class Holding:
    """Holds some subjects' keys while it is entered."""

    def __init__(self, held: Held, read: Callable[[Iterable[str]], Awaitable[Keys]], subjects: Iterable[str]) -> None:
        self._held = held
        self._read = read
        self._subjects = subjects
        self._mine: list[str] = []

    async def __aenter__(self) -> None:
        wanted = list(dict.fromkeys(self._subjects))
        if wanted:
            self._held.take(wanted, await self._read(wanted))
            self._mine = wanted

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._held.release(self._mine)
