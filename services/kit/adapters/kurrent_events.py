"""Envelope ⇄ KurrentDB: what of an event is its own there and what goes into its metadata; nothing is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

import kurrentdbclient as kurrent
import msgspec
import structlog
from kurrentdbclient import DEFAULT_EXCLUDE_FILTER
from kurrentdbclient.protos.v1 import streams_pb2

from contracts.envelope import NewEvent, Origin, RecordedEvent

FOREIGN = "gateway.ForeignEvent.v0"
"""The type under which an event is delivered that somebody else wrote into the log. No code knows it, so it stops its
lane with an alarm until it is skipped by name (DESIGN 5), as every event that cannot be folded."""
INTERNAL = "voronka"
"""Names of our own streams and event types in the store begin so; the port never shows them."""
HIDDEN = (*DEFAULT_EXCLUDE_FILTER, rf"{INTERNAL}\..+")
"""Types that are not events of the port: the server's own, and ours about the log itself."""
_IDS = UUID("6f1c4a0e-7f0e-5b52-9a3e-2f4f0d7f9b11")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INT64 = 1 << 63


class Envelope(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The metadata of an event. `id`: only where the envelope's id is not the store's (it is no uuid); `recorded_at`:
    only where the event was recorded in another log, which was moved here (UTC ms)."""

    voronka: Literal[1]
    key: str
    occurred_at: int
    actor: str
    command_id: str
    command_hash: str
    correlation: str = ""
    origin: Origin = "live"
    imputed: bool = False
    id: str = ""
    recorded_at: int | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode
_hidden = re.compile("|".join(f"(?:{pattern})" for pattern in HIDDEN)).fullmatch
_is_canonical = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_log = structlog.get_logger()
_told: set[str] = set()
"""Foreign types that a line was written about: there may be thousands of events of each."""


def store_id(id: str) -> UUID:
    """Return the id an event has in the store: its own if that is a uuid, else a uuid5 of it; always the same."""
    try:
        own = UUID(id)
    except ValueError:
        return uuid5(_IDS, id)
    return own if str(own) == id else uuid5(_IDS, id)


def proposed(event: NewEvent) -> kurrent.NewEvent:
    """Return the event as it is sent. Raises ValueError for what could not be read back."""
    if _hidden(event.type):
        raise ValueError(f"{event.type!r} cannot be the type of an event: the event store hides such ones")
    if not -_INT64 <= event.occurred_at < _INT64:
        raise ValueError(f"occurred_at {event.occurred_at} is no number of milliseconds")
    id = store_id(event.id)
    metadata = Envelope(
        voronka=1,
        key=event.key,
        occurred_at=event.occurred_at,
        actor=event.actor,
        command_id=event.command_id,
        command_hash=event.command_hash,
        correlation=event.correlation,
        origin=event.origin,
        imputed=event.imputed,
        id="" if str(id) == event.id else event.id,
        recorded_at=event.recorded_at if isinstance(event, RecordedEvent) else None,
    )
    return kurrent.NewEvent(type=event.type, data=event.data, metadata=_encode(metadata), id=id)


def recorded(event: kurrent.RecordedEvent) -> RecordedEvent:
    """Return the event as the port gives it; one that Voronka did not write as FOREIGN, with a line in our log."""
    return _recorded(
        str(event.id),
        event.type,
        event.stream_name,
        event.stream_position,
        event.commit_position,
        event.metadata,
        event.data,
        event.recorded_at,
    )


def recorded_message(event: streams_pb2.ReadResp.ReadEvent.RecordedEvent) -> RecordedEvent:
    """Return the same as `recorded` of what the client makes of the message, without that detour."""
    id, about = event.id.string, event.metadata
    return _recorded(
        id if _is_canonical(id) else str(UUID(id)),
        about["type"],
        event.stream_identifier.stream_name.decode(),
        event.stream_revision,
        event.commit_position,
        event.custom_metadata,
        event.data,
        # Of 100 ns, rounded as the client does: else one event would have two times.
        datetime.fromtimestamp(int(about["created"]) / 10_000_000.0, UTC) if about["created"].isdigit() else None,
    )


def _recorded(
    id: str, type: str, stream: str, revision: int, position: int, metadata: bytes, data: bytes, at: datetime | None
) -> RecordedEvent:
    try:
        envelope = _decode(metadata)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _foreign(id, type, stream, revision, position, _millis(at), f"its metadata is not Voronka's: {error}")
    return RecordedEvent(
        id=envelope.id or id,
        type=type,
        key=envelope.key,
        occurred_at=envelope.occurred_at,
        actor=envelope.actor,
        command_id=envelope.command_id,
        command_hash=envelope.command_hash,
        correlation=envelope.correlation,
        origin=envelope.origin,
        imputed=envelope.imputed,
        data=data,
        stream=stream,
        version=revision + 1,
        position=position,
        recorded_at=_millis(at) if envelope.recorded_at is None else envelope.recorded_at,
    )


def _foreign(id: str, type: str, stream: str, revision: int, position: int, at: int, why: str) -> RecordedEvent:
    if type not in _told:
        _told.add(type)
        _log.error(
            "the event store holds an event that Voronka did not write; its lane stops there until it is skipped",
            stream=stream,
            version=revision + 1,
            position=position,
            type=type,
            why=why,
        )
    return RecordedEvent(
        id=id,
        type=FOREIGN,
        key=stream,
        occurred_at=at,
        actor="",
        command_id="",
        command_hash="",
        origin="system",
        data=msgspec.json.encode({"stream": stream, "type": type, "why": why}),
        stream=stream,
        version=revision + 1,
        position=position,
        recorded_at=at,
    )


def _millis(at: datetime | None) -> int:
    """Return UTC ms; 0 where the server tells no time (none of the versions we know)."""
    return 0 if at is None else (at - _START) // _MILLISECOND
