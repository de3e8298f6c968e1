"""Events as Kafka messages: what AsyncAPI promises, nothing lost on the way, everything else refused (issue 4)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import RecordedEvent, cloud_event
from contracts.generate import asyncapi
from services.kit.adapters.kafka_notes import PROGRESS, read_asked, read_progress, write_asked, write_progress
from services.kit.adapters.kafka_wire import Message, NotAnEvent, place_of, read, write
from services.kit.relay import Asked, Progress

EVENT = RecordedEvent(
    id="e-1",
    type="pipeline.DealStageChanged.v1",
    key="client-1",
    occurred_at=1_700_000_000_123,
    actor="employee-1",
    command_id="c-1",
    command_hash="h",
    correlation="0af7651916cd43dd8448eb211c80319c",
    origin="import",
    imputed=True,
    data='{"назва":"Ж"}'.encode(),
    stream="deal-1",
    version=3,
    position=42,
    recorded_at=1_700_000_100_000,
)
moments = st.integers(min_value=0, max_value=4_102_444_800_000)


@given(
    text=st.text(min_size=1), occurred=moments, recorded=moments, position=st.integers(2, 2**63), imputed=st.booleans()
)
def test_what_is_written_is_read(text: str, occurred: int, recorded: int, position: int, imputed: bool) -> None:
    event = RecordedEvent(
        id=text,
        type="clients.NoteAdded.v1",
        key=text,
        occurred_at=occurred,
        actor=text,
        command_id=text,
        command_hash=text,
        correlation=text,
        imputed=imputed,
        data=text.encode(),
        stream=text,
        version=1,
        position=position,
        recorded_at=recorded,
    )
    try:
        message = write(event, position - 1, "log")
    except UnicodeEncodeError:  # half of a surrogate pair is no text that could be stored either
        return
    assert read(message.value, message.headers) == (event, position - 1, "log")
    assert place_of(message.headers) == (position, "log")
    assert (message.key, message.timestamp) == (text.encode(), recorded)


def test_headers_are_those_of_asyncapi_and_say_what_the_cloud_event_says() -> None:
    headers = {name: value.decode() for name, value in write(EVENT, 7, "log-1").headers}
    promised = asyncapi()["components"]["schemas"]["headers"]
    assert set(headers) == set(promised["properties"])
    assert set(promised["required"]) <= set(headers)
    for name, value in cloud_event(EVENT).items():
        if name not in {"data", "datacontenttype"}:
            assert headers["ce_" + name] == (value if isinstance(value, str) else json.dumps(value))
    assert headers["ce_prev"] == "7"
    assert headers["ce_logid"] == "log-1"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_position", b"x"),
        ("ce_position", b"7"),  # not behind `prev`
        ("ce_prev", None),
        ("ce_time", b"2024-01-01T00:00:00"),
        ("ce_time", b"yesterday"),
        ("ce_origin", b"elsewhere"),
        ("ce_actor", b"\xff"),
        ("ce_id", b""),
    ],
)
def test_what_is_no_event_is_refused(header: str, value: bytes | None) -> None:
    message: Message = write(EVENT, 7, "log")
    changed = [(name, value if name == header else old) for name, old in message.headers]
    with pytest.raises(NotAnEvent):
        read(message.value, changed)
    without = [(name, old) for name, old in message.headers if name != header]
    with pytest.raises(NotAnEvent, match=f"no header {header}"):
        read(message.value, without)


def test_a_message_of_somebody_else_has_no_place() -> None:
    assert place_of([]) == (0, "")
    assert place_of([("ce_position", b"x"), ("ce_logid", b"log")]) == (0, "")
    assert place_of([("ce_position", b"5")]) == (0, "")
    with pytest.raises(NotAnEvent):
        read(b"{}", [])
    with pytest.raises(NotAnEvent, match="no body"):
        read(None, write(EVENT, 7, "log").headers)


def test_attributes_that_a_newer_relay_adds_are_passed_over() -> None:  # DESIGN 8, ADR 0004
    message = write(EVENT, 41, "log")
    newer = [("ce_minorversion", b"7"), *message.headers, ("ce_addedlater", b"\xff"), ("ce_nothing", None)]
    assert read(message.value, newer) == read(message.value, message.headers) == (EVENT, 41, "log")
    assert place_of(newer) == (42, "log")


def test_notes_of_a_newer_relay_or_reader_are_read_and_others_passed_over() -> None:  # DESIGN 8, 10
    progress = Progress("log", 42, {("pipeline.events", 3): 40, ("clients.events", 0): 2})
    told = json.loads(write_progress(progress)) | {"minor": 7, "added_later": {"any": ["thing"]}}
    assert read_progress(note(PROGRESS, json.dumps(told).encode())) == progress
    key, value = write_asked(Asked(("pipeline.events", 3), 7), "analytics.1")
    wish = json.dumps(json.loads(value) | {"added_later": 1}).encode()
    assert read_asked([note(key, wish)]) == [Asked(("pipeline.events", 3), 7)]
    for broken in (b"{", b"[]", b"{}", None):
        assert read_progress(note(PROGRESS, broken)) is None
        assert read_asked([note(key, broken)]) == []


def note(key: bytes, value: bytes | None) -> Any:
    """Return a message between relay and readers, as far as they look at it."""
    return SimpleNamespace(key=key, value=value)
