"""What libraries log, in our form, and each saying once in a while: some repeat themselves many times a second while
a server is away (X11)."""

from __future__ import annotations

import logging
from time import monotonic

import structlog

log = structlog.get_logger(__name__)
_AGAIN = 30.0
"""Seconds for which a saying is not repeated, however often it is said; then it comes with the number."""
_KEPT = 1_000
"""Sayings that are remembered."""


class Sparing(logging.Handler):
    """Passes records of the standard library's logging to ours. A saying is a logger with its message before values are
    put in, so what differs in values alone is the same."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        """Saying → when it was passed on, how often it was said since."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the record on, or count it."""
        saying = record.name, str(record.msg)
        now = monotonic()
        since, held = self._said.get(saying, (-_AGAIN, 0))
        if now - since < _AGAIN:
            self._said[saying] = since, held + 1
            return
        if len(self._said) >= _KEPT:
            self._said.clear()
        self._said[saying] = now, 0
        more = {"held_back": held} if held else {}
        log.log(record.levelno, record.getMessage(), library=record.name, exc_info=record.exc_info, **more)


def listen() -> None:
    """Take what libraries log from now on; called again, it takes nothing twice."""
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, Sparing):
            root.removeHandler(handler)
    root.addHandler(Sparing())
