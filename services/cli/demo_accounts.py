"""Ready accounts of a demo, one for each role: their passwords are made once, kept beside the demo, and printed."""

from __future__ import annotations

import json
from base64 import b32encode
from pathlib import Path
from typing import NamedTuple, get_args

import typer

from contracts.gateway.account_commands import ChangePassword, OpenAccount
from contracts.gateway.rights import Role
from services.cli.accounts import BY, Direct
from services.gateway.accounts.accounts import add
from services.kit.clock import new_bytes

FILE = "demo-accounts.json"


class Ready(NamedTuple):
    """What one signs in with."""

    login: str
    password: str


async def make(accounts: Direct) -> list[Ready]:
    """Give the demo an account of each role, unless it has accounts; the manager is one of its sellers."""
    known = accounts.entry.known
    if known.accounts:
        return []
    found: list[Ready] = []
    sellers = sorted(id for id, employee in known.employees.items() if not employee.left)
    for role in get_args(Role):
        ready = Ready(role, b32encode(new_bytes(10)).decode().lower())
        if role == "manager" and sellers:
            hashed = await accounts.passwords.hashed(ready.password, ready.login)
            await accounts.send(OpenAccount(account_id=sellers[0], login=role, role=role), BY)
            await accounts.send(ChangePassword(account_id=sellers[0], hash=hashed), BY)
        else:
            await add(accounts, f"Demo {role}", ready.login, role, ready.password, BY)
        found.append(ready)
    return found


def keep(data: Path, ready: list[Ready]) -> None:
    """Keep them in the data folder, for the next start to print."""
    path = data / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(ready), "utf-8")


def kept(data: Path) -> list[Ready]:
    """Return those of this folder, if it holds a demo."""
    path = data / FILE
    return [Ready(*each) for each in json.loads(path.read_text("utf-8"))] if path.exists() else []


def tell(ready: list[Ready]) -> None:
    """Print them."""
    if ready:
        typer.echo("demo accounts (login  password):")
    for each in ready:
        typer.echo(f"  {each.login:14} {each.password}")
