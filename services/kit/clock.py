"""The only place that asks what time it is, or for chance (DESIGN 4: they enter at the edge)."""

from __future__ import annotations

import secrets
import time
from uuid import uuid4


def now() -> int:
    """Return the present, UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def nanos() -> int:
    """Return the present, UTC nanoseconds since 1970: when a span began."""
    return time.time_ns()


def new_id() -> str:
    """Return a random id."""
    return str(uuid4())


def new_bytes(count: int) -> bytes:
    """Return unguessable bytes."""
    return secrets.token_bytes(count)
