"""The one place where it is asked who comes and whether they may: for the API and for pages alike (P17, #5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Refusal, Unauthorized
from services.kit.rights import Caller, Denied, Needs
from services.kit.web.uploads import let_go

Endpoint = Callable[[Request], Awaitable[Response]]


class Gate(Protocol):
    """Knows who comes."""

    async def caller(self, request: Request) -> Caller | None:
        """Return who asks; None: nobody who signed in or sent a token. Raises Unauthorized, Forbidden, Unavailable."""
        ...

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        """Answer a page's request that was refused: with the page to sign in at, or one that says what is missing."""
        ...


def guarded(gate: Gate, needs: Needs, endpoint: Endpoint, *, page: bool = False) -> Endpoint:
    """Return the endpoint behind the gate."""

    async def answer(request: Request) -> Response:
        try:
            try:
                await _admit(gate, needs, request)
            except (Unauthorized, Denied) as refusal:
                if not page:
                    raise
                return gate.turned_away(request, refusal)
            return await endpoint(request)
        finally:
            await let_go(request)

    return answer


async def _admit(gate: Gate, needs: Needs, request: Request) -> None:
    if needs.open:
        return
    caller = await gate.caller(request)
    if caller is None:
        raise Unauthorized("sign in, or send a token: the header Authorization: Bearer ...")
    needs.check(caller)
    request.state.caller = caller
