"""A contact person of one client (P23): added, changed, removed, restored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.base import ENVELOPE_FIELDS
from contracts.clients.commands import AddContact, ChangeContact, ContactCommand, RemoveContact, RestoreContact
from contracts.clients.events import ContactAdded, ContactChanged, ContactRemoved, ContactRestored
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.kit.decider import Decider

ContactEvent = ContactAdded | ContactChanged | ContactRemoved | ContactRestored
_DETAILS = tuple(sorted(set(ContactChanged.model_fields) - ENVELOPE_FIELDS - {"contact_id", "client_id"}))


@dataclass(frozen=True, slots=True)
class New:
    """There is no such contact person yet."""


@dataclass(frozen=True, slots=True)
class Added:
    """A contact person of the client."""

    client_id: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Removed:
    """Gone from lists; `contact` is what restoring brings back."""

    contact: Added


Contact = New | Added | Removed


def decide(command: ContactCommand, contact: Contact) -> list[ContactEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, IllegalMove."""
    match command, contact:
        case AddContact(), New():
            return [ContactAdded(**command.model_dump(exclude={"at"}))]
        case AddContact(contact_id=id), _:
            raise AlreadyExists(f"there is a contact {id} already", field="contact_id")
        case _, New():
            raise NotFound(f"there is no contact {command.contact_id}", field="contact_id")
        case RestoreContact(contact_id=id), Removed(contact=gone):
            return [ContactRestored(contact_id=id, client_id=gone.client_id)]
        case RemoveContact(), Removed():
            return []
        case _, Removed():
            raise IllegalMove("the contact is removed; restore it first", field="contact_id")
        case ChangeContact(), Added() if _details(command) == contact.details:
            return []
        case ChangeContact(contact_id=id), Added():
            return [ContactChanged(contact_id=id, client_id=contact.client_id, **_details(command))]
        case RemoveContact(contact_id=id), Added():
            return [ContactRemoved(contact_id=id, client_id=contact.client_id)]
        case RestoreContact(), Added():
            return []
        case _:
            assert_never((command, contact))


def _details(source: ChangeContact | ContactAdded | ContactChanged) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _DETAILS}


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """Return the contact person after the event."""
    match contact, event:
        case New(), ContactAdded(client_id=client):
            return Added(client, _details(event))
        case Added(), ContactChanged():
            return replace(contact, details=_details(event))
        case Added(), ContactRemoved():
            return Removed(contact)
        case Removed(contact=gone), ContactRestored():
            return gone
        case _:
            return contact


CONTACT: Decider[ContactCommand, Contact, ContactEvent] = Decider("contact", New(), decide, evolve)
