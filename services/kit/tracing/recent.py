"""Where the newest events came from, so that a read that waits for one of them can be linked to it (ADR 0020)."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.trace import SpanContext

from contracts.envelope import RecordedEvent
from services.kit.tracing.origin import origin
from services.kit.tracing.switch import SWITCH

_KEPT = 5_000


class Recent:
    """What one process saw of a log lately: position → trace and command of the event there. Empty without traces."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, str]] = {}

    def note(self, event: RecordedEvent) -> None:
        """Keep it in mind for a while."""
        if SWITCH.on and event.correlation:
            self._known[event.position] = (event.correlation, event.command_id)
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]

    def origins(self, places: Iterable[tuple[str, int, int]]) -> list[SpanContext]:
        """Return what appended the events at these (topic, lane, position), each once, as far as that is known."""
        keys = dict.fromkeys(self._known[at] for _, _, at in places if at in self._known)
        return [found for key in keys if (found := origin(*key)) is not None and found.trace_flags.sampled]
