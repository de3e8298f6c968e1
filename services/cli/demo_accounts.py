"""Ready accounts of a demo, one for each role: their passwords are made once, kept beside the demo, and printed."""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import typer

from contracts.gateway.account_commands import ChangePassword, OpenAccount
from contracts.gateway.commands import AddEmployee
from contracts.gateway.rights import Role
from services.cli.accounts import BY, Direct
from services.kit.clock import new_bytes, new_id

FILE = "demo-accounts.json"
_COMING = "demo-accounts.coming.json"
_NAME = "Demo"


class Ready(NamedTuple):
    """What one signs in with."""

    login: str
    password: str


def chosen() -> list[Ready]:
    """Return what will be signed in with: a password for each role."""
    return [Ready(role, b32encode(new_bytes(10)).decode().lower()) for role in get_args(Role)]


def begin(data: Path) -> None:
    """Choose the passwords and write them down before there is an account: whenever the process is killed, the next
    one goes on with the same. Nothing is done where that was done."""
    if not (data / FILE).exists() and not (data / _COMING).exists():
        _write(data / _COMING, chosen())


async def finish(data: Path, accounts: Direct) -> None:
    """Make the accounts that were chosen and are not there yet."""
    if (data / _COMING).exists():
        await make(accounts, _read(data / _COMING))
        (data / _COMING).replace(data / FILE)


async def make(accounts: Direct, chosen: Sequence[Ready]) -> None:
    """Give the demo an account of each role; the manager is one of its sellers."""
    known = accounts.entry.known
    free = {id: each.name for id, each in sorted(known.employees.items()) if not each.left and id not in known.accounts}
    for role, ready in zip(get_args(Role), chosen, strict=True):
        account, name = known.by_login(ready.login), f"{_NAME} {role}"
        if account is not None:
            id = account.account_id
        else:
            sellers = [each for each, called in free.items() if role == "manager" and not called.startswith(_NAME)]
            made = [each for each, called in free.items() if called == name]
            id = next(iter([*sellers, *made]), "")
            if not id:
                id = new_id()
                await accounts.send(AddEmployee(employee_id=id, name=name), BY)
            await accounts.send(OpenAccount(account_id=id, login=ready.login, role=role), BY)
        hashed = await accounts.passwords.hashed(ready.password, ready.login)
        await accounts.send(ChangePassword(account_id=id, hash=hashed), BY)


def kept(data: Path) -> list[Ready]:
    """Return those of this folder, if it holds a demo."""
    return _read(data / FILE) if (data / FILE).exists() else []


def _write(path: Path, ready: Sequence[Ready]) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(ready), "utf-8")
    new.replace(path)


def _read(path: Path) -> list[Ready]:
    return [Ready(*each) for each in json.loads(path.read_text("utf-8"))]


def tell(ready: list[Ready]) -> None:
    """Print them."""
    if ready:
        typer.echo("demo accounts (login  password):")
    for each in ready:
        typer.echo(f"  {each.login:14} {each.password}")
