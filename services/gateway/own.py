"""What one may ask of one's own account: who one is and may what, one's sessions, one's tokens (#5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from contracts.problem import NotFound
from services.gateway.domain.account import ACCOUNT, Opened
from services.gateway.known import GatewayKnown, KnownAccount
from services.kit import clock
from services.kit.query import One, Page, Params, Reading
from services.kit.rights import BY_SESSION, SIGNED_IN, needs
from services.kit.service import Query
from services.kit.sessions import Session


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `rights`: what they may as they came; by a token, no more than its scopes give. `records`: whose they
    reach; `session_id`, `token_id`: what they came in by."""

    account_id: str
    name: str
    team: str | None
    login: str
    role: str
    rights: list[str]
    records: str
    session_id: str | None
    token_id: str | None


class OwnSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that goes on. Times are UTC ms; `own`: the one that asks."""

    session_id: str
    begun_at: int
    seen_at: int
    agent: str
    address: str
    own: bool


class OwnToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is not revoked; the token itself is not kept. Times are UTC ms; `made_by`: the token it was made
    with; `own`: the one that asks."""

    token_id: str
    name: str
    scopes: list[str]
    issued_at: int
    expires_at: int
    made_by: str | None
    own: bool


async def me(reading: Reading, params: Params) -> One[Me]:
    """Show who asks, and what they may."""
    _ = params
    caller, account, known = reading.caller, _account(reading), _known(reading)
    employee = known.employees[caller.actor]
    item = Me(
        account_id=caller.actor,
        name=employee.name,
        team=employee.team,
        login=account.login,
        role=account.role,
        rights=sorted(caller.rights),
        records=caller.records,
        session_id=caller.session,
        token_id=caller.token,
    )
    return reading.one(item)


async def own_sessions(reading: Reading, params: Params) -> Page[OwnSession]:
    """List one's own sessions, those used last first."""
    _ = params
    account, now = _account(reading), clock.now()
    found = going_on(account, await reading.sessions.of(account.account_id), now)
    return reading.page([_session(each, reading.caller.session) for each in found])


async def own_tokens(reading: Reading, params: Params) -> Page[OwnToken]:
    """List one's own tokens, those made first first, expired ones too until they are revoked."""
    _ = params
    state = (await reading.load(ACCOUNT, reading.caller.actor)).state
    tokens = state.tokens.values() if isinstance(state, Opened) else ()
    rows = [
        OwnToken(
            token_id=each.token_id,
            name=each.name,
            scopes=list(each.scopes),
            issued_at=each.issued_at,
            expires_at=each.expires_at,
            made_by=each.made_by,
            own=each.token_id == reading.caller.token,
        )
        for each in sorted(tokens, key=lambda each: (each.issued_at, each.token_id))
    ]
    return reading.page(rows)


def going_on(account: KnownAccount, sessions: Iterable[Session], now: int) -> list[Session]:
    """Return those of an account's sessions that go on, those used last first. `now`: UTC ms."""
    good = [each for each in sessions if account.goes_on(each) and not each.over(now)]
    return sorted(good, key=lambda each: -each.seen_at)


def _session(session: Session, own: str | None) -> OwnSession:
    return OwnSession(
        session_id=session.id,
        begun_at=session.begun_at,
        seen_at=session.seen_at,
        agent=session.agent,
        address=session.address,
        own=session.id == own,
    )


def _known(reading: Reading) -> GatewayKnown:
    return cast(GatewayKnown, reading.known["gateway"])


def _account(reading: Reading) -> KnownAccount:
    account = _known(reading).accounts.get(reading.caller.actor)
    if account is None:
        raise NotFound(f"there is no account {reading.caller.actor}")
    return account


_GROUPS = ("gateway",)
OWN_QUERIES = (
    Query("/me", _GROUPS, me, needs=SIGNED_IN),
    Query("/me/sessions", _GROUPS, own_sessions, needs=BY_SESSION),
    Query("/me/tokens", _GROUPS, own_tokens, needs=needs("tokens")),
)
