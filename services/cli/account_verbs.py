"""The words of `voronka account ...`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from contracts.gateway.rights import Role, TokenScope
from services.cli import accounts as on
from services.cli.accounts import Direct

app = typer.Typer(no_args_is_help=True, help="Accounts, for who runs Voronka; stop the embedded profile first.")
Act = Callable[[Direct], Awaitable[int]]
Login = Annotated[str, typer.Argument(help="What the employee signs in with.")]
Data = Annotated[Path, typer.Option("--data", help="The data folder.", envvar="VORONKA_DATA")]
OfProfile = Annotated[Literal["embedded", "distributed"] | None, typer.Option("--profile", help="Which profile.")]
_DEFAULT = Path("voronka-data")
_HOW = "What it may do: read, write, numbers, profit, export, accounts, tokens; several times; none: all but tokens."


def _do(profile: Literal["embedded", "distributed"] | None, data: Path, act: Act) -> None:
    from services.cli.main import do

    do(profile, data, lambda verbs: verbs.accounts(act))


def _base() -> str:
    from services.kit.settings import Settings

    return Settings.read().address()


@app.command("list")
def listed(data: Data = _DEFAULT, profile: OfProfile = None) -> None:
    """Print all accounts."""
    _do(profile, data, on.listed)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The employee's name.")],
    login: Login,
    role: Annotated[str, typer.Option(help="administrator, director, manager, marketer or warehouse.")] = "manager",
    data: Data = _DEFAULT,
    profile: OfProfile = None,
) -> None:
    """Add an employee with an account; prints the one-time address under which they choose a password."""
    of = on.chosen([role], Role, "--role")[0]
    _do(profile, data, lambda accounts: on.added(accounts, name, login, of, _base()))


@app.command()
def link(login: Login, data: Data = _DEFAULT, profile: OfProfile = None) -> None:
    """Print a new one-time address for somebody who is locked out; good once, for three days."""
    _do(profile, data, lambda accounts: on.linked(accounts, login, _base()))


@app.command()
def token(
    login: Login,
    scope: Annotated[list[str] | None, typer.Option(help=_HOW)] = None,
    days: Annotated[int, typer.Option(help="How long it is good.", min=1, max=3650)] = 90,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    create: Annotated[str | None, typer.Option(help="Make the account with this role if it is not there.")] = None,
    data: Data = _DEFAULT,
    profile: OfProfile = None,
) -> None:
    """Print a token for programs, to be sent as `Authorization: Bearer TOKEN`; it is shown this once."""
    scopes = on.chosen(scope or [], TokenScope, "--scope")
    role = None if create is None else on.chosen([create], Role, "--create")[0]
    _do(profile, data, lambda accounts: on.token(accounts, login, scopes, days, name, role))
