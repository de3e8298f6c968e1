"""What may be asked of employees and of the workspace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.base import EDGE, Command, Id, Line, Name
from contracts.gateway.events import ExportedList, ExportFormat, NumberKind
from contracts.money import Currency


class AddEmployee(Command):
    employee_id: Id
    name: Name
    team: Line | None = None
    manager: Line | None = None
    region: Line | None = None
    external_id: Annotated[Line | None, EDGE] = None


class ChangeEmployee(Command):
    employee_id: Id
    name: Name
    team: Line | None = None
    manager: Line | None = None
    region: Line | None = None


class EmployeeLeaves(Command):
    employee_id: Id


class ChangeWorkspaceSettings(Command):
    """The settings as they shall be. The base currency is fixed once the first amount is stored (P10)."""

    workspace_id: Id = "workspace"
    name: Line = ""
    base_currency: Currency | None = None
    zone: Line = "UTC"
    churn_days: Annotated[int, Field(ge=1, le=3650)] = 90
    branches: list[Line] = []


class ReserveNumbers(Command):
    """Take the next block of short numbers (P21)."""

    kind: NumberKind
    count: Annotated[int, Field(ge=1, le=10_000_000)]


EmployeeCommand = AddEmployee | ChangeEmployee | EmployeeLeaves


class RecordExport(Command):
    """Write down that a list was taken out as a file."""

    export_id: Id
    what: ExportedList
    format: ExportFormat
    count: int
    filters: list[Line] = []
