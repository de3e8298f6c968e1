"""Accounts as the list of employees shows them: login, role, rights. No secrets; lane 0 alone keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.gateway.account_events import (
    AccountClosed,
    AccountLoginChanged,
    AccountOpened,
    AccountReopened,
    AccountRightsChanged,
    AccountRoleChanged,
)
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """What an account may otherwise than its role; null: as the role has it."""

    records: str | None
    numbers: bool | None
    profit: bool | None
    export: bool | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `account_id` is the employee's id; times are UTC ms; `version` is that of its stream when it last
    changed in one of these fields."""

    account_id: str
    login: str
    role: str
    rights: Differing
    opened_at: int
    changed_at: int
    version: int
    closed_at: int | None = None


ACCOUNTS = Projection(
    "accounts",
    1,
    [
        Collection(
            "accounts",
            Account,
            columns={"login": "text", "role": "text", "closed_at": "int"},
            indexes=(("login",), ("role", "login")),
        )
    ],
)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "accounts", data.account_id


def _differing(rights: Any) -> Differing:
    return Differing(records=rights.records, numbers=rights.numbers, profit=rights.profit, export=rights.export)


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    if context.lane == 0:
        changes |= {"changed_at": event.occurred_at, "version": event.version}
        context.put("accounts", data.account_id, replace(context.get("accounts", data.account_id), **changes))


@ACCOUNTS.on(AccountOpened, keys=_keys)
def _opened(context: Context, data: Any, event: RecordedEvent) -> None:
    if context.lane == 0:
        account = Account(
            account_id=data.account_id,
            login=data.login,
            role=data.role,
            rights=_differing(data.rights),
            opened_at=event.occurred_at,
            changed_at=event.occurred_at,
            version=event.version,
        )
        context.put("accounts", data.account_id, account)


@ACCOUNTS.on(AccountLoginChanged, keys=_keys)
def _login_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, login=data.login)


@ACCOUNTS.on(AccountRoleChanged, keys=_keys)
def _role_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, role=data.to_role)


@ACCOUNTS.on(AccountRightsChanged, keys=_keys)
def _rights_changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, rights=_differing(data.rights))


@ACCOUNTS.on(AccountClosed, keys=_keys)
def _closed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, closed_at=event.occurred_at)


@ACCOUNTS.on(AccountReopened, keys=_keys)
def _reopened(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, closed_at=None)
