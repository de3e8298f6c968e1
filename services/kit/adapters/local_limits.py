"""Rate limits in the memory of this process: a moving window of minutes."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

SWEEP = 10_000
"""Uses between two looks for keys that have none left: the library keeps an empty list for every key ever seen."""


class LocalLimits:
    """The port Limits for a single process."""

    def __init__(self) -> None:
        # The storage without async: the other one starts a thread for every key it tidies.
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._uses = 0

    async def hit(self, name: str, key: str, most: int, minutes: int = 1) -> bool:
        """Count one use; False if there were `most` of them in the last minutes already."""
        self._uses += 1
        if self._uses % SWEEP == 0:
            self._sweep()
        return most > 0 and self._limiter.hit(RateLimitItemPerMinute(most, minutes, namespace=name), key)

    def _sweep(self) -> None:
        for key in [key for key, uses in self._storage.events.items() if not uses]:
            self._storage.clear(key)
