"""The commands that the clients service takes: their routes, what each needs, and whose records it binds (P17)."""

from __future__ import annotations

from functools import partial

from contracts.clients import commands as c
from services.clients import edge, edge_notes, rights
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.clients.domain.lead import LEAD
from services.clients.domain.mention import MENTION
from services.clients.domain.note import NOTE
from services.kit.rights import needs
from services.kit.service import Handles

_write = partial(Handles, needs=needs("clients.write"))
_client = partial(_write, decider=CLIENT, key="client_id", whose=rights.the_client)
_new_client = partial(_client, creates=True, whose=rights.new_client, numbered="client")
_contact = partial(_write, decider=CONTACT, key="contact_id", whose=rights.the_contact)
_new_contact = partial(_contact, creates=True, whose=rights.named_client, numbered="contact")
_note = partial(_write, decider=NOTE, key="note_id", whose=rights.the_note)
_mention = partial(
    Handles,
    decider=MENTION,
    key="note_id",
    enrich=edge_notes.own_mention,
    needs=needs("clients.read"),
    whose=rights.the_note,
)
_lead = partial(Handles, decider=LEAD, key="lead_id", needs=needs("leads.write"), whose=rights.the_lead)
HANDLES = (
    _new_client("/clients", c.RegisterClient, enrich=edge.register_client),
    _client("/clients/{client_id}/details", c.ChangeClientDetails),
    _client("/clients/{client_id}/status", c.ChangeClientStatus),
    _client("/clients/{client_id}/temperature", c.ChangeClientTemperature),
    _client("/clients/{client_id}/terms", c.ChangeClientTerms),
    _client("/clients/{client_id}/owner", c.AssignClient, enrich=edge.assign_client),
    _client("/clients/{client_id}/tag", c.TagClient),
    _client("/clients/{client_id}/untag", c.UntagClient),
    _client("/clients/{client_id}/lost", c.MarkClientLost),
    _client("/clients/{client_id}/return", c.ReturnClient),
    _client("/clients/{client_id}/archive", c.ArchiveClient),
    _client("/clients/{client_id}/restore", c.RestoreClient),
    _client("/clients/{client_id}/stage", c.MoveClient, enrich=edge.move_client),
    _client("/clients/{client_id}/main-contact", c.ChooseMainContact, enrich=edge.choose_main_contact),
    _client("/clients/{client_id}/erase", c.EraseClient, needs=needs("clients.erase")),
    _new_contact("/contacts", c.AddContact, enrich=edge.add_contact),
    _contact("/contacts/{contact_id}", c.ChangeContact),
    _contact("/contacts/{contact_id}/remove", c.RemoveContact),
    _contact("/contacts/{contact_id}/restore", c.RestoreContact, enrich=edge.restore_contact),
    _note("/notes", c.AddNote, creates=True, enrich=edge_notes.add_note, whose=rights.named_client),
    _note("/notes/{note_id}/text", c.EditNote, enrich=edge_notes.edit_note),
    _note("/notes/{note_id}/priority", c.ChangeNotePriority),
    _note("/notes/{note_id}/remove", c.RemoveNote),
    _note("/notes/{note_id}/restore", c.RestoreNote),
    _mention("/mentions/{note_id}/read", c.ReadMention),
    _mention("/mentions/{note_id}/unread", c.UnreadMention),
    _lead("/leads", c.CaptureLead, creates=True, numbered="lead", whose=None),
    _lead("/leads/{lead_id}/take", c.TakeLead, enrich=edge.take_lead, whose=rights.taken_lead),
    _lead(
        "/leads/{lead_id}/convert",
        c.ConvertLead,
        enrich=edge.convert_lead,
        needs=needs("leads.write", "clients.write"),
    ),
    _lead("/leads/{lead_id}/close", c.CloseLead),
)
