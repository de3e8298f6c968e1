"""Decodes a lane's events for their folds, up to the first at which the lane must stop (ADR 0005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.registry import EVENTS
from services.kit.codec import Codec
from services.kit.lane import Stop
from services.kit.projection import Fold


def decoded_up_to_stop(
    folds: Mapping[str, Fold], codec: Codec, events: Sequence[RecordedEvent]
) -> tuple[list[tuple[RecordedEvent, Any]], Stop | None]:
    """Return the events with their data (None: does not concern the group), up to the first that is broken or of a type
    that this version does not know. Their keys must be held."""
    decoded: list[tuple[RecordedEvent, Any]] = []
    for event in events:
        if event.type in folds:
            try:
                decoded.append((event, codec.decode(event)))
            except Exception as error:  # noqa: BLE001 - broken data stops the lane
                return decoded, Stop(event, f"{type(error).__name__}: {error}")
        elif event.type in EVENTS:
            decoded.append((event, None))
        else:
            return decoded, Stop(event, f"event type {event.type!r} is not known to this version")
    return decoded, None
