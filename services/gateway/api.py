"""What may be asked about employees and the workspace's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.base import Id, Line
from contracts.gateway.rights import Role
from services.gateway.projections.accounts import Account
from services.gateway.projections.reference import Employee, Settings
from services.kit.query import One, Page, PageParams, Params, Reading, Sorts, Whose, equal, unless
from services.kit.rights import needs
from services.kit.service import Query

_SORTS: Sorts = {"name": (("name_key", False),), "-name": (("name_key", True),)}
_DEFAULT = Settings(
    workspace_id="workspace",
    name="",
    base_currency=None,
    zone="UTC",
    churn_days=90,
    branches=[],
    changed_at=0,
    version=0,
)


class EmployeesParams(PageParams):
    """Employees by name."""

    sort: Literal["name", "-name"] = "name"
    team: Line | None = None
    left: bool = Field(False, description="Also show those who left.")


class AccountsParams(PageParams):
    """Accounts by login."""

    role: Role | None = None
    closed: bool = Field(False, description="Also show closed accounts.")


class AccountParams(Params):
    """One account."""

    account_id: Id


class EmployeeParams(Params):
    """One employee."""

    employee_id: Id


async def employees(reading: Reading, params: EmployeesParams) -> Page[Employee]:
    """List employees."""
    where = [*equal(params, "team"), *unless(params.left, "left_at")]
    return await reading.find("gateway", "employees", params, where, _SORTS[params.sort], whose=Whose.ALL)


async def employee(reading: Reading, params: EmployeeParams) -> One[Employee]:
    """Show an employee."""
    return reading.one(await reading.get("gateway", "employees", params.employee_id, "employee", whose=Whose.ALL))


async def settings(reading: Reading, params: Params) -> One[Settings]:
    """Show the workspace's settings; their defaults (version 0) until they are saved."""
    _ = params
    found = await reading.reader.get(reading.groups["gateway"], "settings", "workspace")
    return reading.one(found[0].document if found else _DEFAULT)


async def accounts(reading: Reading, params: AccountsParams) -> Page[Account]:
    """List accounts: login, role, and rights that differ from the role's. Without passwords and tokens."""
    where = [*equal(params, "role"), *unless(params.closed, "closed_at")]
    return await reading.find("gateway", "accounts", params, where, [("login", False)], whose=Whose.ALL)


async def account(reading: Reading, params: AccountParams) -> One[Account]:
    """Show an account, closed or not."""
    return reading.one(await reading.get("gateway", "accounts", params.account_id, "account", whose=Whose.ALL))


_GROUPS = ("gateway",)
QUERIES = (
    Query("/accounts", _GROUPS, accounts, needs=needs("accounts")),
    Query("/accounts/{account_id}", _GROUPS, account, needs=needs("accounts")),
    Query("/employees", _GROUPS, employees, needs=needs("staff.read")),
    Query("/employees/{employee_id}", _GROUPS, employee, needs=needs("staff.read")),
    Query("/settings", _GROUPS, settings, needs=needs("setup.read")),
)
