"""The read models of the clients service, folded together in one group."""

from __future__ import annotations

from services.clients.projections.clients import CLIENTS
from services.clients.projections.contacts import CONTACTS
from services.clients.projections.erasures import ERASURES
from services.clients.projections.erasures import work as blank
from services.clients.projections.handovers import HANDOVERS
from services.clients.projections.handovers import work as hand_over
from services.clients.projections.last_note import LAST_NOTE
from services.clients.projections.leads import LEADS
from services.clients.projections.mentions import MENTIONS
from services.clients.projections.notes import NOTES
from services.kit.projection import Context, Projection

# Mentions stand before notes: what is new is told by what a note was before. Notes stand before the last note: it is
# found among notes that are folded already.
CLIENTS_GROUP = Projection("clients", 7).include(
    MENTIONS, NOTES, CONTACTS, CLIENTS, LAST_NOTE, LEADS, ERASURES, HANDOVERS
)


def _work(context: Context) -> bool:
    """Do a slice of what is unfinished: erasures first."""
    return blank(context) or hand_over(context)


CLIENTS_GROUP.work = _work
