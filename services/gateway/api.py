"""What may be asked about employees and the workspace's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.base import Id, Line
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


_GROUPS = ("gateway",)
QUERIES = (
    Query("/employees", _GROUPS, employees, needs=needs("staff.read")),
    Query("/employees/{employee_id}", _GROUPS, employee, needs=needs("staff.read")),
    Query("/settings", _GROUPS, settings, needs=needs("setup.read")),
)
