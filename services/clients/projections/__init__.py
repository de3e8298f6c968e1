"""The read models of the clients service, folded together in one group."""

from __future__ import annotations

from services.clients.projections.clients import CLIENTS
from services.clients.projections.contacts import CONTACTS
from services.clients.projections.erasures import ERASURES, work
from services.clients.projections.last_note import LAST_NOTE
from services.clients.projections.leads import LEADS
from services.clients.projections.notes import NOTES
from services.kit.projection import Projection

# Notes stand before the last note: it is found among notes that are folded already.
CLIENTS_GROUP = Projection("clients", 2).include(NOTES, CONTACTS, CLIENTS, LAST_NOTE, LEADS, ERASURES)
CLIENTS_GROUP.work = work
