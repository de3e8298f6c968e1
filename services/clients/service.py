"""The clients service: who we work with."""

from __future__ import annotations

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

_CLIENTS = (
    Handles(
        "/clients", c.RegisterClient, CLIENT, "client_id", creates=True, enrich=edge.register_client, numbered="client"
    ),
    Handles("/clients/{client_id}/details", c.ChangeClientDetails, CLIENT, "client_id"),
    Handles("/clients/{client_id}/status", c.ChangeClientStatus, CLIENT, "client_id"),
    Handles("/clients/{client_id}/temperature", c.ChangeClientTemperature, CLIENT, "client_id"),
    Handles("/clients/{client_id}/terms", c.ChangeClientTerms, CLIENT, "client_id"),
    Handles("/clients/{client_id}/owner", c.AssignClient, CLIENT, "client_id", enrich=edge.assign_client),
    Handles("/clients/{client_id}/lost", c.MarkClientLost, CLIENT, "client_id"),
    Handles("/clients/{client_id}/return", c.ReturnClient, CLIENT, "client_id"),
    Handles("/clients/{client_id}/stage", c.MoveClient, CLIENT, "client_id", enrich=edge.move_client),
    Handles(
        "/clients/{client_id}/main-contact", c.ChooseMainContact, CLIENT, "client_id", enrich=edge.choose_main_contact
    ),
    Handles("/clients/{client_id}/erase", c.EraseClient, CLIENT, "client_id"),
)
_CONTACTS = (
    Handles(
        "/contacts", c.AddContact, CONTACT, "contact_id", creates=True, enrich=edge.add_contact, numbered="contact"
    ),
    Handles("/contacts/{contact_id}", c.ChangeContact, CONTACT, "contact_id"),
    Handles("/contacts/{contact_id}/remove", c.RemoveContact, CONTACT, "contact_id"),
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
