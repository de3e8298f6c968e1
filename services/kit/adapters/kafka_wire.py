"""A recorded event as a Kafka message and back: CloudEvents 1.0 in binary mode, the body being the event's data.

This module is the format. Header `ce_<attribute>` is the attribute of `contracts.envelope.cloud_event` as text; besides
there are `ce_prev`, the position of the event before it in its topic and partition (0: none), and `ce_logid`, the log
that positions belong to. Key: the client's id, else the subject's own. Timestamp: when the event was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast, get_args

from contracts.envelope import Origin, RecordedEvent, rfc3339

Header = tuple[str, bytes]
_ORIGINS = frozenset(get_args(Origin))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class NotAnEvent(Exception):
    """The message is not one that the relay wrote; the text says what is wrong with it."""


class Message(NamedTuple):
    """What is sent."""

    key: bytes
    value: bytes
    headers: list[Header]
    timestamp: int
    """UTC ms."""


class Received(NamedTuple):
    """What was read: the event, and its place in its partition's chain."""

    event: RecordedEvent
    prev: int
    log_id: str


def write(event: RecordedEvent, prev: int, log_id: str) -> Message:
    """Return the message of an event; `prev`: position of the event before it in its topic and partition."""
    headers = [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_source", b"/voronka/" + event.type.split(".", 1)[0].encode()),
        ("ce_type", event.type.encode()),
        ("ce_subject", event.stream.encode()),
        ("ce_time", _time(event.occurred_at)),
        ("ce_partitionkey", event.key.encode()),
        ("ce_position", b"%d" % event.position),
        ("ce_streamversion", b"%d" % event.version),
        ("ce_recordedat", _time(event.recorded_at)),
        ("ce_actor", event.actor.encode()),
        ("ce_commandid", event.command_id.encode()),
        ("ce_commandhash", event.command_hash.encode()),
        ("ce_correlation", event.correlation.encode()),
        ("ce_origin", event.origin.encode()),
        ("ce_imputed", b"true" if event.imputed else b"false"),
        ("ce_prev", b"%d" % prev),
        ("ce_logid", log_id.encode()),
    ]
    return Message(event.key.encode(), event.data, headers, event.recorded_at)


def read(value: bytes | None, headers: Sequence[tuple[str, Any]]) -> Received:
    """Return the event of a message. Raises NotAnEvent."""
    found = dict(headers)
    try:
        text = {name: found[name].decode() for name in _NEEDED}
        event = RecordedEvent(
            id=text["ce_id"],
            type=text["ce_type"],
            key=text["ce_partitionkey"],
            occurred_at=_millis(text["ce_time"]),
            actor=text["ce_actor"],
            command_id=text["ce_commandid"],
            command_hash=text["ce_commandhash"],
            correlation=text["ce_correlation"],
            origin=cast("Origin", text["ce_origin"]),
            imputed=text["ce_imputed"] == "true",
            data=bytes(value or b""),
            stream=text["ce_subject"],
            version=int(text["ce_streamversion"]),
            position=int(text["ce_position"]),
            recorded_at=_millis(text["ce_recordedat"]),
        )
        prev = int(text["ce_prev"])
    except KeyError as error:
        raise NotAnEvent(f"it has no header {error.args[0]}") from error
    except (ValueError, AttributeError) as error:  # not UTF-8, no number, no time; a header without a value
        raise NotAnEvent(f"a header cannot be read: {error}") from error
    if event.origin not in _ORIGINS or not event.id or event.position <= prev:
        raise NotAnEvent(f"origin {event.origin!r}, id {event.id!r}, position {event.position} after {prev}")
    if not event.data:
        raise NotAnEvent("it has no body")
    return Received(event, prev, text["ce_logid"])


def place_of(headers: Sequence[tuple[str, Any]]) -> tuple[int, str]:
    """Return position and log id of the event in a message, (0, "") if it is none."""
    try:
        found = dict(headers)
        return int(found["ce_position"]), found["ce_logid"].decode()
    except (KeyError, ValueError, AttributeError, TypeError):
        return 0, ""


_NEEDED = tuple(
    "ce_" + name
    for name in [
        "id",
        "type",
        "partitionkey",
        "time",
        "actor",
        "commandid",
        "commandhash",
        "correlation",
        "origin",
        "imputed",
        "subject",
        "streamversion",
        "position",
        "recordedat",
        "prev",
        "logid",
    ]
)


def _time(millis: int) -> bytes:
    return rfc3339(millis).encode()


def _millis(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text}")
    return (moment - _EPOCH) // _MILLISECOND
