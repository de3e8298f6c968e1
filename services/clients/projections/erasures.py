"""Erased clients with more contact persons, notes and mentions than one event may blank (X10): the rest is done in
slices."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.clients.events import ClientErased
from contracts.envelope import RecordedEvent
from services.clients.projections.contacts import erase_contacts
from services.clients.projections.mentions import erase_mentions
from services.clients.projections.notes import erase_notes
from services.kit.documents import Collection
from services.kit.projection import Context, Projection


class Erasure(msgspec.Struct, frozen=True):
    """There is more to blank for this client, erased at this time (UTC ms)."""

    client_id: str
    at: int


ERASURES = Projection("erasures", 1, [Collection("erasures", Erasure)])


@ERASURES.on(ClientErased)
def _erased(context: Context, data: Any, event: RecordedEvent) -> None:
    if _slice(context, data.client_id, event.occurred_at):
        context.put("erasures", data.client_id, Erasure(data.client_id, event.occurred_at))


def work(context: Context) -> bool:
    """Blank one more slice of one erased client; True: there is more to do."""
    unfinished = context.find("erasures", (), limit=2)
    if not unfinished:
        return False
    erasure = context.get("erasures", unfinished[0].client_id)
    if _slice(context, erasure.client_id, erasure.at):
        return True
    context.delete("erasures", erasure.client_id)
    return len(unfinished) > 1


def _slice(context: Context, client_id: str, at: int) -> bool:
    contacts_left = erase_contacts(context, client_id, at)
    mentions_left = erase_mentions(context, client_id)
    return erase_notes(context, client_id, at) or contacts_left or mentions_left
