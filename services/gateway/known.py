"""What edges know of employees and settings: a memory cache of the gateway's reference events (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.gateway.events import EmployeeAdded, EmployeeChanged, EmployeeLeft, WorkspaceSettingsChanged
from services.kit.service import Known


@dataclass(frozen=True, slots=True)
class KnownEmployee:
    """An employee's name, and whether they left."""

    name: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """The workspace settings; until they are saved, their defaults."""

    name: str = ""
    base_currency: str | None = None
    zone: str = "UTC"
    churn_days: int = 90
    branches: tuple[str, ...] = ()


class GatewayKnown(Known):
    """Employees by id, and the settings."""

    types = frozenset({EmployeeAdded.type, EmployeeChanged.type, EmployeeLeft.type, WorkspaceSettingsChanged.type})

    def __init__(self) -> None:
        self.employees: dict[str, KnownEmployee] = {}
        self.settings = KnownSettings()

    def apply(self, data: Any, event: RecordedEvent) -> None:
        """Take in one event of `types`."""
        if event.type == EmployeeAdded.type:
            self.employees[data.employee_id] = KnownEmployee(data.name)
        elif event.type == EmployeeChanged.type:
            self.employees[data.employee_id] = replace(self.employees[data.employee_id], name=data.name)
        elif event.type == EmployeeLeft.type:
            self.employees[data.employee_id] = replace(self.employees[data.employee_id], left=True)
        elif event.type == WorkspaceSettingsChanged.type:
            self.settings = KnownSettings(
                data.name, data.base_currency, data.zone, data.churn_days, tuple(data.branches)
            )
