"""Spans of what happens to events: appended, relayed, folded, reacted to (OpenTelemetry's conventions for messaging).

The append is the creation context of its events. Whatever processes them links to it, and if they are all of one trace,
it is its parent too; else a span over several traces stands in a trace of its own (ADR 0020)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import AbstractContextManager, nullcontext

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, SpanKind

from contracts.envelope import NewEvent, RecordedEvent
from services.kit import clock
from services.kit.document_ports import Documents
from services.kit.ports import Appended, Bus, EventStore
from services.kit.tracing.origin import current_trace, identified, inside, origins
from services.kit.tracing.span import NOTHING, Attributes, failed, is_recorded, spanned
from services.kit.tracing.switch import SWITCH


async def append(store: EventStore, stream: str, events: Sequence[NewEvent], expected: int) -> Appended:
    """Append (see the port), with a span that can be found from each of the events.

    It is made afterwards: of several attempts only the one that stored the events has the id that is made of their
    command's."""
    if not is_recorded():
        return await store.append(stream, events, expected)
    begun = clock.nanos()
    try:
        appended = await store.append(stream, events, expected)
    except Exception as error:
        span = _append(store.system, stream, events, begun)
        failed(span, error)
        span.end()
        raise
    first = events[0]
    with identified(first.command_id) if first.correlation == current_trace() else nullcontext():
        span = _append(store.system, stream, events, begun)
    span.set_attribute("voronka.position", appended.position)
    span.end()
    return appended


def _append(system: str, stream: str, events: Sequence[NewEvent], begun: int) -> Span:
    attributes = _messages(system, "append", "create", len(events)) | _about(events)
    attributes |= {"db.system.name": system, "db.operation.name": "append", "voronka.stream": stream}
    name = f"append {_topic(events[0])}"
    return SWITCH.tracer.start_span(name, None, SpanKind.PRODUCER, attributes, start_time=begun)


def relaying(events: Sequence[RecordedEvent], lanes: Sequence[int]) -> AbstractContextManager[Span]:
    """Send events to Kafka inside a span. `lanes`: of each message; reference events go to all."""
    if not SWITCH.on or not (found := origins(events)):
        return NOTHING
    topics = {event.topic for event in events}
    attributes = _messages("kafka", "send", "send", len(lanes)) | _about(events)
    if len(lanes) == 1:
        attributes["messaging.destination.partition.id"] = str(lanes[0])
    name = f"send {topics.pop()}" if len(topics) == 1 else "send"
    return spanned(name, SpanKind.CLIENT, attributes, _parent(found), found)


def processing(
    operation: str, name: str, group: str, bus: Bus, lane: int, events: Sequence[RecordedEvent], types: Container[str]
) -> AbstractContextManager[Span]:
    """Fold events of a lane, or react to them, inside a span, if any of these `types` belongs to a trace. `name`: of
    what processes them, `group`: its versioned group."""
    if not SWITCH.on or not (found := origins(concerned := [event for event in events if event.type in types])):
        return NOTHING
    attributes = _messages(bus.system, operation, "process", len(concerned)) | _about(concerned)
    attributes |= {
        "messaging.consumer.group.name": group,
        "messaging.destination.partition.id": str(lane),
        "voronka.group": group,
        "voronka.lane": lane,
    }
    return spanned(f"{operation} {name}", SpanKind.CONSUMER, attributes, _parent(found), found)


def committing(name: str, documents: Documents, writes: int) -> AbstractContextManager[Span]:
    """Commit documents inside a span, if what they are made of is traced. `name`: of the projection."""
    if not is_recorded():
        return NOTHING
    attributes: Attributes = {
        "db.system.name": documents.system,
        "db.operation.name": "commit",
        "db.operation.batch.size": writes,
    }
    return spanned(f"commit {name}", SpanKind.CLIENT, attributes)


def _parent(found: Sequence[SpanContext]) -> Context:
    """Return where a span over events of these origins stands: under the first, or in a trace of its own."""
    return inside(found[0]) if len({each.trace_id for each in found}) == 1 else Context()


def _messages(system: str, operation: str, type: str, count: int) -> dict[str, str | int | Sequence[str]]:
    """Return what the conventions want of an operation on so many messages."""
    attributes: dict[str, str | int | Sequence[str]] = {
        "messaging.system": system,
        "messaging.operation.name": operation,
        "messaging.operation.type": type,
    }
    if count > 1:
        attributes["messaging.batch.message_count"] = count
    return attributes


def _about(events: Sequence[NewEvent]) -> dict[str, str | int | Sequence[str]]:
    """Return what the events are: ids and types, and where they are; nothing of their data."""
    last = events[-1]
    attributes: dict[str, str | int | Sequence[str]] = {"voronka.event.types": sorted({event.type for event in events})}
    if len({_topic(event) for event in events}) == 1:
        attributes["messaging.destination.name"] = _topic(last)
    if len({event.key for event in events}) == 1:
        attributes["voronka.key"] = last.key
    if isinstance(last, RecordedEvent):
        attributes["voronka.position"] = last.position
    if len(events) == 1:
        attributes["messaging.message.id"] = last.id
        if isinstance(last, RecordedEvent):
            attributes["voronka.stream"] = last.stream
    return attributes


def _topic(event: NewEvent) -> str:
    return event.type.split(".", 1)[0] + ".events"
