"""Where ids come from: name-based UUIDs, so that a repeated request or import makes the same id (DESIGN 4, 9)."""

from __future__ import annotations

from uuid import UUID, uuid5

NAMESPACE = UUID("6f0b1c6e-5d0f-5a53-9d0b-0c2f6a9b8f10")


def _named(*parts: str) -> str:
    return str(uuid5(NAMESPACE, "\x1f".join(parts)))


def created_id(actor: str, idempotency_key: str) -> str:
    """Return the id of the thing that this actor creates with this Idempotency-Key."""
    return _named("created", actor, idempotency_key)


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
