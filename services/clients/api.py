"""What may be asked about clients, contact persons, notes and leads (S3.3 to S3.9, S1.15, S0.10)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from contracts.base import Id, Line
from contracts.clients.events import ClientStatus, Temperature
from services.clients.history import client_history, contact_history, note_history
from services.clients.mentions import mentions
from services.clients.projections.clients import RANKS, Client
from services.clients.projections.contacts import Contact
from services.clients.projections.leads import Lead
from services.clients.projections.notes import Note
from services.clients.within import note_within
from services.kit.context import matches
from services.kit.documents import Filter
from services.kit.query import (
    ListParams,
    NamesParams,
    One,
    Page,
    PageParams,
    Params,
    Reading,
    Sorts,
    Whose,
    equal,
    unless,
)
from services.kit.rights import needs
from services.kit.service import Query

_CLIENT_SORTS: Sorts = {
    "name": (("name_key", False),),
    "-name": (("name_key", True),),
    "number": (("number", False),),
    "-number": (("number", True),),
    "registered_at": (("registered_at", False),),
    "-registered_at": (("registered_at", True),),
    "-changed_at": (("changed_at", True),),
    "temperature": (("temperature_rank", False), ("name_key", False)),
    "-temperature": (("temperature_rank", True), ("name_key", False)),
    "status": (("status", False), ("name_key", False)),
    "-status": (("status", True), ("name_key", False)),
}
_CONTACT_SORTS: Sorts = {
    "name": (("name_key", False),),
    "-name": (("name_key", True),),
    "number": (("number", False),),
    "-number": (("number", True),),
    "-added_at": (("added_at", True),),
    "-changed_at": (("changed_at", True),),
}
_LEAD_SORTS: Sorts = {
    "-captured_at": (("captured_at", True),),
    "captured_at": (("captured_at", False),),
    "name": (("name_key", False),),
    "number": (("number", False),),
    "-number": (("number", True),),
    "-changed_at": (("changed_at", True),),
}


_Ids = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:,-]{1,13000}$")] | None
_IDS = Field(None, description="Only these, separated by commas, at most 200; without order, cursor and other filters.")


class ClientsParams(NamesParams):
    """Filters combine (S3.8). Temperature sorts hot, warm, cold, unknown, not interested, then by name (P28)."""

    sort: Literal[
        "name",
        "-name",
        "number",
        "-number",
        "registered_at",
        "-registered_at",
        "-changed_at",
        "temperature",
        "-temperature",
        "status",
        "-status",
    ] = "name"
    status: ClientStatus | None = None
    temperature: Temperature | None = None
    owner_id: Id | None = None
    category: Line | None = None
    segment: Line | None = None
    country: Line | None = None
    tag: Line | None = Field(None, description="One of the client's tags, as it is written there.")
    archived: bool = Field(False, description="Also show clients in the archive.")
    erased: bool = Field(False, description="Also show clients whose personal data was erased.")
    ids: _Ids = _IDS


class ClientParams(Params):
    """One client."""

    client_id: Id


class NotesParams(PageParams):
    """The notes of a client: by priority, then newest first (S3.23)."""

    client_id: Id
    removed: bool = Field(False, description="Also show removed notes (P12).")


class ClientContactsParams(PageParams):
    """The contact persons of a client, by name."""

    client_id: Id
    removed: bool = Field(False, description="Also show removed contact persons.")


class ContactsParams(NamesParams):
    """Contact persons of all clients."""

    sort: Literal["name", "-name", "number", "-number", "-added_at", "-changed_at"] = "name"
    client_id: Id | None = None
    removed: bool = Field(False, description="Also show removed contact persons.")
    erased: bool = Field(False, description="Also show those whose personal data was erased.")
    ids: _Ids = _IDS


class ContactParams(Params):
    """One contact person."""

    contact_id: Id


class NoteParams(Params):
    """One note."""

    note_id: Id


class LeadsParams(ListParams):
    """Leads, the newest first."""

    sort: Literal["-captured_at", "captured_at", "name", "number", "-number", "-changed_at"] = "-captured_at"
    status: Literal["new", "in_work", "closed"] | None = None
    source: Line | None = None
    owner_id: Id | None = None


class LeadParams(Params):
    """One lead."""

    lead_id: Id


async def clients(reading: Reading, params: ClientsParams) -> Page[Client]:
    """List clients. Searched by name, email, phone, tax number, address and #number; names tolerate a slip."""
    if params.ids is not None:
        return reading.page(await _these(reading, "clients", params.ids))
    where = equal(params, "status", "owner_id", "category", "segment", "country")
    if params.temperature is not None:
        where.append(Filter("temperature_rank", "=", RANKS[params.temperature]))
    if params.tag is not None:
        where.append(Filter("tag_words", "word", params.tag))
    where += unless(params.erased, "erased_at") + unless(params.archived, "archived_at")
    return await reading.find("clients", "clients", params, where, _CLIENT_SORTS[params.sort], whose=Whose.OWNER)


async def _these(reading: Reading, collection: str, ids: str) -> list[Any]:
    """Return the documents with these ids that are there and within reach; archived, removed and erased ones too."""
    wanted = [id for id in ids.split(",") if id][:200]
    found = await reading.reader.get_many(reading.groups["clients"], collection, wanted)
    within = reading.within(Whose.OWNER)
    return [row.document for row in found if all(matches(each, row.document) for each in within)]


async def client(reading: Reading, params: ClientParams) -> One[Client]:
    """Show a client."""
    return reading.one(await reading.get("clients", "clients", params.client_id, "client", whose=Whose.OWNER))


async def client_notes(reading: Reading, params: NotesParams) -> Page[Note]:
    """List a client's notes."""
    await reading.get("clients", "clients", params.client_id, "client", whose=Whose.OWNER)
    where = [Filter("client_id", "=", params.client_id), *unless(params.removed, "removed_at")]
    return await reading.find(
        "clients", "notes", params, where, [("priority_rank", False), ("added_at", True)], whose=Whose.ALL
    )


async def client_contacts(reading: Reading, params: ClientContactsParams) -> Page[Contact]:
    """List a client's contact persons."""
    await reading.get("clients", "clients", params.client_id, "client", whose=Whose.OWNER)
    where = [Filter("client_id", "=", params.client_id), *unless(params.removed, "removed_at")]
    return await reading.find("clients", "contacts", params, where, [("name_key", False)], whose=Whose.ALL)


async def contacts(reading: Reading, params: ContactsParams) -> Page[Contact]:
    """List contact persons. Searched by name, email, phone, Telegram and #number; names tolerate a slip."""
    if params.ids is not None:
        return reading.page(await _these(reading, "contacts", params.ids))
    where = [*equal(params, "client_id"), *unless(params.removed, "removed_at"), *unless(params.erased, "erased_at")]
    return await reading.find("clients", "contacts", params, where, _CONTACT_SORTS[params.sort], whose=Whose.OWNER)


async def contact(reading: Reading, params: ContactParams) -> One[Contact]:
    """Show a contact person."""
    return reading.one(await reading.get("clients", "contacts", params.contact_id, "contact", whose=Whose.OWNER))


async def note(reading: Reading, params: NoteParams) -> One[Note]:
    """Show a note, also a removed one."""
    return reading.one(await note_within(reading, params.note_id))


async def leads(reading: Reading, params: LeadsParams) -> Page[Lead]:
    """List leads. Searched by name, company, email, phone and #number."""
    where = equal(params, "status", "source", "owner_id")
    return await reading.find("clients", "leads", params, where, _LEAD_SORTS[params.sort], whose=Whose.OWNER_OR_NOBODY)


async def lead(reading: Reading, params: LeadParams) -> One[Lead]:
    """Show a lead."""
    return reading.one(await reading.get("clients", "leads", params.lead_id, "lead", whose=Whose.OWNER_OR_NOBODY))


_GROUPS = ("clients",)
QUERIES = (
    Query("/clients", _GROUPS, clients, needs=needs("clients.read")),
    Query("/clients/{client_id}", _GROUPS, client, needs=needs("clients.read")),
    Query("/clients/{client_id}/history", _GROUPS, client_history, needs=needs("clients.read")),
    Query("/clients/{client_id}/notes", _GROUPS, client_notes, needs=needs("clients.read")),
    Query("/clients/{client_id}/contacts", _GROUPS, client_contacts, needs=needs("clients.read")),
    Query("/contacts", _GROUPS, contacts, needs=needs("clients.read")),
    Query("/contacts/{contact_id}", _GROUPS, contact, needs=needs("clients.read")),
    Query("/contacts/{contact_id}/history", _GROUPS, contact_history, needs=needs("clients.read")),
    Query("/notes/{note_id}", _GROUPS, note, needs=needs("clients.read")),
    Query("/notes/{note_id}/history", _GROUPS, note_history, needs=needs("clients.read")),
    Query("/mentions", _GROUPS, mentions, needs=needs("clients.read")),
    Query("/leads", _GROUPS, leads, needs=needs("leads.read")),
    Query("/leads/{lead_id}", _GROUPS, lead, needs=needs("leads.read")),
)
