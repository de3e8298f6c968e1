"""The envelope around an event's data: what is recorded, and its CloudEvents form (DESIGN 4)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Origin = Literal["live", "import", "link", "system"]


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """An event ready to be stored. `data`: JSON with personal fields sealed. Times are UTC ms."""

    id: str
    type: str
    key: str
    """Client id, else the subject's own id; decides the lane."""
    occurred_at: int
    actor: str
    command_id: str
    command_hash: str
    correlation: str = ""
    """Trace id."""
    origin: Origin = "live"
    imputed: bool = False
    data: bytes = b"{}"


@dataclass(slots=True, kw_only=True)
class RecordedEvent(NewEvent):
    """A stored event: with its stream, its version in it (1..n gapless) and its position in the log."""

    stream: str
    version: int
    position: int
    recorded_at: int

    @property
    def topic(self) -> str:
        """The topic this event belongs to: `<service>.events`."""
        return self.type.split(".", 1)[0] + ".events"


def rfc3339(millis: int) -> str:
    """Return UTC milliseconds as RFC 3339 text with `Z`; milliseconds only where they are not zero."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    text = moment.isoformat(timespec="milliseconds" if millis % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def cloud_event(event: RecordedEvent) -> dict[str, Any]:
    """Return the event as a CloudEvents 1.0 JSON object; extension attributes are lower case letters only."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": "/voronka/" + event.type.split(".", 1)[0],
        "type": event.type,
        "subject": event.stream,
        "time": rfc3339(event.occurred_at),
        "datacontenttype": "application/json",
        "partitionkey": event.key,
        "position": event.position,
        "streamversion": event.version,
        "recordedat": rfc3339(event.recorded_at),
        "actor": event.actor,
        "commandid": event.command_id,
        "commandhash": event.command_hash,
        "correlation": event.correlation,
        "origin": event.origin,
        "imputed": event.imputed,
        "data": json.loads(event.data),
    }
