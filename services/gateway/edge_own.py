"""What acts on one's own account are checked against: the present password, and that no token gives more than it has
(#5)."""

from __future__ import annotations

from contracts.gateway.account_commands import ChangeOwnPassword, EndOtherSessions, IssueToken, RevokeToken
from contracts.problem import Invalid
from services.gateway.accounts import tickets
from services.gateway.accounts.attempts import of_account
from services.gateway.accounts.passwords import PASSWORDS
from services.gateway.domain.account import ACCOUNT, Opened, Token
from services.kit import clock
from services.kit.handle import Meta
from services.kit.rights import Denied
from services.kit.service import Desk

MOST_LIFE = 366 * 86_400_000
"""Milliseconds a token is good for at most."""


def with_secret(command: IssueToken) -> tuple[IssueToken, str]:
    """Return the command with the digest of a new token, and the token."""
    ticket = tickets.with_account(command.account_id, tickets.new())
    return command.model_copy(update={"digest": tickets.digest(ticket)}), ticket


async def change_password(desk: Desk, command: ChangeOwnPassword, _: Meta) -> ChangeOwnPassword:
    """Check the present password and hash the new one. Raises Invalid, TooMany."""
    state = await _proved(desk, command.account_id, command.present)
    hashed = await PASSWORDS.hashed(command.password, state.login)
    return command.model_copy(update={"hash": hashed})


async def end_others(_: Desk, command: EndOtherSessions, meta: Meta) -> EndOtherSessions:
    """Name the session that stays."""
    own = None if meta.caller is None else meta.caller.session
    return command if own is None else command.model_copy(update={"session_id": own})


async def issue_token(desk: Desk, command: IssueToken, meta: Meta) -> IssueToken:
    """Check that who asks may have such a token: by the present password, or by a token that may as much and is good as
    long. Raises Invalid, TooMany, Denied."""
    if meta.caller is None:
        return command
    if not clock.now() < command.expires_at <= clock.now() + MOST_LIFE:
        raise Invalid("must be a time within the next 366 days", field="expires_at")
    if meta.caller.token is None:
        await _proved(desk, command.account_id, command.present)
        return command
    own = await _own_token(desk, command.account_id, meta.caller.token)
    if more := [scope for scope in command.scopes if scope not in own.scopes]:
        raise Denied(f"a token makes none that may more than itself; leave out {', '.join(more)}", field="scopes")
    if command.expires_at > own.expires_at:
        raise Denied(
            "a token makes none that is good for longer than itself; choose an earlier time", field="expires_at"
        )
    return command.model_copy(update={"made_by": own.token_id})


async def revoke_token(_: Desk, command: RevokeToken, meta: Meta) -> RevokeToken:
    """Check that a token that may not do it revokes none but itself. Raises Denied."""
    caller = meta.caller
    if caller is not None and not caller.may("tokens") and caller.token != command.token_id:
        raise Denied("this token may revoke itself alone; others need the scope tokens", right="tokens")
    return command


async def _proved(desk: Desk, account_id: str, password: str) -> Opened:
    """Return the account if this is its password. Raises Invalid, and TooMany after some wrong ones."""
    await of_account(desk.limits, account_id)
    state = (await desk.handler.load(ACCOUNT, account_id)).state
    opened = state if isinstance(state, Opened) else None
    right = await PASSWORDS.right(password, None if opened is None else opened.hash)
    if opened is None or not right:
        raise Invalid("is not your present password", field="present")
    return opened


async def _own_token(desk: Desk, account_id: str, token_id: str) -> Token:
    state = (await desk.handler.load(ACCOUNT, account_id)).state
    token = state.tokens.get(token_id) if isinstance(state, Opened) else None
    if token is None:
        raise Denied("this token was revoked meanwhile", right="tokens")
    return token
