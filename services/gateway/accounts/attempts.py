"""How often somebody may try: by login, account and address (TORTURE S8). It passes: nobody is locked out for ever."""

from __future__ import annotations

from services.kit.ports import Limits
from services.kit.telemetry import METRICS
from services.kit.web.problems import TooMany

_OF_NAME = (10, 15)
_OF_ADDRESS = (100, 60)
"""Attempts, and the minutes in which there may be so many."""


async def of_login(limits: Limits, digest: str) -> None:
    """Count an attempt on a login, by its digest. Raises TooMany."""
    await _counted(limits, f"login:{digest}", *_OF_NAME)


async def of_account(limits: Limits, account_id: str) -> None:
    """Count an attempt on the password of an account that is signed in. Raises TooMany."""
    await _counted(limits, f"account:{account_id}", *_OF_NAME)


async def of_address(limits: Limits, address: str) -> None:
    """Count an attempt from an address. Raises TooMany."""
    await _counted(limits, f"address:{address}", *_OF_ADDRESS)


async def _counted(limits: Limits, key: str, most: int, minutes: int) -> None:
    if not await limits.hit("sign-in", key, most, minutes):
        METRICS.sign_ins.labels("slowed").inc()
        raise TooMany("there were too many attempts; wait some minutes and try again")
