"""An account: who may sign in, as what, and with which passwords, addresses and tokens (P17, #5). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from contracts.gateway.account_commands import (
    AccountCommand,
    ChangeAccountLogin,
    ChangeAccountRights,
    ChangeAccountRole,
    ChangeOwnPassword,
    ChangePassword,
    CloseAccount,
    EndOtherSessions,
    EndSession,
    EndSessions,
    IssueAccountLink,
    IssueToken,
    NoteSignIn,
    OpenAccount,
    ReopenAccount,
    RevokeToken,
)
from contracts.gateway.account_events import (
    AccountClosed,
    AccountLinkIssued,
    AccountLoginChanged,
    AccountOpened,
    AccountPasswordChanged,
    AccountReopened,
    AccountRightsChanged,
    AccountRoleChanged,
    AccountSessionEnded,
    AccountSessionsEnded,
    AccountSignedIn,
    AccountTokenIssued,
    AccountTokenRevoked,
)
from contracts.gateway.rights import OwnRights, Role, TokenScope
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.kit.decider import Decider
from services.kit.sessions import LIFE

AccountEvent = (
    AccountOpened
    | AccountLoginChanged
    | AccountRoleChanged
    | AccountRightsChanged
    | AccountClosed
    | AccountReopened
    | AccountLinkIssued
    | AccountPasswordChanged
    | AccountSignedIn
    | AccountSessionEnded
    | AccountSessionsEnded
    | AccountTokenIssued
    | AccountTokenRevoked
)
MOST_TOKENS = 50


@dataclass(frozen=True, slots=True)
class New:
    """The employee has no account yet."""


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time address: the SHA-256 of what it holds, and until when it is good (UTC ms)."""

    link_id: str
    digest: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """A token for programs: its SHA-256, what it may do, when it was made and until when it is good (UTC ms), and
    the token it was made with."""

    token_id: str
    name: str
    scopes: tuple[TokenScope, ...]
    digest: str
    issued_at: int
    expires_at: int
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An account. `hash` of the password, None before one was chosen; `tokens` by id, revoked ones left out;
    `sessions` that may go on: id → when it was begun (UTC ms)."""

    account_id: str
    login: str
    role: Role
    rights: OwnRights
    closed: bool = False
    hash: str | None = None
    link: Link | None = None
    tokens: Mapping[str, Token] = field(default_factory=dict)
    sessions: Mapping[str, int] = field(default_factory=dict)


Account = New | Opened


def decide(command: AccountCommand, account: Account) -> list[AccountEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, IllegalMove."""
    match command, account:
        case OpenAccount(account_id=id, login=login, role=role, rights=rights), New():
            return [AccountOpened(account_id=id, login=login, role=role, rights=rights)]
        case OpenAccount(account_id=id), _:
            raise AlreadyExists(f"the employee {id} has an account already", field="account_id")
        case _, New():
            raise NotFound(f"there is no account {command.account_id}", field="account_id")
        case ReopenAccount(account_id=id), Opened():
            return [AccountReopened(account_id=id)] if account.closed else []
        case CloseAccount(account_id=id), Opened():
            return [] if account.closed else [AccountClosed(account_id=id)]
        case (
            (IssueAccountLink() | ChangePassword() | ChangeOwnPassword() | NoteSignIn() | IssueToken()),
            Opened(closed=True),
        ):
            raise IllegalMove(f"the account {account.login} is closed; reopen it first", field="account_id")
        case _, Opened():
            return _of_an_opened(command, account)
        case _:
            assert_never((command, account))


def _of_an_opened(
    command: ChangeAccountLogin
    | ChangeAccountRole
    | ChangeAccountRights
    | IssueAccountLink
    | ChangePassword
    | ChangeOwnPassword
    | NoteSignIn
    | EndSession
    | EndOtherSessions
    | EndSessions
    | IssueToken
    | RevokeToken,
    account: Opened,
) -> list[AccountEvent]:
    id = command.account_id
    match command:
        case ChangeAccountLogin(login=login):
            return [] if login == account.login else [AccountLoginChanged(account_id=id, login=login)]
        case ChangeAccountRole(role=role):
            changed = AccountRoleChanged(account_id=id, from_role=account.role, to_role=role)
            return [] if role == account.role else [changed]
        case ChangeAccountRights(rights=rights):
            return [] if rights == account.rights else [AccountRightsChanged(account_id=id, rights=rights)]
        case IssueAccountLink(link_id=link, digest=digest, expires_at=until):
            return [AccountLinkIssued(account_id=id, link_id=link, digest=digest, expires_at=until)]
        case ChangePassword():
            return _password(command, account)
        case ChangeOwnPassword(hash=hash):
            return _password(ChangePassword(account_id=id, hash=hash), account)
        case NoteSignIn(session_id=session):
            return [AccountSignedIn(account_id=id, session_id=session)]
        case EndSession(session_id=session):
            if session not in account.sessions:
                raise NotFound(f"there is no session {session}, or it is over", field="session_id")
            return [AccountSessionEnded(account_id=id, session_id=session)]
        case EndOtherSessions(session_id=own):
            others = [each for each in account.sessions if each != own]
            return [AccountSessionEnded(account_id=id, session_id=each) for each in others]
        case EndSessions():
            return [AccountSessionsEnded(account_id=id)]
        case IssueToken():
            return _token(command, account)
        case RevokeToken(token_id=token):
            if token not in account.tokens:
                raise NotFound(f"there is no token {token}, or it is revoked", field="token_id")
            return [AccountTokenRevoked(account_id=id, token_id=each) for each in _family(account, token)]
        case _:
            assert_never(command)


def _password(command: ChangePassword, account: Opened) -> list[AccountEvent]:
    if command.link_id is not None and (account.link is None or account.link.link_id != command.link_id):
        raise IllegalMove("this address was used already, or a newer one was made; ask for a new one", field="link_id")
    return [
        AccountPasswordChanged(account_id=command.account_id, by_link=command.link_id is not None, hash=command.hash),
        AccountSessionsEnded(account_id=command.account_id),
    ]


def _token(command: IssueToken, account: Opened) -> list[AccountEvent]:
    if command.token_id in account.tokens:
        raise AlreadyExists(f"there is a token {command.token_id} already", field="token_id")
    if len(account.tokens) >= MOST_TOKENS:
        raise IllegalMove(f"the account has {MOST_TOKENS} tokens; revoke one that is not used any more")
    return [AccountTokenIssued(**command.model_dump(exclude={"at", "present"}))]


def _family(account: Opened, token_id: str) -> list[str]:
    """Return the token and those that were made with it, or with one of these."""
    found = [token_id]
    for parent in found:
        found += [each.token_id for each in account.tokens.values() if each.made_by == parent]
    return found


def evolve(account: Account, event: AccountEvent) -> Account:
    """Return the account after the event."""
    match account, event:
        case New(), AccountOpened(account_id=id, login=login, role=role, rights=rights):
            return Opened(id, login, role, rights)
        case Opened(), AccountLoginChanged(login=login):
            return replace(account, login=login)
        case Opened(), AccountRoleChanged(to_role=role):
            return replace(account, role=role)
        case Opened(), AccountRightsChanged(rights=rights):
            return replace(account, rights=rights)
        case Opened(), AccountClosed():
            return replace(account, closed=True, link=None, tokens={}, sessions={})
        case Opened(), AccountReopened():
            return replace(account, closed=False)
        case Opened(), AccountLinkIssued(link_id=link, digest=digest, expires_at=until):
            return replace(account, link=Link(link, digest, until))
        case Opened(), AccountPasswordChanged(hash=hash):
            return replace(account, hash=hash, link=None)
        case Opened(), AccountSignedIn(session_id=session, occurred_at=at):
            lasting = {id: begun for id, begun in account.sessions.items() if begun > at - LIFE}
            return replace(account, sessions={**lasting, session: at})
        case Opened(), AccountSessionEnded(session_id=session):
            return replace(account, sessions={id: at for id, at in account.sessions.items() if id != session})
        case Opened(), AccountSessionsEnded():
            return replace(account, sessions={})
        case Opened(), AccountTokenIssued():
            return replace(account, tokens={**account.tokens, event.token_id: _issued(event)})
        case Opened(), AccountTokenRevoked(token_id=token):
            return replace(account, tokens={id: each for id, each in account.tokens.items() if id != token})
        case _:
            return account


def _issued(event: AccountTokenIssued) -> Token:
    return Token(
        event.token_id,
        event.name,
        tuple(event.scopes),
        event.digest,
        event.occurred_at,
        event.expires_at,
        event.made_by,
    )


ACCOUNT: Decider[AccountCommand, Account, AccountEvent] = Decider("account", New(), decide, evolve)
