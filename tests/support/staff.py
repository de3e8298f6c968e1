"""Callers for tests that are not about accounts: known to the gate by tokens, so that nothing of them is in the log."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contracts.gateway.rights import OwnRights, Role
from contracts.problem import Refusal
from services.kit.rights import ROLES, Caller, caller_of


def bearer(token: str) -> dict[str, str]:
    """Return the header with the token."""
    return {"authorization": f"Bearer {token}"}


class Staff:
    """A gate that knows callers by tokens such as `manager:ann`: role and employee; `manager:ann:team`: of a team."""

    async def caller(self, request: Request) -> Caller | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return caller_named(token) if kind == "Bearer" and token.split(":")[0] in ROLES else None

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        raise refusal


def caller_named(token: str) -> Caller:
    role, actor, *records = token.split(":")
    known: Role = role  # type: ignore[assignment]
    return caller_of(actor, known, OwnRights(records=records[0] if records else None))  # type: ignore[arg-type]


STAFF = Staff()
AS_LOCAL = bearer("administrator:local")
