"""What happened to clients, contact persons, notes and leads; version 1."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from contracts.base import PERSONAL, Day, Event, Id, Line, Minor, Model, Name, Ordinal, Percent, Rate, Text
from contracts.money import Currency

ClientKind = Literal["company", "person"]
ClientStatus = Literal["current", "potential"]
Temperature = Literal["hot", "warm", "cold", "not_interested"]
Priority = Literal["high", "medium", "none"]
Language = Literal["en", "uk", "ru"]


class _OfClient(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id",)
    sealed_under: ClassVar[tuple[str, ...]] = ("client_id",)
    client_id: Id


class _Details(_OfClient):
    """The whole of a client's details (S3.11 to S3.15), as they are after the event."""

    kind: ClientKind
    name: Annotated[Name, PERSONAL]
    tax_id: Annotated[Line | None, PERSONAL] = None
    email: Annotated[Line | None, PERSONAL] = None
    phones: Annotated[list[Line], PERSONAL] = []
    address: Annotated[Line | None, PERSONAL] = None
    birthday: Annotated[Day | None, PERSONAL] = None
    links: Annotated[list[Line], PERSONAL] = []
    country: Line | None = None
    city: Line | None = None
    category: Line | None = None
    segment: Line | None = None
    business_type: Line | None = None
    source: Line | None = None
    tags: list[Line] = []


class ClientRegistered(_Details):
    """A client came to be; `imputed` when the day is not known (left out of "new clients", P22)."""

    type = "clients.ClientRegistered.v1"
    number: int
    status: ClientStatus = "potential"
    temperature: Temperature | None = None
    discount: Percent = "0"
    currency: Currency | None = None
    language: Language | None = None
    owner_id: Id | None = None
    external_id: Annotated[Line | None, PERSONAL] = None


class ClientDetailsChanged(_Details):
    type = "clients.ClientDetailsChanged.v1"


class ClientStatusChanged(_OfClient):
    type = "clients.ClientStatusChanged.v1"
    from_status: ClientStatus
    to_status: ClientStatus


class ClientTemperatureChanged(_OfClient):
    type = "clients.ClientTemperatureChanged.v1"
    from_temperature: Temperature | None = None
    to_temperature: Temperature | None = None


class ClientTermsChanged(_OfClient):
    """The terms after the event: discount in percent, currency and language of the order page (S3.18, S3.19)."""

    type = "clients.ClientTermsChanged.v1"
    discount: Percent
    currency: Currency | None = None
    language: Language | None = None


class ClientAssigned(_OfClient):
    type = "clients.ClientAssigned.v1"
    from_owner: Id | None = None
    to_owner: Id | None = None


class ClientMarkedLost(_OfClient):
    type = "clients.ClientMarkedLost.v1"
    reason: Annotated[Text, PERSONAL] = ""


class ClientReturned(_OfClient):
    type = "clients.ClientReturned.v1"


class ClientArchived(_OfClient):
    """Put away: out of lists, not out of numbers; restoring is one click (X10)."""

    type = "clients.ClientArchived.v1"


class ClientRestored(_OfClient):
    """Taken back from the archive."""

    type = "clients.ClientRestored.v1"


class ClientStageChanged(_OfClient):
    """The client entered a stage of a client funnel (P20); `from_stage` None: its first there."""

    type = "clients.ClientStageChanged.v1"
    funnel_id: Id
    from_stage: Id | None = None
    to_stage: Id
    from_entered_at: int | None = None
    owner_id: Id | None = None
    value: Minor = 0
    currency: Currency | None = None
    rate: Rate = "1"
    base_value: Minor = 0
    expected_on: Day | None = None


class ClientErased(_OfClient):
    """The keys of the client and of all it owns are destroyed after this (X10); totals stay."""

    type = "clients.ClientErased.v1"
    contact_ids: list[Id] = []


class MainContactChosen(_OfClient):
    type = "clients.MainContactChosen.v1"
    contact_id: Id


class _OfContact(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id",)
    sealed_under: ClassVar[tuple[str, ...]] = ("contact_id",)
    owned_by: ClassVar[str | None] = "client_id"
    contact_id: Id
    client_id: Id


class _ContactDetails(_OfContact):
    name: Annotated[Name, PERSONAL]
    position: Annotated[Line | None, PERSONAL] = None
    phones: Annotated[list[Line], PERSONAL] = []
    email: Annotated[Line | None, PERSONAL] = None
    telegram: Annotated[Line | None, PERSONAL] = None
    birthday: Annotated[Day | None, PERSONAL] = None


class ContactAdded(_ContactDetails):
    type = "clients.ContactAdded.v1"
    number: int
    external_id: Annotated[Line | None, PERSONAL] = None


class ContactChanged(_ContactDetails):
    type = "clients.ContactChanged.v1"


class ContactRemoved(_OfContact):
    """Gone from lists, not destroyed; deals and orders that name it keep it."""

    type = "clients.ContactRemoved.v1"


class ContactRestored(_OfContact):
    """There again as it was when it was removed."""

    type = "clients.ContactRestored.v1"


class _OfNote(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("client_id",)
    sealed_under: ClassVar[tuple[str, ...]] = ("client_id",)
    note_id: Id
    client_id: Id


class Mention(Model):
    """An employee named in a text: `length` signs from `start` on (Unicode code points, from 0), the first of them `@`.

    The text there is the name as it was when it was written; whom it means stays when the name changes."""

    employee_id: Id
    start: Ordinal
    length: Ordinal


class NoteAdded(_OfNote):
    type = "clients.NoteAdded.v1"
    text: Annotated[Text, PERSONAL]
    mentions: Annotated[list[Mention], PERSONAL] = []
    priority: Priority = "none"
    about: Id | None = None
    """The deal or order the note is about, if any."""
    external_id: Annotated[Line | None, PERSONAL] = None


class NoteEdited(_OfNote):
    """Text and mentions after the event."""

    type = "clients.NoteEdited.v1"
    text: Annotated[Text, PERSONAL]
    mentions: Annotated[list[Mention], PERSONAL] = []


class NotePriorityChanged(_OfNote):
    type = "clients.NotePriorityChanged.v1"
    from_priority: Priority
    to_priority: Priority


class NoteRemoved(_OfNote):
    """Hidden, not destroyed; restoring is one click (P12)."""

    type = "clients.NoteRemoved.v1"


class NoteRestored(_OfNote):
    type = "clients.NoteRestored.v1"


class _OfMention(_OfNote):
    """A note's mention of this employee; kept apart from the note, which it does not change."""

    employee_id: Id


class MentionRead(_OfMention):
    type = "clients.MentionRead.v1"


class MentionUnread(_OfMention):
    """It is as if it had not been read."""

    type = "clients.MentionUnread.v1"


class _OfLead(Event):
    key_fields: ClassVar[tuple[str, ...]] = ("lead_id",)
    sealed_under: ClassVar[tuple[str, ...]] = ("lead_id",)
    lead_id: Id


class _LeadDetails(_OfLead):
    name: Annotated[Name, PERSONAL]
    company: Annotated[Line | None, PERSONAL] = None
    phone: Annotated[Line | None, PERSONAL] = None
    email: Annotated[Line | None, PERSONAL] = None
    message: Annotated[Text, PERSONAL] = ""
    source: Line | None = None


class LeadCaptured(_LeadDetails):
    """An enquiry, no client yet (P16). Status: new."""

    type = "clients.LeadCaptured.v1"
    number: int


class LeadTaken(_OfLead):
    """Status: in work."""

    type = "clients.LeadTaken.v1"
    owner_id: Id


class LeadConverted(_LeadDetails):
    """Became a potential client and, if a funnel was named, a deal; carries all that these need. Status: closed."""

    type = "clients.LeadConverted.v1"
    owned_by: ClassVar[str | None] = "client_id"
    client_id: Id
    client_kind: ClientKind = "company"
    owner_id: Id | None = None
    deal_id: Id | None = None
    funnel_id: Id | None = None
    stage_id: Id | None = None


class LeadClosed(_OfLead):
    """Closed without a client. Status: closed."""

    type = "clients.LeadClosed.v1"
    reason: Annotated[Text, PERSONAL] = ""
