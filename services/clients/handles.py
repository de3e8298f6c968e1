"""The commands that the clients service takes: their routes, what each needs, and whose records it binds (P17)."""

from __future__ import annotations

from contracts.clients import commands as c
from services.clients import edge, rights
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.clients.domain.lead import LEAD
from services.clients.domain.note import NOTE
from services.kit.rights import needs
from services.kit.service import Handles

_CLIENTS = (
    Handles(
        "/clients",
        c.RegisterClient,
        CLIENT,
        "client_id",
        creates=True,
        enrich=edge.register_client,
        numbered="client",
        needs=needs("clients.write"),
        whose=rights.new_client,
    ),
    Handles(
        "/clients/{client_id}/details",
        c.ChangeClientDetails,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/status",
        c.ChangeClientStatus,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/temperature",
        c.ChangeClientTemperature,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/terms",
        c.ChangeClientTerms,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/owner",
        c.AssignClient,
        CLIENT,
        "client_id",
        enrich=edge.assign_client,
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/lost",
        c.MarkClientLost,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/return",
        c.ReturnClient,
        CLIENT,
        "client_id",
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/stage",
        c.MoveClient,
        CLIENT,
        "client_id",
        enrich=edge.move_client,
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/main-contact",
        c.ChooseMainContact,
        CLIENT,
        "client_id",
        enrich=edge.choose_main_contact,
        needs=needs("clients.write"),
        whose=rights.the_client,
    ),
    Handles(
        "/clients/{client_id}/erase",
        c.EraseClient,
        CLIENT,
        "client_id",
        needs=needs("clients.erase"),
        whose=rights.the_client,
    ),
)
_CONTACTS = (
    Handles(
        "/contacts",
        c.AddContact,
        CONTACT,
        "contact_id",
        creates=True,
        enrich=edge.add_contact,
        numbered="contact",
        needs=needs("clients.write"),
        whose=rights.named_client,
    ),
    Handles(
        "/contacts/{contact_id}",
        c.ChangeContact,
        CONTACT,
        "contact_id",
        needs=needs("clients.write"),
        whose=rights.the_contact,
    ),
    Handles(
        "/contacts/{contact_id}/remove",
        c.RemoveContact,
        CONTACT,
        "contact_id",
        needs=needs("clients.write"),
        whose=rights.the_contact,
    ),
)
_NOTES = (
    Handles(
        "/notes",
        c.AddNote,
        NOTE,
        "note_id",
        creates=True,
        enrich=edge.add_note,
        needs=needs("clients.write"),
        whose=rights.named_client,
    ),
    Handles("/notes/{note_id}/text", c.EditNote, NOTE, "note_id", needs=needs("clients.write"), whose=rights.the_note),
    Handles(
        "/notes/{note_id}/priority",
        c.ChangeNotePriority,
        NOTE,
        "note_id",
        needs=needs("clients.write"),
        whose=rights.the_note,
    ),
    Handles(
        "/notes/{note_id}/remove", c.RemoveNote, NOTE, "note_id", needs=needs("clients.write"), whose=rights.the_note
    ),
    Handles(
        "/notes/{note_id}/restore", c.RestoreNote, NOTE, "note_id", needs=needs("clients.write"), whose=rights.the_note
    ),
)
_LEADS = (
    Handles(
        "/leads", c.CaptureLead, LEAD, "lead_id", creates=True, numbered="lead", needs=needs("leads.write"), whose=None
    ),
    Handles(
        "/leads/{lead_id}/take",
        c.TakeLead,
        LEAD,
        "lead_id",
        enrich=edge.take_lead,
        needs=needs("leads.write"),
        whose=rights.taken_lead,
    ),
    Handles(
        "/leads/{lead_id}/convert",
        c.ConvertLead,
        LEAD,
        "lead_id",
        enrich=edge.convert_lead,
        needs=needs("leads.write", "clients.write"),
        whose=rights.the_lead,
    ),
    Handles("/leads/{lead_id}/close", c.CloseLead, LEAD, "lead_id", needs=needs("leads.write"), whose=rights.the_lead),
)


HANDLES = (*_CLIENTS, *_CONTACTS, *_NOTES, *_LEADS)
