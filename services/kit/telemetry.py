"""What operators see: metrics and structured logs (DESIGN 11); traces are in kit.tracing. Nothing personal."""

from __future__ import annotations

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.kit import library_logs
from services.kit.tracing.origin import current_trace

REGISTRY = CollectorRegistry()

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
        self.sign_ins = Counter("voronka_sign_ins", "Attempts to sign in", ["outcome"], registry=registry)
        self.live_streams = Gauge("voronka_live_streams", "Streams of changes open to pages", registry=registry)
        self.consumer_restarts = Counter(
            "voronka_consumer_restarts", "Readers started anew", ["group", "reason"], registry=registry
        )


METRICS = _Metrics(REGISTRY)


def configure(*, json_logs: bool, level: str = "INFO") -> None:
    """Set up logs (JSON, or plain lines for people), those of libraries too."""
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
    library_logs.listen()


def _trace_id(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if current := current_trace():
        event["trace_id"] = current
    return event
