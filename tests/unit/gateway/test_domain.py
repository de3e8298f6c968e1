"""Employees, settings, exports and short numbers, row by row."""

import pytest

from contracts.gateway.commands import (
    AddEmployee,
    ChangeEmployee,
    ChangeWorkspaceSettings,
    EmployeeLeaves,
    RecordExport,
    ReserveNumbers,
)
from contracts.gateway.events import (
    DataExported,
    EmployeeAdded,
    EmployeeChanged,
    EmployeeLeft,
    NumbersReserved,
    WorkspaceSettingsChanged,
)
from contracts.problem import AlreadyExists, NotFound
from services.gateway.domain.employee import EMPLOYEE
from services.gateway.domain.export import EXPORT
from services.gateway.domain.numbers import NUMBERS
from services.gateway.domain.settings import SETTINGS
from services.kit.testing import given

MARIA = {"employee_id": "e1", "name": "Maria", "team": "East", "manager": "Petro"}
added = EmployeeAdded(**MARIA, external_id="17")
left = EmployeeLeft(employee_id="e1")


def test_an_employee_is_added_once():
    given(EMPLOYEE).when(AddEmployee(**MARIA, external_id="17")).then(added)
    given(EMPLOYEE, added).when(AddEmployee(**MARIA)).then_refused(AlreadyExists, field="employee_id")


@pytest.mark.parametrize("command", [ChangeEmployee(**MARIA), EmployeeLeaves(employee_id="e1")])
def test_an_employee_who_is_not_there_is_not_found(command):
    given(EMPLOYEE).when(command).then_refused(NotFound, field="employee_id")


@pytest.mark.parametrize("history", [[added], [added, left]])
def test_an_employee_is_changed(history):
    changed = EmployeeChanged(**{**MARIA, "team": "West"})
    command = ChangeEmployee(**{**MARIA, "team": "West"})
    given(EMPLOYEE, *history).when(command).then(changed)
    given(EMPLOYEE, *history, changed).when(command).then_nothing()
    given(EMPLOYEE, *history).when(ChangeEmployee(**MARIA)).then_nothing()


def test_an_employee_leaves_once():
    given(EMPLOYEE, added).when(EmployeeLeaves(employee_id="e1")).then(left)
    given(EMPLOYEE, added, left).when(EmployeeLeaves(employee_id="e1")).then_nothing()


def test_an_event_out_of_place_changes_nothing():
    assert EMPLOYEE.fold([left]) == EMPLOYEE.initial


def test_settings_are_saved_as_a_whole():  # P9, P10, P14, P15
    command = ChangeWorkspaceSettings(name="Shop", base_currency="UAH", zone="Europe/Kyiv", branches=["Kyiv"])
    changed = WorkspaceSettingsChanged(name="Shop", base_currency="UAH", zone="Europe/Kyiv", branches=["Kyiv"])
    given(SETTINGS).when(command).then(changed)
    given(SETTINGS, changed).when(command).then_nothing()
    given(SETTINGS, changed).when(ChangeWorkspaceSettings(churn_days=30)).then(WorkspaceSettingsChanged(churn_days=30))


def test_numbers_are_reserved_without_a_gap():  # P21
    first = NumbersReserved(kind="client", first=1, count=10)
    given(NUMBERS).when(ReserveNumbers(kind="client", count=10)).then(first)
    given(NUMBERS, first).when(ReserveNumbers(kind="client", count=5)).then(
        NumbersReserved(kind="client", first=11, count=5)
    )


def test_an_export_is_recorded_once():
    told = {"export_id": "x1", "what": "clients", "format": "csv", "count": 3, "filters": ["status=current"]}
    given(EXPORT).when(RecordExport(**told)).then(DataExported(**told))
    given(EXPORT, DataExported(**told)).when(RecordExport(**told)).then_nothing()
