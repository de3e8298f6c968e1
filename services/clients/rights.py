"""Whose record a command changes or names: contact persons and notes are their client's owner's (P17)."""

from __future__ import annotations

from contracts.clients import commands as c
from contracts.problem import Invalid, NotFound, UnknownReference
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.clients.domain.contact import Removed as RemovedContact
from services.clients.domain.lead import LEAD
from services.clients.domain.note import NOTE
from services.clients.domain.note import Removed as RemovedNote
from services.kit.rights import Reach
from services.kit.service import Desk

OfClient = (
    c.ChangeClientDetails
    | c.ChangeClientStatus
    | c.ChangeClientTemperature
    | c.ChangeClientTerms
    | c.AssignClient
    | c.TagClient
    | c.UntagClient
    | c.MarkClientLost
    | c.ReturnClient
    | c.ArchiveClient
    | c.RestoreClient
    | c.MoveClient
    | c.ChooseMainContact
    | c.EraseClient
)


async def _covered(desk: Desk, client_id: str, reach: Reach) -> bool:
    """Tell whether the client is there and within reach."""
    state = (await desk.handler.load(CLIENT, client_id)).state
    return reach.covers(getattr(state, "owner_id", None))


async def new_client(_: Desk, command: c.RegisterClient, reach: Reach) -> None:
    """Raise Invalid for an owner out of reach."""
    check_owner(command.owner_id, reach)


def check_owner(owner_id: str | None, reach: Reach) -> None:
    """Raise Invalid if what is made or taken would be out of the caller's reach."""
    if not reach.covers(owner_id):
        raise Invalid("must be an employee whose records you may work with, such as yourself", field="owner_id")


async def the_client(desk: Desk, command: OfClient, reach: Reach) -> None:
    """Raise NotFound for a client out of reach."""
    if not await _covered(desk, command.client_id, reach):
        raise NotFound(f"there is no client {command.client_id}", field="client_id")


async def named_client(desk: Desk, command: c.AddContact | c.AddNote, reach: Reach) -> None:
    """Raise UnknownReference for a client out of reach."""
    if not await _covered(desk, command.client_id, reach):
        raise UnknownReference(f"there is no client {command.client_id}", field="client_id")


async def the_contact(desk: Desk, command: c.ChangeContact | c.RemoveContact | c.RestoreContact, reach: Reach) -> None:
    """Raise NotFound for a contact person of a client out of reach."""
    state = (await desk.handler.load(CONTACT, command.contact_id)).state
    client_id = getattr(state.contact if isinstance(state, RemovedContact) else state, "client_id", None)
    if client_id is not None and not await _covered(desk, client_id, reach):
        raise NotFound(f"there is no contact {command.contact_id}", field="contact_id")


async def the_note(
    desk: Desk,
    command: c.EditNote | c.ChangeNotePriority | c.RemoveNote | c.RestoreNote | c.ReadMention | c.UnreadMention,
    reach: Reach,
) -> None:
    """Raise NotFound for a note on a client out of reach."""
    state = (await desk.handler.load(NOTE, command.note_id)).state
    client_id = getattr(state.note if isinstance(state, RemovedNote) else state, "client_id", None)
    if client_id is not None and not await _covered(desk, client_id, reach):
        raise NotFound(f"there is no note {command.note_id}", field="note_id")


async def taken_lead(desk: Desk, command: c.TakeLead, reach: Reach) -> None:
    """Raise NotFound for a lead that somebody out of reach took, Invalid for a new owner out of reach."""
    await the_lead(desk, command, reach)
    check_owner(command.owner_id, reach)


async def the_lead(desk: Desk, command: c.TakeLead | c.ConvertLead | c.CloseLead, reach: Reach) -> None:
    """Raise NotFound for a lead that somebody out of reach took; a new one is everybody's."""
    owner_id = getattr((await desk.handler.load(LEAD, command.lead_id)).state, "owner_id", None)
    if owner_id is not None and not reach.covers(owner_id):
        raise NotFound(f"there is no lead {command.lead_id}", field="lead_id")
    if isinstance(command, c.ConvertLead) and command.owner_id is not None:
        check_owner(command.owner_id, reach)
