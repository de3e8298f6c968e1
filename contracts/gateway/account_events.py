"""What happened to accounts; version 1. An account is an employee's and has the employee's id.

What a password or token is checked against is SECRET: sealed under the account's own key (ADR 0023)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from contracts.base import SECRET, Event, Id, Instant, Line, Name
from contracts.gateway.rights import OwnRights, Role, TokenScope


class _OfAccount(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("account_id",)
    account_id: Id


class _Known(_OfAccount):
    """What every process must know to let somebody in, or not."""

    reference: ClassVar[bool] = True


class _WithSecret(_OfAccount):
    sealed_under: ClassVar[tuple[str, ...]] = ("account_id",)


class AccountOpened(_Known):
    """`login`: what the employee signs in with, in lower case; business data, as the employee's name is."""

    type = "gateway.AccountOpened.v1"
    login: Name
    role: Role
    rights: OwnRights


class AccountLoginChanged(_Known):
    type = "gateway.AccountLoginChanged.v1"
    login: Name


class AccountRoleChanged(_Known):
    type = "gateway.AccountRoleChanged.v1"
    from_role: Role
    to_role: Role


class AccountRightsChanged(_Known):
    """The rights after the event that differ from those of the role."""

    type = "gateway.AccountRightsChanged.v1"
    rights: OwnRights


class AccountClosed(_Known):
    """Nobody signs in with it any more; its sessions and tokens are good for nothing."""

    type = "gateway.AccountClosed.v1"


class AccountReopened(_Known):
    type = "gateway.AccountReopened.v1"


class AccountLinkIssued(_WithSecret):
    """A one-time address to choose a password under; an older one is good no more."""

    type = "gateway.AccountLinkIssued.v1"
    link_id: Id
    expires_at: Instant
    digest: Annotated[str, SECRET]


class AccountPasswordChanged(_WithSecret):
    """`by_link`: chosen under a one-time address. `hash`: Argon2id, in the PHC string format."""

    type = "gateway.AccountPasswordChanged.v1"
    by_link: bool
    hash: Annotated[str, SECRET]


class AccountSignedIn(_OfAccount):
    type = "gateway.AccountSignedIn.v1"
    session_id: Id


class AccountSessionsEnded(_Known):
    """All sessions that were begun before are over."""

    type = "gateway.AccountSessionsEnded.v1"


class AccountSessionEnded(_Known):
    """One session is over."""

    type = "gateway.AccountSessionEnded.v1"
    session_id: Id


class AccountTokenIssued(_WithSecret):
    """`digest`: SHA-256 of the token, which has 256 random bits. `expires_at`: UTC ms. `made_by`: the token it was made
    with, and is revoked with; null: made by somebody who signed in."""

    type = "gateway.AccountTokenIssued.v1"
    token_id: Id
    name: Line
    scopes: list[TokenScope]
    expires_at: Instant
    made_by: Id | None = None
    digest: Annotated[str, SECRET]


class AccountTokenRevoked(_Known):
    type = "gateway.AccountTokenRevoked.v1"
    token_id: Id
