"""What operators see: metrics, traces, structured logs (DESIGN 11). Nothing personal. Exporters are off unless set."""

from __future__ import annotations

import logging
import os
import re
import sys

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
tracer = trace.get_tracer("voronka")
_TRACE = re.compile(r"[0-9a-f]{32}")
_PROPAGATOR = TraceContextTextMapPropagator()

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class _Metrics:
    """All metrics, by the words of DESIGN 11."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.commands = Counter("voronka_commands", "Commands answered", ["command", "outcome"], registry=registry)
        self.command_seconds = Histogram(
            "voronka_command_seconds", "Time to answer a command", ["command"], registry=registry, buckets=_FAST
        )
        self.refusals = Counter("voronka_refusals", "Commands refused", ["code"], registry=registry)
        self.calls = Counter(
            "voronka_calls", "Calls to services of other processes", ["service", "outcome"], registry=registry
        )
        self.call_seconds = Histogram(
            "voronka_call_seconds", "Time of a call to another process", ["service"], registry=registry, buckets=_FAST
        )
        self.folded = Counter("voronka_folded_events", "Events passed by a group", ["group"], registry=registry)
        self.commit_seconds = Histogram(
            "voronka_commit_seconds", "Time of one document commit", ["group"], registry=registry, buckets=_FAST
        )
        self.lag_events = Gauge("voronka_lag_events", "Events not yet folded", ["group"], registry=registry)
        self.gaps = Counter("voronka_gaps", "Gaps seen in deliveries", ["group"], registry=registry)
        self.stopped = Gauge("voronka_lane_stopped", "1 if the lane stands", ["group", "lane"], registry=registry)
        self.parked = Counter("voronka_dead_letters", "Events parked by reactions", ["reaction"], registry=registry)
        self.rebuild_progress = Gauge(
            "voronka_rebuild_progress", "Share of a rebuild that is done", ["group"], registry=registry
        )
        self.relayed = Counter("voronka_relay_messages", "Messages acknowledged to the relay", registry=registry)
        self.relay_position = Gauge("voronka_relay_position", "All up to it is in the topics", registry=registry)
        self.relay_lag = Gauge("voronka_relay_lag", "Positions of the log not yet in the topics", registry=registry)
        self.relay_failures = Counter("voronka_relay_failures", "Times the relay was interrupted", registry=registry)
        self.relay_refills = Counter("voronka_relay_refills", "Times topics held less than sent", registry=registry)
        self.asked_again = Counter(
            "voronka_asked_again", "Times the relay was asked again", ["group"], registry=registry
        )
        self.foreign = Counter("voronka_foreign_messages", "Messages that are no events", ["topic"], registry=registry)
        self.limits_away = Counter("voronka_limits_away", "Uses answered without Redis", ["limit"], registry=registry)
        self.consumer_restarts = Counter(
            "voronka_consumer_restarts", "Readers started anew", ["group", "reason"], registry=registry
        )


METRICS = _Metrics(REGISTRY)


def configure(*, json_logs: bool, level: str = "INFO") -> None:
    """Set up logs (JSON, or plain lines for people) and, if OTEL_EXPORTER_OTLP_ENDPOINT is set, traces."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _trace_id,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if json_logs else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked for at each line: it may be replaced
        cache_logger_on_first_use=False,
    )
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional

        provider = TracerProvider(resource=Resource.create({"service.name": "voronka"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)


def close() -> None:
    """Send the spans that wait to be sent."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def _trace_id(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if current := current_trace():
        event["trace_id"] = current
    return event


def trace_of(correlation: str) -> Context | None:
    """Return the trace that an event or command belongs to, for spans that begin where no request does."""
    if not _TRACE.fullmatch(correlation) or not int(correlation, 16):
        return None
    parent = SpanContext(int(correlation, 16), int(correlation[:16], 16) or 1, True, TraceFlags(TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(parent))


def trace_headers(correlation: str) -> dict[str, str]:
    """Return the W3C header `traceparent` of the span we are in, else of the trace of this name, else nothing."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers, None if current_trace() else trace_of(correlation))
    return headers


def current_trace() -> str:
    """Return the id of the trace we are in as 32 hex digits, or an empty text."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""
