"""Employees and workspace settings as pages show them. Reference events come in every lane: lane 0 alone keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.base import ENVELOPE_FIELDS
from contracts.envelope import RecordedEvent
from contracts.gateway.events import EmployeeAdded, EmployeeChanged, EmployeeLeft, WorkspaceSettingsChanged
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection

_DETAILS = tuple(sorted(set(EmployeeChanged.model_fields) - ENVELOPE_FIELDS - {"employee_id"}))
_SETTINGS = tuple(sorted(set(WorkspaceSettingsChanged.model_fields) - ENVELOPE_FIELDS))


class Employee(msgspec.Struct, frozen=True, kw_only=True):
    """An employee; one who left stays for the records that name them. Times are UTC ms."""

    employee_id: str
    name: str
    team: str | None
    manager: str | None
    region: str | None
    external_id: str | None
    added_at: int
    changed_at: int
    version: int
    left_at: int | None = None

    @property
    def name_key(self) -> str:
        """The name for sorting."""
        return self.name.casefold()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace settings as last saved (P9, P10, P14, P15). Times are UTC ms."""

    workspace_id: str
    name: str
    base_currency: str | None
    zone: str
    churn_days: int
    branches: list[str]
    changed_at: int
    version: int


REFERENCE = Projection(
    "reference",
    1,
    [
        Collection(
            "employees",
            Employee,
            columns={"name_key": "text", "team": "text", "left_at": "int"},
            indexes=(("name_key",), ("team", "name_key")),
        ),
        Collection("settings", Settings),
    ],
)


def _employee(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "employees", data.employee_id


def _details(data: Any) -> dict[str, Any]:
    return {name: getattr(data, name) for name in _DETAILS}


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    if context.lane == 0:
        changes |= {"changed_at": event.occurred_at, "version": event.version}
        context.put("employees", data.employee_id, replace(context.get("employees", data.employee_id), **changes))


@REFERENCE.on(EmployeeAdded, keys=_employee)
def _added(context: Context, data: Any, event: RecordedEvent) -> None:
    if context.lane == 0:
        employee = Employee(
            **_details(data),
            employee_id=data.employee_id,
            external_id=data.external_id,
            added_at=event.occurred_at,
            changed_at=event.occurred_at,
            version=event.version,
        )
        context.put("employees", data.employee_id, employee)


@REFERENCE.on(EmployeeChanged, keys=_employee)
def _changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, **_details(data))


@REFERENCE.on(EmployeeLeft, keys=_employee)
def _left(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, left_at=event.occurred_at)


@REFERENCE.on(WorkspaceSettingsChanged)
def _settings(context: Context, data: Any, event: RecordedEvent) -> None:
    if context.lane == 0:
        fields = {name: getattr(data, name) for name in _SETTINGS}
        settings = Settings(**fields, changed_at=event.occurred_at, version=event.version)
        context.put("settings", data.workspace_id, settings)
