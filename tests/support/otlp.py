"""A collector of traces in this process: takes spans by OTLP over HTTP, as they are sent, and can be told to hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.patience import PATIENCE

KINDS = ("", "internal", "server", "client", "producer", "consumer")


@dataclass(frozen=True)
class Seen:
    """A span that arrived. Ids are hex digits, no parent is an empty text; `links`: (trace, span)."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    links: list[tuple[str, str]]
    failed: bool
    remarks: int
    """Events inside the span, such as exceptions with their texts."""


class Collector:
    """What arrived. `let`: clear it to leave every sender without an answer; `waiting`: set when one is."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.raw: list[bytes] = []
        self.let = threading.Event()
        self.let.set()
        self.waiting = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told so that it sends here, and soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}

    def take(self, body: bytes) -> None:
        """Take one request of a sender."""
        self.raw.append(body)
        if not self.let.is_set():
            self.waiting.set()
            self.let.wait(PATIENCE)

    def resources(self) -> list[dict[str, Any]]:
        """Return what senders said of themselves, each once."""
        found: list[dict[str, Any]] = []
        for part in self._parts():
            attributes = _attributes(part.resource.attributes)
            if attributes not in found:
                found.append(attributes)
        return found

    def spans(self) -> list[Seen]:
        """Return all that arrived."""
        return [
            Seen(
                service=str(_attributes(part.resource.attributes)["service.name"]),
                name=span.name,
                kind=KINDS[span.kind],
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                attributes=_attributes(span.attributes),
                links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                failed=span.status.code == 2,
                remarks=len(span.events),
            )
            for part in self._parts()
            for scope in part.scope_spans
            for span in scope.spans
        ]

    def until(self, wanted: Callable[[Trail], bool]) -> Trail:
        """Wait until what arrived is as wanted; return it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            trail = Trail(self.spans())
            if wanted(trail):
                return trail
            assert time.monotonic() < deadline, f"not seen: {[(s.service, s.name, s.trace) for s in trail.spans]}"
            time.sleep(0.02)

    def _parts(self) -> Iterator[Any]:
        for body in list(self.raw):
            yield from ExportTraceServiceRequest.FromString(body).resource_spans


@dataclass(frozen=True)
class Trail:
    """Spans, and how they hang together."""

    spans: list[Seen]

    def of(self, trace: str) -> Trail:
        """Return those of one trace."""
        return Trail([span for span in self.spans if span.trace == trace])

    def named(self, name: str) -> list[Seen]:
        """Return those of this name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str, service: str | None = None) -> Seen:
        """Return the only one of this name (in this service)."""
        found = [span for span in self.named(name) if service in (None, span.service)]
        assert len(found) == 1, f"{name}: {len(found)} of {sorted((s.service, s.name) for s in self.spans)}"
        return found[0]

    def ways(self) -> list[list[str]]:
        """Return the ways to all spans: an outer span arrives later than what is in it, so a way grows at its top."""
        return [self.way(span) for span in self.spans]

    def way(self, span: Seen) -> list[str]:
        """Return the names from the root down to this span; a parent that is not there is shown by its id."""
        by_id = {each.id: each for each in self.spans}
        names = [span.name]
        while span.parent:
            if span.parent not in by_id:
                return [span.parent, *names]
            span = by_id[span.parent]
            names.insert(0, span.name)
        return names


@contextmanager
def collector() -> Iterator[Collector]:
    """Open one; what is being held is let go at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces", self.path
            made.take(body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """Whoever sent did not wait for the answer."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Collector(server.server_address[1])
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield made
        finally:
            made.let.set()
            server.shutdown()
            serving.join()


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Return a collector that the environment names."""
    with collector() as opened:
        for name, value in opened.environment.items():
            monkeypatch.setenv(name, value)
        yield opened


def _attributes(given: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in given}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)
