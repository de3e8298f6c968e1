"""What relay and readers tell each other, in a topic of its own: how far the relay is, and what is to be sent again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from services.kit.relay import Asked, Progress

PROGRESS = b"progress"
_ASKED = b"asked:"


def write_progress(progress: Progress) -> bytes:
    """Return the value of a message with the key PROGRESS."""
    lasts: dict[str, dict[str, int]] = {}
    for (topic, lane), position in progress.lasts.items():
        lasts.setdefault(topic, {})[str(lane)] = position
    return json.dumps({"log_id": progress.log_id, "position": progress.position, "lasts": lasts}).encode()


def read_progress(record: ConsumerRecord) -> Progress | None:
    """Return the progress in a message, None if there is none that can be read."""
    if record.key != PROGRESS:
        return None
    try:
        found = json.loads(record.value or b"")
        lasts = {(topic, int(lane)): int(at) for topic, lanes in found["lasts"].items() for lane, at in lanes.items()}
        return Progress(str(found["log_id"]), int(found["position"]), lasts)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def write_asked(asked: Asked, group: str) -> tuple[bytes, bytes]:
    """Return key and value of a reader's wish."""
    topic, lane = asked.place
    value = json.dumps({"topic": topic, "lane": lane, "after": asked.after}).encode()
    return _ASKED + f"{group}:{topic}:{lane}".encode(), value


def read_asked(records: Sequence[ConsumerRecord]) -> list[Asked]:
    """Return the wishes among messages: for each place that from the lowest position."""
    lowest: dict[tuple[str, int], int] = {}
    for record in records:
        if record.key is not None and record.key.startswith(_ASKED):
            try:
                found = json.loads(record.value or b"")
                place, after = (str(found["topic"]), int(found["lane"])), int(found["after"])
            except (ValueError, TypeError, KeyError):
                continue
            lowest[place] = min(after, lowest.get(place, after))
    return [Asked(place, after) for place, after in lowest.items()]
