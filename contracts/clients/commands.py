"""What may be asked of clients, contacts, notes and leads. Each command names one stream by its first id field."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.base import EDGE, Command, Day, Id, Line, MinorPositive, Name, Percent, Rate, Text
from contracts.clients.events import ClientKind, ClientStatus, Language, Mention, Priority, Temperature
from contracts.money import Currency

Mentions = Annotated[list[Mention], Field(max_length=50)]


class _Details(Command):
    client_id: Id
    kind: ClientKind = "company"
    name: Name
    tax_id: Line | None = None
    email: Line | None = None
    phones: list[Line] = []
    address: Line | None = None
    birthday: Day | None = None
    links: list[Line] = []
    country: Line | None = None
    city: Line | None = None
    category: Line | None = None
    segment: Line | None = None
    business_type: Line | None = None
    source: Line | None = None
    tags: list[Line] = []


class RegisterClient(_Details):
    """Make a client (S3.10). `notes` of S3.15 are added by AddNote."""

    status: ClientStatus = "potential"
    temperature: Temperature | None = None
    discount: Percent = "0"
    currency: Currency | None = None
    language: Language | None = None
    owner_id: Id | None = None
    number: Annotated[int, EDGE] = 0
    external_id: Annotated[Line | None, EDGE] = None


class ChangeClientDetails(_Details):
    """Replace all details."""


class ChangeClientStatus(Command):
    client_id: Id
    status: ClientStatus


class ChangeClientTemperature(Command):
    client_id: Id
    temperature: Temperature | None


class ChangeClientTerms(Command):
    client_id: Id
    discount: Percent
    currency: Currency | None = None
    language: Language | None = None


class AssignClient(Command):
    client_id: Id
    owner_id: Id | None


class TagClient(Command):
    """Give a client one more tag; the others stay, also those given meanwhile."""

    client_id: Id
    tag: Name


class UntagClient(Command):
    """Take one tag from a client; the others stay."""

    client_id: Id
    tag: Name


class MarkClientLost(Command):
    client_id: Id
    reason: Text = ""


class ReturnClient(Command):
    client_id: Id


class ArchiveClient(Command):
    """Put a client away: out of lists, not out of numbers."""

    client_id: Id


class RestoreClient(Command):
    """Take a client back from the archive."""

    client_id: Id


class MoveClient(Command):
    """Move a client along a client funnel (P20); `value` is the expected or real sum in minor units."""

    client_id: Id
    funnel_id: Id
    stage_id: Id
    value: MinorPositive | None = None
    currency: Currency | None = None
    expected_on: Day | None = None
    rate: Annotated[Rate, EDGE] = "1"
    base_value: Annotated[int, EDGE] = 0


class ChooseMainContact(Command):
    """P23; the edge has checked that the contact is one of the client's."""

    client_id: Id
    contact_id: Id


class EraseClient(Command):
    """Destroy the client's personal data for good (X10)."""

    client_id: Id
    contact_ids: Annotated[list[Id], EDGE] = []


class _Contact(Command):
    contact_id: Id
    name: Name
    position: Line | None = None
    phones: list[Line] = []
    email: Line | None = None
    telegram: Line | None = None
    birthday: Day | None = None


class AddContact(_Contact):
    client_id: Id
    number: Annotated[int, EDGE] = 0
    external_id: Annotated[Line | None, EDGE] = None


class ChangeContact(_Contact):
    pass


class RemoveContact(Command):
    contact_id: Id


class RestoreContact(Command):
    """Bring back a contact person that was removed; the main one is the main one again, unless another was chosen."""

    contact_id: Id


class AddNote(Command):
    note_id: Id
    client_id: Id
    text: Text
    mentions: Mentions = []
    priority: Priority = "none"
    about: Id | None = None
    external_id: Annotated[Line | None, EDGE] = None


class EditNote(Command):
    """Text and mentions as they shall be: a mention that is left out is none any more."""

    note_id: Id
    text: Text
    mentions: Mentions = []


class ChangeNotePriority(Command):
    note_id: Id
    priority: Priority


class RemoveNote(Command):
    note_id: Id


class RestoreNote(Command):
    note_id: Id


class ReadMention(Command):
    """Say that one has read the note's mention of oneself."""

    note_id: Id
    client_id: Annotated[Id, EDGE] = "-"
    employee_id: Annotated[Id, EDGE] = "-"


class UnreadMention(Command):
    """Say that one has not read it after all."""

    note_id: Id
    client_id: Annotated[Id, EDGE] = "-"
    employee_id: Annotated[Id, EDGE] = "-"


class CaptureLead(Command):
    lead_id: Id
    name: Name
    company: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    message: Text = ""
    source: Line | None = None
    number: Annotated[int, EDGE] = 0


class TakeLead(Command):
    lead_id: Id
    owner_id: Id


class ConvertLead(Command):
    """Make a potential client of the lead and, if `funnel_id` is given, a deal (P16)."""

    lead_id: Id
    client_kind: ClientKind = "company"
    owner_id: Id | None = None
    funnel_id: Id | None = None
    stage_id: Id | None = None
    client_id: Annotated[Id | None, EDGE] = None
    deal_id: Annotated[Id | None, EDGE] = None


class CloseLead(Command):
    lead_id: Id
    reason: Text = ""


ClientCommand = (
    RegisterClient
    | ChangeClientDetails
    | ChangeClientStatus
    | ChangeClientTemperature
    | ChangeClientTerms
    | AssignClient
    | TagClient
    | UntagClient
    | MarkClientLost
    | ReturnClient
    | ArchiveClient
    | RestoreClient
    | MoveClient
    | ChooseMainContact
    | EraseClient
)
ContactCommand = AddContact | ChangeContact | RemoveContact | RestoreContact
MentionCommand = ReadMention | UnreadMention
NoteCommand = AddNote | EditNote | ChangeNotePriority | RemoveNote | RestoreNote
LeadCommand = CaptureLead | TakeLead | ConvertLead | CloseLead
