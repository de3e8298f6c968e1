"""What happened to employees and to the workspace; version 1."""

from __future__ import annotations

from typing import ClassVar, Literal

from contracts.base import Event, Id, Line, Name
from contracts.money import Currency

NumberKind = Literal["client", "contact", "deal", "order", "lead"]


class _OfEmployee(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("employee_id",)
    reference: ClassVar[bool] = True
    employee_id: Id


class _EmployeeDetails(_OfEmployee):
    """Names of employees are business data of the workspace, kept for ever; they are no data subjects of DESIGN 8."""

    name: Name
    team: Line | None = None
    manager: Line | None = None
    region: Line | None = None


class EmployeeAdded(_EmployeeDetails):
    type = "gateway.EmployeeAdded.v1"
    external_id: Line | None = None


class EmployeeChanged(_EmployeeDetails):
    type = "gateway.EmployeeChanged.v1"


class EmployeeLeft(_OfEmployee):
    type = "gateway.EmployeeLeft.v1"


class WorkspaceSettingsChanged(Event):
    """The settings after the event (P9, P14, P15). `zone` decides days and months in every report."""

    type = "gateway.WorkspaceSettingsChanged.v1"
    key_fields: ClassVar[tuple[str, ...]] = ("workspace_id",)
    reference: ClassVar[bool] = True
    workspace_id: Id = "workspace"
    name: Line = ""
    base_currency: Currency | None = None
    zone: Line = "UTC"
    churn_days: int = 90
    branches: list[Line] = []


class NumbersReserved(Event):
    """A block of short numbers was taken for use (P21): `first` .. `first + count - 1`."""

    type = "gateway.NumbersReserved.v1"
    key_fields: ClassVar[tuple[str, ...]] = ("kind",)
    kind: NumberKind
    first: int
    count: int


ExportFormat = Literal["csv", "xlsx"]
ExportedList = Literal["clients", "contacts"]


class DataExported(Event):
    """Somebody took a list out of the workspace as a file: so many rows of what these filters left. What was searched
    for is not told, as it may name a person."""

    type = "gateway.DataExported.v1"
    key_fields: ClassVar[tuple[str, ...]] = ("export_id",)
    export_id: Id
    what: ExportedList
    format: ExportFormat
    count: int
    filters: list[Line] = []
