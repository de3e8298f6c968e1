"""The clients service: who we work with."""

from __future__ import annotations

from functools import partial

from contracts.clients import commands as c
from services.clients import edge
from services.clients.api import QUERIES
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.clients.domain.lead import LEAD
from services.clients.domain.note import NOTE
from services.clients.projections import CLIENTS_GROUP
from services.clients.reactions.convert_lead import CONVERT_LEAD
from services.kit.service import Handles, Service

_client = partial(Handles, decider=CLIENT, key="client_id")
_CLIENTS = (
    _client("/clients", c.RegisterClient, creates=True, enrich=edge.register_client, numbered="client"),
    _client("/clients/{client_id}/details", c.ChangeClientDetails),
    _client("/clients/{client_id}/status", c.ChangeClientStatus),
    _client("/clients/{client_id}/temperature", c.ChangeClientTemperature),
    _client("/clients/{client_id}/terms", c.ChangeClientTerms),
    _client("/clients/{client_id}/owner", c.AssignClient, enrich=edge.assign_client),
    _client("/clients/{client_id}/lost", c.MarkClientLost),
    _client("/clients/{client_id}/return", c.ReturnClient),
    _client("/clients/{client_id}/archive", c.ArchiveClient),
    _client("/clients/{client_id}/restore", c.RestoreClient),
    _client("/clients/{client_id}/stage", c.MoveClient, enrich=edge.move_client),
    _client("/clients/{client_id}/main-contact", c.ChooseMainContact, enrich=edge.choose_main_contact),
    _client("/clients/{client_id}/erase", c.EraseClient),
)
_contact = partial(Handles, decider=CONTACT, key="contact_id")
_CONTACTS = (
    _contact("/contacts", c.AddContact, creates=True, enrich=edge.add_contact, numbered="contact"),
    _contact("/contacts/{contact_id}", c.ChangeContact),
    _contact("/contacts/{contact_id}/remove", c.RemoveContact),
)
_NOTES = (
    Handles("/notes", c.AddNote, NOTE, "note_id", creates=True, enrich=edge.add_note),
    Handles("/notes/{note_id}/text", c.EditNote, NOTE, "note_id"),
    Handles("/notes/{note_id}/priority", c.ChangeNotePriority, NOTE, "note_id"),
    Handles("/notes/{note_id}/remove", c.RemoveNote, NOTE, "note_id"),
    Handles("/notes/{note_id}/restore", c.RestoreNote, NOTE, "note_id"),
)
_LEADS = (
    Handles("/leads", c.CaptureLead, LEAD, "lead_id", creates=True, numbered="lead"),
    Handles("/leads/{lead_id}/take", c.TakeLead, LEAD, "lead_id", enrich=edge.take_lead),
    Handles("/leads/{lead_id}/convert", c.ConvertLead, LEAD, "lead_id", enrich=edge.convert_lead),
    Handles("/leads/{lead_id}/close", c.CloseLead, LEAD, "lead_id"),
)

SERVICE = Service(
    name="clients",
    handles=(*_CLIENTS, *_CONTACTS, *_NOTES, *_LEADS),
    projections=(CLIENTS_GROUP,),
    reactions=(CONVERT_LEAD,),
    queries=QUERIES,
)
