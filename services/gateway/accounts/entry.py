"""The gate itself: who comes, by the cookie of a session or by a token, and what they may (P17, #5)."""

from __future__ import annotations

from dataclasses import replace as replaced
from hmac import compare_digest
from typing import cast
from urllib.parse import quote

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import Refusal, Unauthorized
from services.gateway.accounts import tickets
from services.gateway.accounts.origin import Origin
from services.gateway.domain.account import ACCOUNT, Opened, Token
from services.gateway.known import GatewayKnown, KnownAccount
from services.kit import clock
from services.kit.engine import Engine
from services.kit.rights import Caller, caller_of
from services.kit.sessions import Session
from services.kit.web.forms import FORM, form_of
from services.kit.web.problems import Forbidden
from services.kit.web.uploads import MULTIPART, upload_of

SIGN_IN = "/sign-in"
_TOUCH = 60_000
"""Milliseconds between two notes that a session is used."""
_SAFE = frozenset({"GET", "HEAD"})
_MOST = 10_000
_BAD_TOKEN = "this token is not good: it is wrong, expired or revoked, or its account is closed"  # noqa: S105 - words


class Entry:
    """See services.kit.web.gate.Gate. One per gateway process."""

    def __init__(self, engine: Engine, origin: Origin) -> None:
        self.engine = engine
        self.origin = origin
        self._tokens: dict[str, tuple[str, Token]] = {}
        """Digest → account and token, of those that were looked up."""

    @property
    def known(self) -> GatewayKnown:
        """Employees and accounts."""
        return cast(GatewayKnown, self.engine.known["gateway"])

    async def caller(self, request: Request) -> Caller | None:
        """See Gate."""
        if authorization := request.headers.get("authorization"):
            kind, _, ticket = authorization.partition(" ")
            if kind.lower() != "bearer":
                raise Unauthorized(
                    "send a token as Authorization: Bearer ...; passwords are for the sign-in page alone"
                )
            return await self._by_token(ticket.strip())
        session = await self.session(request)
        if session is None:
            return None
        if request.method not in _SAFE:
            await self._check_csrf(request)
        request.state.session = session
        request.state.csrf = tickets.csrf_of(self.origin.cookie(request) or "")
        return replaced(self._of(self.known.accounts[session.account_id]), session=session.id)

    async def session(self, request: Request) -> Session | None:
        """Return the session that the request's cookie stands for, if it goes on."""
        cookie = self.origin.cookie(request)
        session = None if cookie is None else await self.engine.ports.sessions.get(tickets.digest(cookie))
        if session is None:
            return None
        now, account = clock.now(), self.known.active(session.account_id)
        if account is None or session.over(now) or not account.goes_on(session):
            return None
        if now - session.seen_at >= _TOUCH:
            session = replace(session, seen_at=now)
            await self.engine.ports.sessions.put(session)
        return session

    def turned_away(self, request: Request, refusal: Refusal) -> Response:
        """See Gate."""
        if isinstance(refusal, Unauthorized):
            where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            back = f"?next={quote(where, safe='')}" if request.method in _SAFE and where != "/" else ""
            return RedirectResponse(SIGN_IN + back, 303)
        raise refusal

    @staticmethod
    def _of(account: KnownAccount) -> Caller:
        return caller_of(account.account_id, account.role, account.rights)

    async def _by_token(self, ticket: str) -> Caller:
        """Return whose token it is, with no more rights than it gives. Raises Unauthorized."""
        digest = tickets.digest(ticket)
        found = self._tokens.get(digest) or await self._looked_up(ticket, digest)
        if found is None:
            raise Unauthorized(_BAD_TOKEN)
        account_id, token = found
        account = self.known.active(account_id)
        if account is None or token.token_id in account.revoked or clock.now() >= token.expires_at:
            self._tokens.pop(digest, None)
            raise Unauthorized(_BAD_TOKEN)
        return self._of(account).narrowed(token.token_id, token.scopes)

    async def _looked_up(self, ticket: str, digest: str) -> tuple[str, Token] | None:
        account_id = tickets.account_in(ticket)
        if account_id is None or account_id not in self.known.accounts:
            return None
        state = (await self.engine.handler.load(ACCOUNT, account_id)).state
        tokens = state.tokens.values() if isinstance(state, Opened) else ()
        token = next((each for each in tokens if compare_digest(each.digest, digest)), None)
        if token is None:
            return None
        if len(self._tokens) >= _MOST:
            self._tokens.clear()
        self._tokens[digest] = (account_id, token)
        return self._tokens[digest]

    async def _check_csrf(self, request: Request) -> None:
        """Raise Forbidden unless a page of our own sent this: cookies are sent along whoever asks."""
        sent = request.headers.get("x-csrf-token")
        kind = request.headers.get("content-type", "")
        if sent is None and kind.startswith(FORM):
            sent = (await form_of(request)).get("csrf")
        elif sent is None and kind.startswith(MULTIPART):
            sent = (await upload_of(request)).fields.get("csrf")
        cookie = self.origin.cookie(request) or ""
        if sent is None or not compare_digest(sent.encode(), tickets.csrf_of(cookie).encode()):
            raise Forbidden(
                "this was not sent by a page of ours, or the page is from before you signed in; load it anew"
            )
