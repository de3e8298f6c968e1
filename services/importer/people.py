"""Customers, users and notes of a bundle as clients, employees and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from contracts.base import Command, Event
from contracts.clients.commands import (
    AddNote,
    AssignClient,
    ChangeClientDetails,
    ChangeClientStatus,
    ChangeClientTerms,
    EditNote,
    RegisterClient,
)
from contracts.clients.events import (
    ClientAssigned,
    ClientDetailsChanged,
    ClientRegistered,
    ClientTermsChanged,
    Language,
    NoteAdded,
    NoteEdited,
)
from contracts.gateway.commands import AddEmployee, ChangeEmployee
from contracts.gateway.events import EmployeeAdded, EmployeeChanged
from services.clients.domain.client import CLIENT, Registered
from services.clients.domain.note import NOTE
from services.gateway.domain.employee import EMPLOYEE
from services.importer.rows import Customer, Note, User
from services.importer.subject import CannotChange, Change, Facts, Step, Subject, imported


class Employee(Subject):
    """A row of users.csv."""

    table, file, decider, reference = "users", "users.csv", EMPLOYEE, True

    def __init__(self, source: str, row: User) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row

    def _details(self) -> dict[str, Any]:
        row = self.row
        return {"name": row.name or row.id, "team": row.team, "manager": row.manager, "region": row.region}

    def steps(self) -> Iterable[Step]:
        """An employee is one since ever."""
        command = AddEmployee(employee_id=self.id, external_id=self.row.id, **self._details())
        yield Step(command, 0, imputed=True, timed=False)

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return the details."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, EmployeeAdded | EmployeeChanged):
                facts = {"name": (event.name, event.team, event.manager, event.region)}
        return facts

    def change(self, change: Change) -> Command:
        """Details are replaced as a whole, whichever of them changed."""
        name, team, manager, region = change.new["name"]
        return ChangeEmployee(employee_id=self.id, name=name, team=team, manager=manager, region=region)


class Client(Subject):
    """A row of customers.csv; `as_of`: when it begins if nothing else tells (UTC ms)."""

    table, file, decider, numbered = "customers", "customers.csv", CLIENT, "client"

    def __init__(self, source: str, row: Customer, as_of: int) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.as_of = as_of

    def steps(self) -> Iterable[Step]:
        """A client begins at created_at, else at its earliest fact; with its first sale it becomes a current one."""
        row = self.row
        known = row.created_at is not None
        begin = self.as_of if row.begin is None else row.begin
        command = RegisterClient(
            client_id=self.id,
            kind="company",
            name=row.name or row.id,
            email=row.email,
            phones=[row.phone] if row.phone else [],
            country=row.country,
            city=row.city,
            segment=row.segment,
            currency=row.currency,
            owner_id=imported(self.source, "users", row.owner) if row.owner else None,
            number=self.number,
            external_id=row.id,
        )
        yield Step(command, begin, imputed=not known, timed=known)
        if row.sold is not None:
            became = ChangeClientStatus(client_id=self.id, status="current")
            yield Step(became, max(begin, row.sold), label="current", timed=False, soft=True)

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return details, currency and owner."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, ClientRegistered | ClientDetailsChanged):
                facts |= {name: getattr(event, name) for name in ("name", "email", "country", "city", "segment")}
                facts["phone"] = event.phones[0] if event.phones else None
            if isinstance(event, ClientRegistered | ClientTermsChanged):
                facts["currency"] = event.currency
            if isinstance(event, ClientRegistered):
                facts["owner_id"] = event.owner_id
            if isinstance(event, ClientAssigned):
                facts["owner_id"] = event.to_owner
        return facts

    def change(self, change: Change) -> Command:
        """What the bundle does not tell stays as it is here."""
        state, column, value = change.state, change.column, change.value
        if not isinstance(state, Registered):
            raise CannotChange(column)
        if column == "owner_id":
            return AssignClient(client_id=self.id, owner_id=value)
        if column == "currency":
            language = cast("Language | None", state.language)
            return ChangeClientTerms(client_id=self.id, discount=state.discount, currency=value, language=language)
        if column == "phone":
            others = [phone for phone in state.details["phones"] if phone not in (change.old, value)]
            column, value = "phones", [value, *others] if value else others
        return ChangeClientDetails(client_id=self.id, **{**state.details, column: value})


class ClientNote(Subject):
    """A row of notes.csv; `as_of`: its time if the file has none (UTC ms)."""

    table, file, decider = "notes", "notes.csv", NOTE

    def __init__(self, source: str, row: Note, as_of: int) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.as_of = as_of

    def owner(self) -> str | None:
        """Return the client."""
        return imported(self.source, "customers", self.row.customer)

    def steps(self) -> Iterable[Step]:
        """A note is written once."""
        row = self.row
        known = row.created_at is not None
        command = AddNote(
            note_id=self.id,
            client_id=imported(self.source, "customers", row.customer),
            text=row.text,
            about=imported(self.source, "orders", row.order) if row.order else None,
            external_id=row.id,
        )
        yield Step(command, self.as_of if row.created_at is None else row.created_at, imputed=not known, timed=known)

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return text, client and order."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, NoteAdded):
                facts = {"text": event.text, "customer_id": event.client_id, "order_id": event.about}
            if isinstance(event, NoteEdited):
                facts["text"] = event.text
        return facts

    def change(self, change: Change) -> Command:
        """The text can be edited."""
        if change.column != "text":
            raise CannotChange(change.column)
        return EditNote(note_id=self.id, text=change.value)
