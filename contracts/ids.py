"""Where ids come from: name-based UUIDs, so that a repeated request or import makes the same id (DESIGN 4, 9)."""

from __future__ import annotations

from hashlib import sha1
from uuid import UUID

NAMESPACE = UUID("6f0b1c6e-5d0f-5a53-9d0b-0c2f6a9b8f10")


_SEED = NAMESPACE.bytes
_FIXED = 0xF000_C000_0000_0000_0000
_UUID5 = 0x5000_8000_0000_0000_0000


def _named(*parts: str) -> str:
    """Return uuid5 of the parts, several times faster than the standard library's: imports make millions of them.

    A part cannot pretend to be two: the separator inside one is escaped."""
    name = "\x1f".join(parts)
    if "\x1e" in name or name.count("\x1f") >= len(parts):
        name = "\x1f".join(part.replace("\x1e", "\x1e0").replace("\x1f", "\x1e1") for part in parts)
    digest = sha1(_SEED + name.encode(), usedforsecurity=False).digest()
    text = f"{int.from_bytes(digest[:16], 'big') & ~_FIXED | _UUID5:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def created_id(actor: str, idempotency_key: str) -> str:
    """Return the id of the thing that this actor creates with this Idempotency-Key."""
    return _named("created", actor, idempotency_key)


def derived_id(*parts: str) -> str:
    """Return the id of a thing that follows from another: what it is, and the id of the other (DESIGN 4)."""
    return _named("derived", *parts)


def command_id(actor: str, idempotency_key: str) -> str:
    """Return the id of the command sent by this actor under this Idempotency-Key."""
    return _named("command", actor, idempotency_key)


def event_id(command: str, ordinal: int) -> str:
    """Return the id of the n-th event (from 0) that a command caused."""
    return _named("event", command, str(ordinal))


def reaction_id(event: str, reaction: str, target: str, ordinal: int) -> str:
    """Return the command id of a reaction to an event."""
    return _named("reaction", event, reaction, target, str(ordinal))


def imported_id(source: str, table: str, external_id: str) -> str:
    """Return the id of the subject that a row of an import source stands for."""
    return _named("import", source, table, external_id)


def imported_event_id(
    source: str, table: str, external_id: str, event_type: str, instant: int | None, to_stage: str, nth: int
) -> str:
    """Return the event id of an imported fact; `instant` is None when the source had no time; nth counts equals."""
    return _named("import-event", source, table, external_id, event_type, str(instant), to_stage, str(nth))
