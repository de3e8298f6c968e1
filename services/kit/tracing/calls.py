"""Spans of requests, of commands, and of calls between processes (OpenTelemetry's conventions for HTTP).

What a path, a query or a body holds is not in them, unlike the conventions want: it may be a name or a secret link. The
route's pattern is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from opentelemetry.trace import Span, SpanContext, SpanKind

from services.kit.tracing.origin import current_trace, received, trace_of
from services.kit.tracing.span import NOTHING, failed, is_recorded, spanned

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
_UNTRACED = ("/health/", "/metrics")
"""What is asked every few seconds, by nobody who wants to see it."""


def request(method: str, path: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """Answer a request inside a span, in the caller's trace if it names one, else in a new one."""
    if path.startswith(_UNTRACED):
        return NOTHING
    attributes = {"http.request.method": method if method in _METHODS else "_OTHER"}
    return spanned(method if method in _METHODS else "HTTP", SpanKind.SERVER, attributes, received(traceparent))


def answered(span: Span, method: str, route: str | None, status: int | None) -> None:
    """Note how a request was answered. `route`: the pattern of its path; `status`: None if nobody waited for it."""
    if not span.is_recording():
        return
    if route is not None:
        span.update_name(f"{method if method in _METHODS else 'HTTP'} {route}")
        span.set_attribute("http.route", route)
    if status is not None:
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            failed(span, str(status))


def command(name: str, service: str, correlation: str, command_id: str) -> AbstractContextManager[Span]:
    """Take a command inside a span; where no request is, in the trace that it belongs to."""
    parent = None if current_trace() else trace_of(correlation, command_id)
    return spanned(name, SpanKind.INTERNAL, {"voronka.command": name, "voronka.service": service}, parent)


def call(service: str, method: str, host: str, port: int | None, again: int) -> AbstractContextManager[Span]:
    """Call another process inside a span. `again`: how often it was tried before."""
    if not is_recorded():
        return NOTHING
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "server.address": host,
        "voronka.service": service,
    }
    if port is not None:
        attributes["server.port"] = port
    if again:
        attributes["http.request.resend_count"] = again
    return spanned(method, SpanKind.CLIENT, attributes)


def returned(span: Span, status: int) -> None:
    """Note what a call was answered with."""
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        failed(span, str(status))


def awaiting(groups: Sequence[str], awaited: Sequence[SpanContext]) -> AbstractContextManager[Span]:
    """Wait inside a span, as a read, until these projections show what was appended by `awaited`, which it links."""
    if not is_recorded():
        return NOTHING
    return spanned("wait for read models", SpanKind.INTERNAL, {"voronka.groups": sorted(groups)}, linked=awaited)
