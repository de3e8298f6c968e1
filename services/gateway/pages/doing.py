"""What forms of pages do: send commands as the one who asks, once however often a form is sent (DESIGN 7, P17)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.base import Command
from contracts.ids import command_id
from contracts.problem import Refusal
from services.kit.handle import Effect, Meta
from services.kit.web import Asker, caller_of
from services.kit.web.problems import Fields

Errors = list[tuple[str, str]]
"""(field, message): what is wrong with a form."""


async def do(asker: Asker, request: Request, command: Command, subject: str, key: str, expected: int | None) -> Effect:
    """Send a command about a subject. `key`: the form's own, the same however often it is sent; `expected`: the version
    that was seen. Raises what the command refuses."""
    caller = caller_of(request)
    id = command_id(caller.actor, f"{type(command).__name__}:{subject}:{key}")
    meta = Meta(caller.actor, id, request.state.trace_id, expected=expected, caller=caller)
    effect = await asker.engine.send(command, meta)
    await asker.engine.locate(effect, meta)
    return effect


async def tried(act: Callable[[], Awaitable[Response]], again: Callable[[Errors], Awaitable[Response]]) -> Response:
    """Do it, or show the form again with what is wrong."""
    try:
        return await act()
    except ValidationError as error:
        return await again([(each.field, each.message) for each in Fields.of(error).errors])
    except Refusal as refusal:
        if refusal.field is None and type(refusal).__name__ in {"NotFound", "Unavailable", "Denied"}:
            raise
        return await again([(refusal.field or "", refusal.detail)])


def gone_to(asker: Asker, address: str, effect: Effect | None) -> Response:
    """Send the browser to a page that shows the effect."""
    if effect is None:
        return RedirectResponse(address, 303)
    sign = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{sign}after={asker.engine.token(effect)}", 303)


def csrf(request: Request) -> str:
    """Return what a form of ours sends along; empty where no cookie is in use."""
    found: Any = getattr(request.state, "csrf", "")
    return str(found)
