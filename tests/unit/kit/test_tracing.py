"""Spans of events find their place by the log alone; batches are linked; nothing is done without a collector (X11)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from contracts.envelope import NewEvent, RecordedEvent
from contracts.problem import NotFound, Unavailable, VersionConflict
from services.cli import attend
from services.kit.errors import Unusable
from services.kit.ports import Appended
from services.kit.relay import Relay
from services.kit.tracing import calls, sending
from services.kit.tracing.events import append, committing, processing, relaying
from services.kit.tracing.origin import MOST, Ids, append_id, current_trace, origins, trace_headers
from services.kit.tracing.recent import Recent
from services.kit.tracing.sending import SENDING, resource
from services.kit.tracing.span import NOTHING, failed_here
from services.kit.tracing.switch import SWITCH
from tests.unit.test_relay import MemoryTopics

A, B = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
TYPE = "pipeline.DealOpened.v1"
STORE: Any = SimpleNamespace(system="store")
Recorded = Callable[[], list[ReadableSpan]]


def event(position: int, trace: str = A, command: str = "c", type: str = TYPE, key: str = "k") -> RecordedEvent:
    return RecordedEvent(
        id=f"e{position}", type=type, key=key, occurred_at=0, actor="anna@example.org", command_id=command,
        command_hash="", correlation=trace, stream=f"deal-{position}", version=1, position=position, recorded_at=0,
        data=b'{"name": "Anna"}',
    )  # fmt: skip


@pytest.fixture
def sampler() -> Sampler:
    return ParentBased(ALWAYS_ON)


@pytest.fixture
def recorded(sampler: Sampler) -> Iterator[Recorded]:
    kept = InMemorySpanExporter()
    provider = TracerProvider(sampler, id_generator=Ids(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    SWITCH.turn_on(provider)
    yield lambda: list(kept.get_finished_spans())
    SWITCH.turn_off()


def folding(*events: RecordedEvent) -> Any:
    return processing("fold", "numbers", "numbers.1", STORE, 3, events, {TYPE})


def places(span: ReadableSpan) -> tuple[str, int | None, list[tuple[str, int]]]:
    """Return (trace, parent, links)."""
    links = [(format(link.context.trace_id, "032x"), link.context.span_id) for link in span.links]
    return format(span.context.trace_id, "032x"), None if span.parent is None else span.parent.span_id, links


def test_the_fold_of_one_event_stands_under_its_append(recorded: Recorded) -> None:
    with folding(event(1)):
        assert current_trace() == A
    [span] = recorded()
    assert places(span) == (A, append_id("c"), [(A, append_id("c"))])
    assert dict(span.attributes or {}) == {
        "messaging.system": "store", "messaging.operation.name": "fold", "messaging.operation.type": "process",
        "messaging.consumer.group.name": "numbers.1", "messaging.destination.partition.id": "3",
        "messaging.destination.name": "pipeline.events", "messaging.message.id": "e1", "voronka.position": 1,
        "voronka.group": "numbers.1", "voronka.lane": 3, "voronka.event.types": (TYPE,), "voronka.key": "k",
        "voronka.stream": "deal-1",
    }  # fmt: skip


def test_events_of_one_trace_stay_in_it_whatever_else_is_in_the_batch(recorded: Recorded) -> None:
    other = event(3, B, "d", "pipeline.DealTouched.v1")
    with folding(event(1), event(2), event(4, ""), other, event(5, A, "later")):
        pass
    [span] = recorded()
    assert places(span) == (A, append_id("c"), [(A, append_id("c")), (A, append_id("later"))])
    assert dict(span.attributes or {})["messaging.batch.message_count"] == 4


def test_a_batch_of_several_traces_is_one_span_of_its_own_with_links(recorded: Recorded) -> None:
    with folding(event(1), event(2, B, "d")):
        pass
    [span] = recorded()
    trace, parent, links = places(span)
    assert trace not in (A, B)
    assert (parent, links) == (None, [(A, append_id("c")), (B, append_id("d"))])


def test_a_huge_batch_has_bounded_links(recorded: Recorded) -> None:
    many = [event(n, format(n, "032x"), str(n)) for n in range(1, 500)]
    with folding(*many):
        pass
    assert len(recorded()[0].links) == MOST
    assert len(origins(many)) == MOST, "no more are looked for"


@pytest.mark.parametrize("trace", ["", "no trace", "0" * 32, A.upper()])
def test_events_of_no_trace_make_no_span(trace: str, recorded: Recorded) -> None:
    assert folding(event(1, trace)) is NOTHING
    assert relaying([event(1, trace)], [0]) is NOTHING
    assert folding() is NOTHING
    assert folding(event(1, type="pipeline.DealTouched.v1")) is NOTHING, "it does not concern the group"


def test_without_a_collector_nothing_is_done() -> None:
    unseen: Any = object()  # whoever looks at it fails
    assert not SWITCH.on
    assert processing("fold", "numbers", "numbers.1", unseen, 3, unseen, unseen) is NOTHING
    assert relaying(unseen, unseen) is NOTHING
    assert committing("numbers", unseen, 3) is NOTHING
    assert calls.call("clients", "GET", unseen, unseen, 0) is NOTHING
    assert calls.awaiting(unseen, unseen) is NOTHING


def test_a_caller_s_trace_is_passed_on_without_a_collector() -> None:
    with calls.request("GET", "/api/v1/clients", f"00-{A}-b7ad6b7169203331-01"):
        assert current_trace() == A
        assert trace_headers("") == {"traceparent": f"00-{A}-b7ad6b7169203331-01"}
    assert trace_headers("no trace") == {}
    assert trace_headers(B)["traceparent"].split("-")[1] == B


class Log:
    """An event store that conflicts a few times, then stores."""

    system = "store"

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)

    async def append(self, stream: str, events: list[NewEvent], expected: int) -> Appended:
        if self.refusals:
            raise self.refusals.pop(0)
        return Appended(stream, 1, 7)


async def test_only_the_append_that_stored_the_events_has_the_id_that_they_lead_to(recorded: Recorded) -> None:
    store: Any = Log(VersionConflict("Anna was quicker"))
    with calls.request("POST", "/", f"00-{A}-b7ad6b7169203331-01"):
        with pytest.raises(VersionConflict):
            await append(store, "deal-1", [event(1)], 0)
        await append(store, "deal-1", [event(1)], 0)
        await append(store, "numbers-deal", [event(2, "", "n")], 0)
    conflicting, stored, foreign, request = recorded()
    assert [span.name for span in recorded()] == [*["append pipeline.events"] * 3, "POST"]
    assert stored.context.span_id == append_id("c")
    assert append_id("c") != conflicting.context.span_id
    assert append_id("n") != foreign.context.span_id
    assert {span.parent.span_id for span in (conflicting, stored, foreign) if span.parent} == {request.context.span_id}
    assert dict(conflicting.attributes or {})["voronka.refusal"] == "version-conflict"
    assert conflicting.status.is_unset
    assert dict(stored.attributes or {})["voronka.position"] == 7
    assert all("Anna" not in span.to_json() and "anna" not in span.to_json() for span in recorded())


async def test_an_append_that_nobody_traces_is_an_append(recorded: Recorded) -> None:
    assert (await append(Log(), "deal-1", [event(1)], 0)).position == 7  # type: ignore[arg-type]
    assert recorded() == []


@pytest.mark.parametrize(("error", "kind", "fails"), [
    (NotFound("Anna"), None, False),
    (Unavailable("Anna"), "Unavailable", True),
    (ValueError("Anna"), "ValueError", True),
])  # fmt: skip
def test_what_fails_is_told_by_its_kind_alone(
    error: Exception, kind: str | None, fails: bool, recorded: Recorded
) -> None:
    with pytest.raises(type(error)), folding(event(1)):
        raise error
    [span] = recorded()
    assert dict(span.attributes or {}).get("error.type") == kind
    assert (not span.status.is_ok and not span.status.is_unset) == fails
    assert "Anna" not in span.to_json()


def test_a_lane_that_stops_is_a_fold_that_failed(recorded: Recorded) -> None:
    failed_here("LaneStopped")
    with folding(event(1)):
        failed_here("LaneStopped")
    assert [dict(span.attributes or {})["error.type"] for span in recorded()] == ["LaneStopped"]


@pytest.mark.parametrize("sampler", [ParentBased(TraceIdRatioBased(0.5)), TraceIdRatioBased(0.5)])
def test_what_follows_from_an_event_is_sampled_as_its_request_was(sampler: Sampler, recorded: Recorded) -> None:
    requested: dict[str, bool] = {}
    for _ in range(64):
        with calls.request("POST", "/", None) as span:
            requested[current_trace()] = span.is_recording()
    for number, trace in enumerate(requested):
        with folding(event(number, trace)):
            pass
    folded = {places(span)[0] for span in recorded() if span.name == "fold numbers"}
    assert folded == {trace for trace, sampled in requested.items() if sampled}
    assert 0 < len(folded) < 64


def test_of_recent_events_so_many_are_kept(recorded: Recorded) -> None:
    recent = Recent()
    for number in range(1, 6_001):
        recent.note(event(number, A if number % 2 else B, str(number // 10)))
    assert recent.origins([("t", 0, 1)]) == []
    found = recent.origins([("t", 0, 5_999), ("t", 1, 5_999), ("t", 2, 9_999)])
    assert [(format(each.trace_id, "032x"), each.span_id) for each in found] == [(A, append_id("599"))]


def test_without_a_collector_no_event_is_kept() -> None:
    recent = Recent()
    recent.note(event(1))
    assert recent.origins([("t", 0, 1)]) == []


async def test_the_relay_sends_inside_the_trace(recorded: Recorded) -> None:
    class Once:
        """A log of one event."""

        log_id, system = "log", "store"

        async def head(self) -> int:
            return 1

        async def follow(self, after: int) -> Any:
            if after < 1:
                yield [event(1)]

        async def read_all(self, after: int, limit: int) -> list[RecordedEvent]:
            return []

    class Topics(MemoryTopics):
        inside = ""

        async def send(self, messages: Any, log_id: str) -> None:
            self.inside = current_trace()

    topics = Topics(Random(1), 0)
    await asyncio.wait_for(Relay(Once(), topics, 12).run(), 60)  # type: ignore[arg-type]
    [span] = recorded()
    assert topics.inside == A
    assert (span.name, *places(span)) == ("send pipeline.events", A, append_id("c"), [(A, append_id("c"))])
    assert dict(span.attributes or {})["messaging.system"] == "kafka"


# ---------------------------------------------------------------- what the process says of itself, and to whom


def test_a_process_is_named_by_what_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def name(*services: str) -> Any:
        return resource(services).attributes["service.name"]

    assert (name("relay"), name("gateway")) == ("voronka-relay", "voronka-gateway")
    assert (name("clients", "pipeline"), name()) == ("voronka", "voronka")
    told = resource(("clients", "pipeline")).attributes
    assert told["voronka.services"] == ("clients", "pipeline")
    assert told["service.version"] == "0.1.0"
    assert told["service.instance.id"] != resource(()).attributes["service.instance.id"]
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=7,deployment.environment.name=test")
    told = resource(("gateway",)).attributes
    assert (told["service.name"], told["service.instance.id"]) == ("ours", "7")
    assert told["deployment.environment.name"] == "test"


@pytest.mark.parametrize(("settings", "words"), [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT must begin with http"),
    ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "grpc://c"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must begin with http"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
     "OTEL_EXPORTER_OTLP_PROTOCOL is grpc"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_BSP_MAX_QUEUE_SIZE": "1"}, "OTEL_BSP_"),
])  # fmt: skip
def test_a_setting_that_is_wrong_is_named(
    settings: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unusable, match=words):
        SENDING.start(("gateway",))
    assert not SWITCH.on


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "True"), ("OTEL_TRACES_EXPORTER", "none")])
def test_a_collector_may_be_left_alone(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv(name, value)
    SENDING.start(("gateway",))
    assert not SWITCH.on


def test_the_end_waits_for_no_collector_longer_than_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, asked = threading.Event(), threading.Event()

    def shutdown() -> None:
        asked.set()
        answered.wait()

    monkeypatch.setattr(SENDING, "_provider", SimpleNamespace(shutdown=shutdown))
    closing = threading.Thread(target=SENDING.close, args=(0.01,))
    closing.start()
    try:
        closing.join(60)
        assert not closing.is_alive()
        assert asked.is_set(), "the last spans are sent, if that can be done"
    finally:
        answered.set()
        closing.join()


def test_all_that_a_process_waits_for_at_its_end_is_less_than_ten_seconds() -> None:  # DESIGN 10
    assert attend._ANSWER + attend._END + sending._END < 10
