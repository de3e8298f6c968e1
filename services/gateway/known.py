"""What edges know of employees, accounts and settings: a memory cache of the gateway's reference events (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.gateway.account_events import (
    AccountClosed,
    AccountLoginChanged,
    AccountOpened,
    AccountReopened,
    AccountRightsChanged,
    AccountRoleChanged,
    AccountSessionEnded,
    AccountSessionsEnded,
    AccountTokenRevoked,
)
from contracts.gateway.events import EmployeeAdded, EmployeeChanged, EmployeeLeft, WorkspaceSettingsChanged
from contracts.gateway.rights import OwnRights, Role
from services.kit.service import Known
from services.kit.sessions import Session

_OF_ACCOUNTS = (
    AccountOpened,
    AccountLoginChanged,
    AccountRoleChanged,
    AccountRightsChanged,
    AccountClosed,
    AccountReopened,
    AccountSessionEnded,
    AccountSessionsEnded,
    AccountTokenRevoked,
)


@dataclass(frozen=True, slots=True)
class KnownEmployee:
    """An employee's name and team, and whether they left."""

    name: str
    left: bool = False
    team: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as far as it lets somebody in. `generation`: how often all its sessions were ended; `ended`: ids of
    sessions that were ended one by one since; `revoked`: ids of tokens that are good no more."""

    account_id: str
    login: str
    role: Role
    rights: OwnRights
    closed: bool = False
    generation: int = 0
    ended: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()

    def goes_on(self, session: Session) -> bool:
        """Tell whether nobody ended the session."""
        return self.generation == session.generation and session.id not in self.ended


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """The workspace settings; until they are saved, their defaults."""

    name: str = ""
    base_currency: str | None = None
    zone: str = "UTC"
    churn_days: int = 90
    branches: tuple[str, ...] = ()


class GatewayKnown(Known):
    """Employees and their accounts by id, and the settings."""

    types = frozenset(
        {
            EmployeeAdded.type,
            EmployeeChanged.type,
            EmployeeLeft.type,
            WorkspaceSettingsChanged.type,
            *(event.type for event in _OF_ACCOUNTS),
        }
    )

    def __init__(self) -> None:
        self.accounts: dict[str, KnownAccount] = {}
        self.employees: dict[str, KnownEmployee] = {}
        self.settings = KnownSettings()

    def apply(self, data: Any, event: RecordedEvent) -> None:
        """Take in one event of `types`."""
        if event.type == EmployeeAdded.type:
            self.employees[data.employee_id] = KnownEmployee(data.name, team=data.team)
        elif event.type == EmployeeChanged.type:
            known = self.employees[data.employee_id]
            self.employees[data.employee_id] = replace(known, name=data.name, team=data.team)
        elif event.type == EmployeeLeft.type:
            self.employees[data.employee_id] = replace(self.employees[data.employee_id], left=True)
        elif event.type == WorkspaceSettingsChanged.type:
            self.settings = KnownSettings(
                data.name, data.base_currency, data.zone, data.churn_days, tuple(data.branches)
            )
        elif event.type == AccountOpened.type:
            self.accounts[data.account_id] = KnownAccount(data.account_id, data.login, data.role, _rights(data))
        elif data.account_id in self.accounts:
            account = self.accounts[data.account_id]
            self.accounts[data.account_id] = replace(account, **_changes(account, data, event.type))

    @property
    def teams(self) -> dict[str, str | None]:
        """Employee id → their team."""
        return {id: employee.team for id, employee in self.employees.items()}

    def active(self, account_id: str) -> KnownAccount | None:
        """Return the account if somebody may come in by it: it is not closed, and the employee did not leave."""
        account, employee = self.accounts.get(account_id), self.employees.get(account_id)
        gone = account is None or account.closed or employee is None or employee.left
        return None if gone else account

    def by_login(self, login: str) -> KnownAccount | None:
        """Return the account with this login, closed or not; should two have it, the one opened first."""
        wanted = login.strip().lower()
        return next((each for each in self.accounts.values() if each.login == wanted), None)

    def administrators(self) -> list[str]:
        """Return the ids of the active accounts of administrators."""
        return [id for id, each in self.accounts.items() if each.role == "administrator" and self.active(id)]


def _rights(data: Any) -> OwnRights:
    given = data.rights
    return OwnRights(records=given.records, numbers=given.numbers, profit=given.profit, export=given.export)


def _changes(account: KnownAccount, data: Any, type_: str) -> dict[str, Any]:
    if type_ == AccountLoginChanged.type:
        return {"login": data.login}
    if type_ == AccountRoleChanged.type:
        return {"role": data.to_role}
    if type_ == AccountRightsChanged.type:
        return {"rights": _rights(data)}
    if type_ == AccountSessionEnded.type:
        return {"ended": account.ended | {data.session_id}}
    if type_ == AccountSessionsEnded.type:
        return {"generation": account.generation + 1, "ended": frozenset()}
    if type_ == AccountTokenRevoked.type:
        return {"revoked": account.revoked | {data.token_id}}
    return {"closed": type_ == AccountClosed.type, "generation": account.generation + 1, "ended": frozenset()}
