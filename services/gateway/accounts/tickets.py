"""What lets in by being known: cookies, tokens and one-time addresses, all of 256 random bits; stored as SHA-256."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256

from services.kit.clock import new_bytes

_BITS = 256
_MARK = "vk"


def new() -> str:
    """Return a new secret, as text that is safe in addresses and headers."""
    return urlsafe_b64encode(new_bytes(_BITS // 8)).decode().rstrip("=")


def digest(secret: str) -> str:
    """Return what is stored of a secret."""
    return sha256(secret.encode()).hexdigest()


def csrf_of(cookie: str) -> str:
    """Return what forms and scripts of our own pages send along: it follows from the cookie, which no script reads."""
    return sha256(f"csrf:{cookie}".encode()).hexdigest()


def with_account(account_id: str, secret: str) -> str:
    """Return the secret with the account it is for, as tokens and one-time addresses carry it."""
    named = urlsafe_b64encode(account_id.encode()).decode().rstrip("=")
    return f"{_MARK}.{named}.{secret}"


def account_in(ticket: str) -> str | None:
    """Return the account a token or one-time address is for; None: it is none of ours."""
    parts = ticket.split(".")
    if len(parts) != 3 or parts[0] != _MARK or not ticket.isascii():
        return None
    try:
        return urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode()
    except (Error, UnicodeDecodeError, ValueError):
        return None
