"""`voronka account`: accounts from the outside, for who holds the data folder or the servers' secrets: a first token
for scripts, and a new one-time address for an administrator who is locked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, get_args

import typer

from contracts.base import Command
from contracts.gateway.account_commands import AccountCommand
from contracts.gateway.commands import AddEmployee
from contracts.gateway.rights import Role, TokenScope
from contracts.ids import command_id
from contracts.problem import AlreadyExists, NotFound
from services.gateway.accounts.accounts import Accounts, add
from services.gateway.accounts.entry import Entry
from services.gateway.accounts.origin import Origin
from services.gateway.accounts.passwords import Passwords
from services.gateway.domain.account import ACCOUNT
from services.gateway.domain.employee import EMPLOYEE
from services.gateway.known import KnownAccount
from services.kit import clock
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.rights import Caller

BY = "system"


class Direct(Accounts):
    """Accounts by the log itself: no service need run."""

    @staticmethod
    def of(engine: Engine, passwords: Passwords | None = None) -> Direct:
        """Return those of this workspace."""
        return Direct(Entry(engine, Origin()), passwords)

    async def send(self, command: Command, actor: str, caller: Caller | None = None) -> None:
        """Decide the command and append its events. Whoever holds the data folder may do all: no caller is asked."""
        _ = caller
        meta = Meta(actor, command_id(actor, clock.new_id()), origin="system")
        handler = self.entry.engine.handler
        if isinstance(command, AddEmployee):
            await handler.handle(EMPLOYEE, command.employee_id, command, meta)
        else:
            of = cast(AccountCommand, command)
            await handler.handle(ACCOUNT, of.account_id, of, meta)
        await self.entry.engine.learn()

    def named(self, login: str) -> KnownAccount:
        """Return the account with this login. Raises NotFound naming those there are."""
        found = self.entry.known.by_login(login)
        if found is None:
            there = ", ".join(sorted(each.login for each in self.entry.known.accounts.values())) or "none"
            raise NotFound(f"there is no account {login!r}; accounts: {there}", field="LOGIN")
        return found


async def listed(accounts: Direct) -> int:
    """Print login, role and state of every account."""
    known = accounts.entry.known
    for account in sorted(known.accounts.values(), key=lambda each: each.login):
        state = "" if known.active(account.account_id) else "  (closed)"
        typer.echo(f"{account.login}  {account.role}{state}")
    return 0


async def added(accounts: Direct, name: str, login: str, role: Role, base: str) -> int:
    """Add an employee with an account, and print the one-time address to join under."""
    if accounts.entry.known.by_login(login) is not None:
        raise AlreadyExists(f"the login {login} is taken; choose another one", field="LOGIN")
    return await _told_link(accounts, await add(accounts, name, login, role, None, BY), base)


async def linked(accounts: Direct, login: str, base: str) -> int:
    """Print a new one-time address for the account."""
    return await _told_link(accounts, accounts.named(login).account_id, base)


async def token(
    accounts: Direct, login: str, scopes: Sequence[TokenScope], days: int, name: str, create: Role | None
) -> int:
    """Print a new token, and nothing else: scripts read it. It makes no tokens unless that scope is named."""
    known = accounts.entry.known.by_login(login)
    if known is None and create is not None:
        id = await add(accounts, login, login, create, None, BY)
    else:
        id = accounts.named(login).account_id
    typer.echo(
        await accounts.issue_token(
            id, name, scopes or [each for each in get_args(TokenScope) if each != "tokens"], days, BY
        )
    )
    return 0


async def _told_link(accounts: Direct, account_id: str, base: str) -> int:
    path = await accounts.issue_link(account_id, BY)
    typer.echo(f"{base}{path}")
    typer.echo("open it within three days and choose a password; it is good once", err=True)
    return 0


def chosen(values: Sequence[str], known: Any, option: str) -> Any:
    """Return the values. Raises BadParameter naming those there are."""
    there = get_args(known)
    if wrong := [value for value in values if value not in there]:
        raise typer.BadParameter(f"{', '.join(wrong)}: choose of {', '.join(there)}", param_hint=option)
    return list(values)
