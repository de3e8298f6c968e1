"""How every span is made and fails: without the text of an error, which may hold what must not leave (DESIGN 11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanContext, SpanKind, Status, StatusCode

from contracts.problem import Refusal, Unavailable
from services.kit.tracing.switch import SWITCH

Attributes = Mapping[str, str | int | Sequence[str]]
NOTHING: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
"""Instead of a span that nobody wants: nothing is recorded in it, and it costs nothing."""


@contextmanager
def spanned(
    name: str,
    kind: SpanKind,
    attributes: Attributes | None = None,
    parent: Context | None = None,
    linked: Sequence[SpanContext] = (),
) -> Iterator[Span]:
    """Do something inside a span. `parent`: None is the span we are in; `linked`: what it is linked to."""
    links = [Link(each) for each in linked]
    with SWITCH.tracer.start_as_current_span(
        name, parent, kind, attributes, links, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except Exception as error:
            failed(span, error)
            raise


def failed(span: Span, error: BaseException | str) -> None:
    """Note what went wrong by its kind. A refusal is an answer, no failure, except that something is away."""
    if isinstance(error, Refusal):
        span.set_attribute("voronka.refusal", error.code)
        if not isinstance(error, Unavailable):
            return
    span.set_attribute("error.type", error if isinstance(error, str) else type(error).__qualname__)
    span.set_status(Status(StatusCode.ERROR))


def failed_here(what: str) -> None:
    """Note in the span we are in, if any, that what it is about failed, though nothing is raised."""
    span = trace.get_current_span()
    if span.is_recording():
        failed(span, what)


def is_recorded() -> bool:
    """Tell whether we are in a span that will be sent."""
    return SWITCH.on and trace.get_current_span().is_recording()
