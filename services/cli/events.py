"""`voronka export events`: the log as JSON lines of CloudEvents, personal fields opened (of the erased: blank)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from contracts.envelope import RecordedEvent, cloud_event
from services.kit.codec import Codec
from services.kit.ports import EventStore

_SLICE = 5_000


def opened(codec: Codec, event: RecordedEvent) -> dict[str, Any]:
    """Return the event as a CloudEvent with its personal fields in plain text."""
    shown = cloud_event(event)
    if "sealed" in shown["data"]:
        shown["data"] = msgspec.to_builtins(codec.decode(event))
        shown["data"].pop("sealed", None)
    return shown


async def export_events(
    store: EventStore, codec: Codec, out: Path, progress: Callable[[str, int, int], None] = lambda *_: None
) -> int:
    """Write all events in log order; return how many. An existing file is replaced when all is written."""
    head = await store.head()
    after = 0
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", encoding="utf-8") as file:
        while after < head:
            events = await store.read_all(after, min(_SLICE, head - after))
            file.writelines(json.dumps(opened(codec, event), ensure_ascii=False) + "\n" for event in events)
            after = events[-1].position
            progress("events", after, head)
    part.replace(out)
    return after
