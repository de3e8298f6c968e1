"""Events of a log as a subscriber meets them: dealt to partitions, each with the position of the one before it."""

from collections import defaultdict
from collections.abc import Iterable

import orjson

from contracts.envelope import RecordedEvent, rfc3339
from contracts.registry import REFERENCE_TYPES
from examples.accounting_sync.message import Message
from services.kit.lanes import LANES, lane_of

Place = tuple[str, int]


def dealt(events: Iterable[RecordedEvent], log_id: str, lanes: int = LANES) -> dict[Place, list[Message]]:
    """Return the messages of each (topic, partition), in order; reference events are in every partition."""
    found: defaultdict[Place, list[Message]] = defaultdict(list)
    for event in events:
        everywhere = event.type in REFERENCE_TYPES
        for lane in range(lanes) if everywhere else [lane_of(event.key, lanes)]:
            before = found[event.topic, lane]
            found[event.topic, lane].append(
                Message(
                    id=event.id,
                    type=event.type,
                    subject=event.stream,
                    version=event.version,
                    time=rfc3339(event.occurred_at),
                    position=event.position,
                    prev=before[-1].position if before else 0,
                    log_id=log_id,
                    data=orjson.loads(event.data),
                    offset=len(before),
                )
            )
    return found
