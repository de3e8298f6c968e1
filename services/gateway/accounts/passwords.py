"""Passwords: Argon2id, in threads, two at a time; a wrong login takes as long as a wrong password."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from contracts.problem import Invalid

LEAST = 10
"""Characters of a password."""
MOST = 200
_AT_ONCE = 2
"""Each takes 64 MiB of memory."""


class Passwords:
    """Makes and checks hashes. One per process."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._turns = ThreadPoolExecutor(_AT_ONCE, "passwords")
        self._nobodys = cache(lambda: self._hash.hash("nobody has this password"))

    async def hashed(self, password: str, login: str) -> str:
        """Return the hash to store (PHC string). Raises Invalid for a password that is too easily guessed."""
        check(password, login)
        return await asyncio.get_running_loop().run_in_executor(self._turns, self._hash.hash, password)

    async def right(self, password: str, stored: str | None) -> bool:
        """Tell whether it is the password; without a stored hash it takes as long, and is not."""
        cut = password[: MOST + 1]
        return await asyncio.get_running_loop().run_in_executor(self._turns, self._verify, cut, stored)

    def _verify(self, password: str, stored: str | None) -> bool:
        same = self._hash.verify(password, stored or self._nobodys())
        return same and stored is not None


PASSWORDS = Passwords()


def check(password: str, login: str) -> None:
    """Raise Invalid for a password that is too short, too long, or all but the login."""
    if not LEAST <= len(password) <= MOST:
        raise Invalid(f"must have {LEAST} to {MOST} characters; several words are easy to keep", field="password")
    if login and login.lower() in password.lower() and len(password) < len(login) + LEAST:
        raise Invalid("must not be made of the login; choose something else", field="password")
    if len(set(password)) < 4:
        raise Invalid("has too few different characters; choose something else", field="password")
