"""A Kafka message of Voronka's topics, taken apart: CloudEvents in binary mode (docs/subscribe.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class NotAnEvent(Exception):
    """The message is not one that Voronka's relay wrote."""


@dataclass(frozen=True, slots=True)
class Message:
    """A fact, and its place in its partition's chain."""

    id: str
    """The same for the same fact, for ever; also in the copies of a reference event."""
    type: str
    subject: str
    """The stream: `order-<id>`."""
    version: int
    """In the stream: 1, 2, 3 ..."""
    time: str
    """Business time, RFC 3339."""
    position: int
    prev: int
    """Position of the message before it in this partition; 0: it is the first."""
    log_id: str
    data: dict[str, Any]
    offset: int


def read(value: bytes | None, headers: Sequence[tuple[str, bytes]], offset: int) -> Message:
    """Return what the message says. Raises NotAnEvent."""
    found = dict(headers)
    try:
        text = {
            name: found[f"ce_{name}"].decode()
            for name in ("id", "type", "subject", "streamversion", "time", "position", "prev", "logid")
        }
        data = json.loads(value or b"")
        if not isinstance(data, dict):
            raise NotAnEvent(f"the message at offset {offset} has no JSON object as its body")
        return Message(
            id=text["id"],
            type=text["type"],
            subject=text["subject"],
            version=int(text["streamversion"]),
            time=text["time"],
            position=int(text["position"]),
            prev=int(text["prev"]),
            log_id=text["logid"],
            data=data,
            offset=offset,
        )
    except KeyError as error:
        raise NotAnEvent(f"the message at offset {offset} has no header {error.args[0]}") from error
    except (ValueError, AttributeError) as error:
        raise NotAnEvent(f"the message at offset {offset} cannot be read: {error}") from error
