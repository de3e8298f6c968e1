"""What commands to accounts are checked against: logins that are taken, and that an administrator stays (#5)."""

from __future__ import annotations

from typing import cast

from contracts.gateway.account_commands import ChangeAccountLogin, ChangeAccountRole, CloseAccount, OpenAccount
from contracts.problem import AlreadyExists, IllegalMove, UnknownReference
from services.gateway.known import GatewayKnown
from services.kit.handle import Meta
from services.kit.service import Desk


def _known(desk: Desk) -> GatewayKnown:
    return cast(GatewayKnown, desk.known["gateway"])


def _free(desk: Desk, login: str, account_id: str) -> None:
    taken = _known(desk).by_login(login)
    if taken is not None and taken.account_id != account_id:
        raise AlreadyExists(f"the login {login} is taken; choose another one", field="login")


def _administrator_stays(desk: Desk, account_id: str) -> None:
    if _known(desk).administrators() == [account_id]:
        raise IllegalMove("this is the last administrator; make another one first", field="account_id")


async def open_account(desk: Desk, command: OpenAccount, _: Meta) -> OpenAccount:
    """Check employee and login. Raises UnknownReference, AlreadyExists."""
    employee = _known(desk).employees.get(command.account_id)
    if employee is None or employee.left:
        raise UnknownReference(f"nobody who works here has the id {command.account_id}", field="account_id")
    _free(desk, command.login, command.account_id)
    return command


async def change_login(desk: Desk, command: ChangeAccountLogin, _: Meta) -> ChangeAccountLogin:
    """Check that nobody else has the login. Raises AlreadyExists."""
    _free(desk, command.login, command.account_id)
    return command


async def change_role(desk: Desk, command: ChangeAccountRole, _: Meta) -> ChangeAccountRole:
    """Check that an administrator stays. Raises IllegalMove."""
    if command.role != "administrator":
        _administrator_stays(desk, command.account_id)
    return command


async def close_account(desk: Desk, command: CloseAccount, _: Meta) -> CloseAccount:
    """Check that an administrator stays. Raises IllegalMove."""
    _administrator_stays(desk, command.account_id)
    return command
