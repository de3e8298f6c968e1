"""Contact persons of clients (P23), with the numbers they are found by (P21)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.base import ENVELOPE_FIELDS
from contracts.clients.events import ContactAdded, ContactChanged, ContactRemoved, ContactRestored
from contracts.envelope import RecordedEvent
from services.clients.projections.erased import SLICE, erased_at, wipe
from services.clients.projections.searchable import searchable
from services.kit.documents import Collection, Filter
from services.kit.projection import Context, Key, Projection

_DETAILS = tuple(sorted(set(ContactChanged.model_fields) - ENVELOPE_FIELDS - {"contact_id", "client_id"}))


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact person. Times are UTC ms. A removed one stays for the deals and orders that name it, and to be
    restored."""

    contact_id: str
    client_id: str
    number: int
    name: str
    position: str | None
    phones: list[str]
    email: str | None
    telegram: str | None
    birthday: str | None
    external_id: str | None
    added_at: int
    imputed: bool
    changed_at: int
    version: int
    owner_id: str | None = None
    """The client's owner (P17)."""
    removed_at: int | None = None
    erased_at: int | None = None

    @property
    def name_key(self) -> str:
        """The name for sorting."""
        return self.name.casefold()


def _text(contact: Contact) -> str:
    if contact.removed_at is not None:
        return ""
    parts = (contact.name, contact.email, contact.telegram, contact.external_id)
    return searchable(contact.number, *parts, phones=contact.phones)


CONTACTS = Projection(
    "contacts",
    1,
    [
        Collection(
            "contacts",
            Contact,
            columns={
                "client_id": "text",
                "owner_id": "text",
                "name_key": "text",
                "number": "int",
                "added_at": "int",
                "changed_at": "int",
                "removed_at": "int",
                "erased_at": "int",
            },
            indexes=(("client_id", "name_key"), ("name_key",), ("number",), ("added_at",), ("changed_at",)),
            text=_text,
            names=lambda contact: contact.name if contact.removed_at is None else "",
        )
    ],
)


def erase_contacts(context: Context, client_id: str, at: int) -> bool:
    """Blank a slice of the client's contact persons at this time (UTC ms); True: there may be more."""
    return wipe(context, "contacts", client_id, "contact_id", lambda contact: _blank(contact, at))


def _blank(contact: Contact, at: int) -> Contact:
    return replace(
        contact,
        name="",
        position=None,
        phones=[],
        email=None,
        telegram=None,
        birthday=None,
        external_id=None,
        erased_at=at,
    )


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "contacts", data.contact_id
    yield "clients", data.client_id


def _details(data: Any) -> dict[str, Any]:
    return {name: getattr(data, name) for name in _DETAILS}


def _put(context: Context, contact: Contact) -> None:
    at = erased_at(context, contact.client_id)
    context.put("contacts", contact.contact_id, contact if at is None else _blank(contact, at))


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    changes |= {"changed_at": event.occurred_at, "version": event.version}
    _put(context, replace(context.get("contacts", data.contact_id), **changes))


def _owner(context: Context, client_id: str) -> str | None:
    client = context.get("clients", client_id)
    owner: str | None = None if client is None else client.owner_id
    return owner


def hand_over(context: Context, client_id: str, from_owner: str | None, to_owner: str | None) -> bool:
    """Give a slice of the client's contact persons to the client's new owner; True: there may be more."""
    before = Filter("owner_id", "null") if from_owner is None else Filter("owner_id", "=", from_owner)
    found = context.find("contacts", (Filter("client_id", "=", client_id), before), limit=SLICE)
    for contact in found:
        context.put("contacts", contact.contact_id, replace(contact, owner_id=to_owner))
    return len(found) == SLICE


@CONTACTS.on(ContactAdded, keys=_keys)
def _added(context: Context, data: Any, event: RecordedEvent) -> None:
    contact = Contact(
        **_details(data),
        contact_id=data.contact_id,
        client_id=data.client_id,
        number=data.number,
        external_id=data.external_id,
        added_at=event.occurred_at,
        imputed=event.imputed,
        owner_id=_owner(context, data.client_id),
        changed_at=event.occurred_at,
        version=event.version,
    )
    _put(context, contact)


@CONTACTS.on(ContactChanged, keys=_keys)
def _changed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, **_details(data))


@CONTACTS.on(ContactRemoved, keys=_keys)
def _removed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=event.occurred_at)


@CONTACTS.on(ContactRestored, keys=_keys)
def _restored(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, removed_at=None)
