"""Whether spans are made at all. Off, nothing is done for an event; on, the sampler decides."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import NoOpTracer, Tracer


class Switch:
    """One per process: `SWITCH`."""

    def __init__(self) -> None:
        self.on = False
        self.tracer: Tracer = NoOpTracer()
        self._sampler: Sampler | None = None

    def turn_on(self, provider: TracerProvider) -> None:
        """Make spans by this provider from now on."""
        self.tracer, self._sampler = provider.get_tracer("voronka"), provider.sampler
        self.on = True

    def turn_off(self) -> None:
        """Make no more spans; traces of callers are still passed on."""
        self.on, self.tracer, self._sampler = False, NoOpTracer(), None

    def samples(self, trace_id: int) -> bool:
        """Tell what the sampler decides of a trace of which nothing is known but its id. Off: yes, others decide."""
        if self._sampler is None:
            return True
        return self._sampler.should_sample(Context(), trace_id, "").decision is Decision.RECORD_AND_SAMPLE


SWITCH = Switch()
