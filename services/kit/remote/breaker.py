"""A circuit breaker: a service that keeps failing is left alone for a moment instead of being waited for each time."""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
"""Failures in a row after which calls are refused at once."""
REST = 1.0
"""Seconds until one call may try again."""


class Breaker:
    """One per service. `clock`: seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def allows(self) -> bool:
        """Tell whether to call. After a rest one call is let through; the others wait for what becomes of it."""
        if self._failures < FAILURES:
            return True
        now = self._clock()
        if now < self._until:
            return False
        self._until = now + REST
        return True

    def succeeded(self) -> None:
        """The service answered, whatever it said."""
        self._failures = 0

    def failed(self) -> None:
        """The service did not answer."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._clock() + REST
