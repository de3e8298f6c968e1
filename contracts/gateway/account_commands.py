"""What may be asked of accounts. An account is an employee's and has the employee's id."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import EDGE, PROOF, Command, Id, Instant, Line
from contracts.gateway.rights import OwnRights, Role, TokenScope

Login = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,100}$", strip_whitespace=True, to_lower=True),
]
"""What somebody signs in with: a short name or an email address, without spaces; case does not matter."""


Scopes = Annotated[list[TokenScope], Field(min_length=1, max_length=7)]
Password = Annotated[str, Field(max_length=1000), PROOF]


class OpenAccount(Command):
    """Give an employee an account. They choose their password under a one-time address."""

    account_id: Id
    login: Login
    role: Role
    rights: OwnRights = OwnRights()


class ChangeAccountLogin(Command):
    account_id: Id
    login: Login


class ChangeAccountRole(Command):
    account_id: Id
    role: Role


class ChangeAccountRights(Command):
    """The rights that shall differ from those of the role; all others are the role's."""

    account_id: Id
    rights: OwnRights


class CloseAccount(Command):
    account_id: Id


class ReopenAccount(Command):
    account_id: Id


class IssueAccountLink(Command):
    """Make a one-time address under which the employee chooses a password."""

    account_id: Id
    link_id: Id
    expires_at: Annotated[Instant, EDGE] = 0
    digest: Annotated[str, EDGE] = ""


class ChangePassword(Command):
    """`link_id`: the one-time address it is chosen under; null: by somebody who is signed in. Ends all sessions."""

    account_id: Id
    link_id: Id | None = None
    hash: Annotated[str, EDGE] = ""


class ChangeOwnPassword(Command):
    """Choose another password. `present`: the one of now. Ends all sessions, this one too."""

    account_id: Id
    present: Password
    password: Password
    hash: Annotated[str, EDGE] = ""


class NoteSignIn(Command):
    account_id: Id
    session_id: Id


class EndSession(Command):
    """End one session of the own account."""

    account_id: Id
    session_id: Id


class EndOtherSessions(Command):
    """End all sessions of the own account but the one that asks."""

    account_id: Id
    session_id: Annotated[Id, EDGE] = "none"


class EndSessions(Command):
    """End all sessions of the account."""

    account_id: Id


class IssueToken(Command):
    """Make a token for programs, shown in the answer this once. `scopes`: what it may do of all that the account may;
    `expires_at`: at most 366 days ahead; `present`: the present password, needed by who signed in. A token needs the
    scope `tokens`, and makes none that may more or is good for longer than itself."""

    account_id: Id
    token_id: Id
    name: Line = ""
    scopes: Scopes
    expires_at: Instant
    present: Password = ""
    made_by: Annotated[Id | None, EDGE] = None
    digest: Annotated[str, EDGE] = ""


class RevokeToken(Command):
    """Make a token good for nothing, and those that were made with it. A token may always revoke itself."""

    account_id: Id
    token_id: Id


AccountCommand = (
    OpenAccount
    | ChangeAccountLogin
    | ChangeAccountRole
    | ChangeAccountRights
    | CloseAccount
    | ReopenAccount
    | IssueAccountLink
    | ChangePassword
    | ChangeOwnPassword
    | NoteSignIn
    | EndSession
    | EndOtherSessions
    | EndSessions
    | IssueToken
    | RevokeToken
)
