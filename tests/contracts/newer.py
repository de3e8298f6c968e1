"""Events as a later version of Voronka writes them, and a consumer of this version (DESIGN 8, ADR 0004)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from contracts.base import to_millis
from contracts.envelope import NewEvent, RecordedEvent
from contracts.registry import EVENTS
from services.kit.ports import EventStore
from services.kit.projection import Projection
from tests.contracts import make_golden
from tests.contracts.keyring import FakeKeyring

GOLDEN = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in make_golden.FOLDER.glob("*.json")}
NEXT = "pipeline.DealTouched.v2"
"""A type that only a later version knows."""


def kept(now: Any, then: Any) -> Any:
    """Return what is read now, without what was not there then: a later code may know more fields."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {name: kept(value, then[name]) for name, value in now.items() if name in then}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [kept(*pair) for pair in zip(now, then, strict=True)]
    return now


def newer(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event as a later version could write it: with fields added everywhere."""

    def added(value: Any) -> Any:
        if isinstance(value, list):
            return [added(item) for item in value]
        return {**value, "added_later": {"any": ["thing"]}} if isinstance(value, dict) else value

    data = {name: added(value) if isinstance(value, list) else value for name, value in event["data"].items()}
    if data.get("shipment"):
        data["shipment"] = added(data["shipment"])
    if "sealed" in data:
        data["sealed"] = added(data["sealed"])
    return {**event, "data": {**data, "added_later": {"any": ["thing"]}, "added_too": 1.5}}


def keyring() -> FakeKeyring:
    """Return a keyring that opens all golden events."""
    return FakeKeyring(
        *(of["event"]["data"]["sealed"]["by"] for of in GOLDEN.values() if "sealed" in of["event"]["data"])
    )


def envelope(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a CloudEvent has as written and as recorded, by the names of contracts.envelope."""
    return {
        "type": event["type"],
        "key": event["partitionkey"],
        "occurred_at": to_millis(datetime.fromisoformat(event["time"])),
        "actor": event["actor"],
        "command_id": event["commandid"],
        "command_hash": event["commandhash"],
        "correlation": event["correlation"],
        "origin": event["origin"],
        "imputed": event["imputed"],
        "data": json.dumps(event["data"]).encode(),
    }


def written(event: dict[str, Any]) -> NewEvent:
    """Return a golden event as it is appended, under an id of its own: its type."""
    return NewEvent(id=event["type"], **envelope(event))


async def append(store: EventStore, events: Sequence[NewEvent]) -> None:
    """Append events, each to a stream of its own."""
    for event in events:
        await store.append(f"golden-{event.id}", [event], 0)


def newer_log() -> list[NewEvent]:
    """Return every released type as a later version writes it: in it, fields that this one does not know."""
    return [written(newer(GOLDEN[name]["event"])) for name in sorted(GOLDEN)]


def of_next_version() -> NewEvent:
    """Return an event of the next version of a type, in the lane of a released event of that type."""
    released = written(newer(GOLDEN["pipeline.DealTouched.v1"]["event"]))
    return replace(released, id="next", type=NEXT, command_id="next")


class Reader:
    """A projection of this version that keeps what it reads of every type."""

    def __init__(self) -> None:
        self.read: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
        """Event type → (lane, its data)."""
        self.projection = Projection("reader", 1)
        self.projection.on(*EVENTS.values())(self._fold)

    def _fold(self, context: Any, data: Any, event: RecordedEvent) -> None:
        self.read[event.type].append((context.lane, msgspec.to_builtins(data)))

    def check(self) -> None:
        """Check that every released type was read with all its fields, in one lane or (reference) in each, once."""
        for name, of in GOLDEN.items():
            found = self.read[name]
            assert len(found) == len({lane for lane, _ in found}), f"{name} was read twice in a lane"
            assert len(found) in (1, 12), name
            for _, data in found:
                assert kept(data, of["plain"]) == of["plain"], name
