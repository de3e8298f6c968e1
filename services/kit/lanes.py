"""Which lane an event belongs to (DESIGN 5)."""

from __future__ import annotations

from zlib import crc32

LANES = 12
"""Lanes of the distributed profile, fixed for ever; the embedded profile runs with one."""


def lane_of(key: str, lanes: int) -> int:
    """Return the lane of an event's key, the same in every process and profile."""
    return crc32(key.encode()) % lanes if lanes > 1 else 0
