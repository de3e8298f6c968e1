"""Sends spans to a collector by OTLP over HTTP, in a thread of its own: who waits for it is nobody (DESIGN 11)."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from threading import Thread
from time import monotonic

import structlog
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from services.kit import clock
from services.kit.errors import Unusable
from services.kit.tracing.origin import Ids
from services.kit.tracing.switch import SWITCH
from services.kit.version import product_version

log = structlog.get_logger(__name__)
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"
_END = 0.8
"""Seconds that the last spans have to be sent when the process ends: within 10 s of the signal, all told."""
_QUIET = 60.0
"""Seconds between two log lines that say that nothing can be sent."""
_LIBRARY = logging.getLogger("opentelemetry")


class Sending:
    """What sends spans while there is something to send to. One per process: `SENDING`."""

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None
        self._complaints = _Complaints()

    def start(self, services: Collection[str]) -> None:
        """Send spans if the environment names a collector. `services`: what this process runs. Raises Unusable naming
        a setting that is wrong."""
        endpoint = _endpoint()
        if self._provider is not None or endpoint is None:
            return
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - slow

        _LIBRARY.addHandler(self._complaints)
        _LIBRARY.setLevel(logging.ERROR)
        _LIBRARY.propagate = False
        provider = TracerProvider(resource=resource(services), id_generator=Ids(), shutdown_on_exit=False)
        try:
            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        except ValueError as error:
            raise Unusable(f"a setting OTEL_BSP_* or OTEL_EXPORTER_OTLP_* cannot be used: {error}") from error
        self._provider = provider
        SWITCH.turn_on(provider)

    def close(self, seconds: float = _END) -> None:
        """Send what waits to be sent, as far as that can be done in so many seconds."""
        provider, self._provider = self._provider, None
        SWITCH.turn_off()
        if provider is None:
            return
        ending = Thread(target=provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(seconds)
        _LIBRARY.removeHandler(self._complaints)


def resource(services: Collection[str]) -> Resource:
    """Return what all spans of the process say of it; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go first."""
    names = sorted(services)
    told = {
        "service.name": f"voronka-{names[0]}" if len(names) == 1 else "voronka",
        "service.version": product_version(),
        "service.instance.id": clock.new_id(),
        "voronka.services": names,
    }
    return Resource.create({**told, **OTELResourceDetector().detect().attributes})


def _endpoint() -> str | None:
    """Return where spans are to be sent, None if nowhere. Raises Unusable."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    name = next((name for name in _ENDPOINTS if os.environ.get(name)), None)
    if name is None or disabled or os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return None
    endpoint = os.environ[name]
    if not endpoint.startswith(("http://", "https://")):
        raise Unusable(f"{name} must begin with http:// or https://, such as http://otel-collector:4318")
    for protocol in _PROTOCOLS:
        if (asked := os.environ.get(protocol) or _PROTOCOL) != _PROTOCOL:
            raise Unusable(f"{protocol} is {asked}, but traces go as {_PROTOCOL} only: unset it, and name that port")
    return endpoint


class _Complaints(logging.Handler):
    """Tells in our log, at times, what the library complains of again and again."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._told = -_QUIET

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it, unless something was told just now."""
        now = monotonic()
        if now - self._told >= _QUIET:
            self._told = now
            log.warning(
                "traces cannot be sent and are dropped; see that the collector runs and that "
                "OTEL_EXPORTER_OTLP_ENDPOINT names it",
                why=record.getMessage(),
            )


SENDING = Sending()
