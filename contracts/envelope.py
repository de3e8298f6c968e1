"""The envelope around an event's data: what is recorded, and its CloudEvents form (DESIGN 4)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
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
        return topic_of(self.type)


def topic_of(type: str) -> str:
    """Return the topic of events of this type."""
    return type.split(".", 1)[0] + ".events"


def rfc3339(millis: int) -> str:
    """Return UTC milliseconds as RFC 3339 text with `Z`; milliseconds only where they are not zero."""
    days, of_day = divmod(millis, 86_400_000)
    seconds, rest = divmod(of_day, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{rest:03d}" if rest else ""
    return f"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    """Return the date so many days after 1970-01-01; a log has many events of each."""
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


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
