"""BSON values as bytes that sort as MongoDB sorts the values: null, numbers, text, bytes, booleans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.doubles.mongo.errors import MongoError

END = b"\xff"
"""Behind everything that begins alike."""


def key(value: Any) -> bytes:
    """Return the value's place in the order of all values. Whole numbers only."""
    if value is None:
        return b"\x05"
    if isinstance(value, str):
        return b"\x20" + value.encode().replace(b"\0", b"\0\xff") + b"\0\0"
    if isinstance(value, bool):
        return b"\x41" if value else b"\x40"
    if isinstance(value, int):
        return b"\x10" + (value + 2**63).to_bytes(8, "big")
    if isinstance(value, float) and value.is_integer():  # a sum beyond 64 bits
        return key(max(min(int(value), 2**63 - 1), -(2**63)))
    if isinstance(value, bytes):
        return b"\x30" + value.replace(b"\0", b"\0\xff") + b"\0\0"
    raise MongoError(2, f"the double does not order {type(value).__name__}")


def kind(value: Any) -> bytes:
    """Return the first byte of the keys of this sort of value: comparisons stay inside a sort."""
    return key(value)[:1] if not isinstance(value, bool) else b"\x40"


def at(document: Any, path: str) -> Any:
    """Return the value at a dotted path, None if there is none."""
    for name in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def entries(fields: Iterable[str], document: dict[str, Any]) -> set[bytes]:
    """Return the document's keys in an index on these fields: several if one of them holds an array."""
    made = {b""}
    for name in fields:
        value = at(document, name)
        each = {key(part) for part in value} or {key(None)} if isinstance(value, list) else {key(value)}
        made = {before + one for before in made for one in each}
    return made
