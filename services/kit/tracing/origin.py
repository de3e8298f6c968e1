"""Where in which trace something began, known from the log alone (ADR 0020).

An event keeps the id of its trace and of its command. The id of the span that appended it is made of the command's id,
so that whoever meets the event, in whatever process and however late, knows both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from hashlib import sha256

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contracts.envelope import RecordedEvent
from services.kit.tracing.switch import SWITCH

MOST = 128
"""Links of one span: what the SDK keeps unless told otherwise."""
_TRACE = re.compile(r"[0-9a-f]{32}")
_PROPAGATOR = TraceContextTextMapPropagator()
_given: ContextVar[int | None] = ContextVar("the id of the span that is made", default=None)


class Ids(RandomIdGenerator):
    """Ids of traces and spans: random, but of a span that is made inside `identified`."""

    def generate_span_id(self) -> int:
        """Return 64 bits that are not zero."""
        return _given.get() or super().generate_span_id()


class identified:  # noqa: N801 - reads as a `with` statement
    """Give the span that is made inside the id of the span that appended a command's events."""

    def __init__(self, command_id: str) -> None:
        self._id = append_id(command_id)

    def __enter__(self) -> None:
        self._token = _given.set(self._id)

    def __exit__(self, *_: object) -> None:
        _given.reset(self._token)


@lru_cache(maxsize=1024)
def append_id(command_id: str) -> int:
    """Return the id of the span that appended the command's events, 64 bits that are not zero."""
    return int.from_bytes(sha256(command_id.encode()).digest()[:8], "big") or 1


def origin(correlation: str, command_id: str) -> SpanContext | None:
    """Return the context of the span that appended the events of this command, None if they belong to no trace. It is
    sampled if the sampler here says so of the trace's id: what the process that appended decided is not recorded."""
    if not is_trace(correlation):
        return None
    number = int(correlation, 16)
    flags = TraceFlags(TraceFlags.SAMPLED if SWITCH.samples(number) else TraceFlags.DEFAULT)
    return SpanContext(number, append_id(command_id), is_remote=True, trace_flags=flags)


def origins(events: Iterable[RecordedEvent]) -> list[SpanContext]:
    """Return where these events come from: each sampled origin once, in order, at most MOST."""
    found: list[SpanContext] = []
    for correlation, command_id in dict.fromkeys((e.correlation, e.command_id) for e in events if e.correlation):
        context = origin(correlation, command_id)
        if context is not None and context.trace_flags.sampled:
            found.append(context)
            if len(found) == MOST:
                break
    return found


def is_trace(correlation: str) -> bool:
    """Tell whether this is the id of a trace: 32 hex digits in lower case, not all zero."""
    return _TRACE.fullmatch(correlation) is not None and int(correlation, 16) != 0


def inside(parent: SpanContext) -> Context:
    """Return the context for spans under this one."""
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def trace_of(correlation: str, command_id: str) -> Context | None:
    """Return the trace that a command belongs to, for spans that begin where no request does."""
    parent = origin(correlation, command_id)
    return None if parent is None else inside(parent)


def trace_headers(correlation: str, command_id: str = "") -> dict[str, str]:
    """Return the W3C header `traceparent` of the span we are in, else of the trace of this name, else nothing."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers, None if current_trace() else trace_of(correlation, command_id))
    return headers


def received(traceparent: str | None) -> Context:
    """Return the trace that a caller's header names; an empty one if it names none that can be read."""
    return _PROPAGATOR.extract({"traceparent": traceparent or ""}, Context())


def current_trace() -> str:
    """Return the id of the trace we are in as 32 hex digits, or an empty text."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""
