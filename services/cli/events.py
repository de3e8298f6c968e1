"""`voronka export events`: the log as JSON lines of CloudEvents, personal fields opened (of the erased: blank),
secrets of accounts left out."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from contracts.base import SECRET, marked
from contracts.envelope import RecordedEvent, cloud_event
from contracts.registry import EVENTS
from services.kit.codec import Codec
from services.kit.ports import EventStore

_SLICE = 5_000


def opened(codec: Codec, event: RecordedEvent) -> dict[str, Any]:
    """Return the event as a CloudEvent with its personal fields in plain text. Data that is no JSON object is shown as
    `data_base64`; what an unknown type has sealed stays sealed."""
    try:
        shown = cloud_event(event)
    except ValueError:
        shown = cloud_event(replace(event, data=b"null"))
    if not isinstance(shown["data"], dict):
        del shown["data"], shown["datacontenttype"]
        shown["data_base64"] = b64encode(event.data).decode()
    elif "sealed" in shown["data"] and event.type in EVENTS:
        shown["data"] = msgspec.to_builtins(codec.decode(event))
        shown["data"].pop("sealed", None)
        for name in marked(EVENTS[event.type], SECRET):
            del shown["data"][name]
    return shown


async def export_events(
    store: EventStore, codec: Codec, out: Path, progress: Callable[[str, int, int], None] = lambda *_: None
) -> int:
    """Write all events in log order; return how many. An existing file is replaced when all is written."""
    head = await store.head()
    after = count = 0
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", encoding="utf-8") as file:
        while after < head:
            events = await store.read_all(after, min(_SLICE, head - after))
            async with codec.holding(events):
                file.writelines(json.dumps(opened(codec, event), ensure_ascii=False) + "\n" for event in events)
            after, count = events[-1].position, count + len(events)
            progress("events", after, head)
    part.replace(out)
    return count
