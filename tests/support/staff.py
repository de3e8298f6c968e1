"""Callers for tests that are not about accounts: known to the gate by tokens, so that nothing of them is in the log."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from contracts.gateway.rights import OwnRights, Role
from contracts.problem import Refusal
from services.kit.rights import ROLES, Caller, caller_of


def bearer(token: str) -> dict[str, str]:
    """Return the header with the token."""
    return {"authorization": f"Bearer {token}"}


class Staff:
    """A gate that knows callers by tokens such as `manager:ann`: role and employee; `manager:ann:team`: of a team;
    `manager:ann:own:read+tokens`: one who comes by a token of these scopes. The others have a session."""

    async def caller(self, request: Request) -> Caller | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return caller_named(token) if kind == "Bearer" and token.split(":")[0] in ROLES else None

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        raise refusal


def caller_named(token: str) -> Caller:
    role, actor, records, scopes, *_ = [*token.split(":"), "", ""]
    known: Role = role  # type: ignore[assignment]
    caller = caller_of(actor, known, OwnRights(records=records or None))  # type: ignore[arg-type]
    if scopes:
        return caller.narrowed(f"token-{actor}", scopes.split("+"))  # type: ignore[arg-type]
    return replace(caller, session=f"session-{actor}")


STAFF = Staff()
AS_LOCAL = bearer("administrator:local")
