"""An employee: added, changed, gone one day; what was theirs keeps their name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.base import ENVELOPE_FIELDS
from contracts.gateway.commands import AddEmployee, ChangeEmployee, EmployeeCommand, EmployeeLeaves
from contracts.gateway.events import EmployeeAdded, EmployeeChanged, EmployeeLeft
from contracts.problem import AlreadyExists, NotFound
from services.kit.decider import Decider

EmployeeEvent = EmployeeAdded | EmployeeChanged | EmployeeLeft
_DETAILS = tuple(sorted(set(EmployeeChanged.model_fields) - ENVELOPE_FIELDS - {"employee_id"}))


@dataclass(frozen=True, slots=True)
class New:
    """There is no such employee yet."""


@dataclass(frozen=True, slots=True)
class Added:
    """An employee; one who left can still be renamed, so that reports are right."""

    details: Mapping[str, Any]
    left: bool = False


Employee = New | Added


def decide(command: EmployeeCommand, employee: Employee) -> list[EmployeeEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound."""
    match command, employee:
        case AddEmployee(), New():
            return [EmployeeAdded(**command.model_dump(exclude={"at"}))]
        case AddEmployee(employee_id=id), _:
            raise AlreadyExists(f"there is an employee {id} already", field="employee_id")
        case _, New():
            raise NotFound(f"there is no employee {command.employee_id}", field="employee_id")
        case ChangeEmployee(), Added() if _details(command) == employee.details:
            return []
        case ChangeEmployee(employee_id=id), Added():
            return [EmployeeChanged(employee_id=id, **_details(command))]
        case EmployeeLeaves(employee_id=id), Added():
            return [] if employee.left else [EmployeeLeft(employee_id=id)]
        case _:
            assert_never((command, employee))


def _details(source: ChangeEmployee | EmployeeAdded | EmployeeChanged) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _DETAILS}


def evolve(employee: Employee, event: EmployeeEvent) -> Employee:
    """Return the employee after the event."""
    match employee, event:
        case New(), EmployeeAdded():
            return Added(_details(event))
        case Added(), EmployeeChanged():
            return replace(employee, details=_details(event))
        case Added(), EmployeeLeft():
            return replace(employee, left=True)
        case _:
            return employee


EMPLOYEE: Decider[EmployeeCommand, Employee, EmployeeEvent] = Decider("employee", New(), decide, evolve)
