"""A client as it is stored now, for forms that change it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from contracts.problem import VersionConflict
from services.kit.web import Asker, caller_of

_GROUPS = ("clients", "gateway")
_LONGEST = 2.0
_STEP = 0.02
"""Seconds that a read model is waited for, and between two looks."""


async def the_client(asker: Asker, request: Request, after: str | None = None) -> Any:
    """Return the client that the path names, as `after` shows it. Raises NotFound, Unavailable."""
    async with asker.sitting(caller_of(request), _GROUPS, after) as sitting:
        return (await asker.ask(sitting, "/clients/{client_id}", client_id=request.path_params["client_id"])).item


async def client_since(asker: Asker, request: Request, conflict: VersionConflict) -> Any:
    """Return the client with what somebody else saved first. Raises the conflict if that is not shown in time."""
    return await since(lambda: the_client(asker, request), conflict)


async def since(read: Callable[[], Awaitable[Any]], conflict: VersionConflict) -> Any:
    """Read a record until it has what somebody else saved first. Raises the conflict if that is not shown in time."""
    wanted = conflict.facts.get("actual")
    for _ in range(int(_LONGEST / _STEP)):
        found = await read()
        if not isinstance(wanted, int) or found.version >= wanted:
            return found
        await asyncio.sleep(_STEP)
    raise conflict
