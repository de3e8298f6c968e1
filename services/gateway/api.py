"""What may be asked about employees, the workspace's settings and saved views."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import Field

from contracts.base import Id, Line
from contracts.gateway.rights import Role
from contracts.problem import NotFound
from services.gateway.own import OWN_QUERIES
from services.gateway.projections.accounts import Account
from services.gateway.projections.reference import Employee, Settings
from services.gateway.projections.views import View
from services.kit.context import matches
from services.kit.documents import Filter
from services.kit.query import One, Page, PageParams, Params, Reading, Sorts, Whose, equal, unless
from services.kit.rights import KnowsTeams, needs
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


class ViewParams(Params):
    """One saved view."""

    view_id: Id


async def views(reading: Reading, params: Params) -> Page[View]:
    """List saved views that the caller sees, by name: their own, those shared with their team, and with all."""
    _ = params
    group, unremoved = reading.groups["gateway"], Filter("removed_at", "null")
    found: dict[str, View] = {}
    for where in _visible(reading):
        rows = (await reading.reader.find(group, "views", [*where, unremoved], [("name_key", False)], limit=200)).rows
        found |= {row.id: row.document for row in rows}
    return reading.page(sorted(found.values(), key=lambda view: (view.name_key, view.view_id)))


async def view(reading: Reading, params: ViewParams) -> One[View]:
    """Show a saved view, removed or not. Raises NotFound for one that the caller does not see."""
    found: View = await reading.get("gateway", "views", params.view_id, "view", whose=Whose.ALL)
    if not any(all(matches(each, found) for each in where) for where in _visible(reading)):
        raise NotFound(f"there is no view {params.view_id}")
    return reading.one(found)


def _visible(reading: Reading) -> list[list[Filter]]:
    """Return what a view that the caller sees matches one of."""
    actor, teams = reading.caller.actor, cast(KnowsTeams, reading.known["gateway"]).teams
    team = teams.get(actor)
    mates = tuple(sorted(id for id, of in teams.items() if team and of == team))
    of_team = [[Filter("audience", "=", "team"), Filter("owner_id", "in", mates)]] if mates else []
    return [[Filter("owner_id", "=", actor)], [Filter("audience", "=", "all")], *of_team]


_GROUPS = ("gateway",)
QUERIES = (
    Query("/accounts", _GROUPS, accounts, needs=needs("accounts")),
    Query("/accounts/{account_id}", _GROUPS, account, needs=needs("accounts")),
    Query("/employees", _GROUPS, employees, needs=needs("staff.read")),
    Query("/employees/{employee_id}", _GROUPS, employee, needs=needs("staff.read")),
    Query("/views", _GROUPS, views, needs=needs("clients.read")),
    Query("/views/{view_id}", _GROUPS, view, needs=needs("clients.read")),
    Query("/settings", _GROUPS, settings, needs=needs("setup.read")),
    *OWN_QUERIES,
)
