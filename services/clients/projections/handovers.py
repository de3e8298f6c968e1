"""Contact persons and mentions go with their client to its new owner (P17); of very many, the rest is done in slices
(P2)."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.clients.events import ClientAssigned
from contracts.envelope import RecordedEvent
from services.clients.projections.contacts import hand_over as hand_over_contacts
from services.clients.projections.mentions import hand_over_mentions
from services.kit.documents import Collection
from services.kit.projection import Context, Projection


class Handover(msgspec.Struct, frozen=True):
    """Contact persons or mentions of this client may still be those of an owner before."""

    client_id: str
    from_owner: str | None

    @property
    def id(self) -> str:
        """One for each owner before."""
        return f"{self.client_id}:{self.from_owner or ''}"


HANDOVERS = Projection("handovers", 1, [Collection("handovers", Handover)])


@HANDOVERS.on(ClientAssigned)
def _assigned(context: Context, data: Any, _: RecordedEvent) -> None:
    if _slice(context, data.client_id, data.from_owner, data.to_owner):
        unfinished = Handover(data.client_id, data.from_owner)
        context.put("handovers", unfinished.id, unfinished)


def work(context: Context) -> bool:
    """Give one more slice of one client to the present owner; True: there is more to do."""
    unfinished = context.find("handovers", (), limit=2)
    if not unfinished:
        return False
    handover = unfinished[0]
    owner = context.get("clients", handover.client_id).owner_id
    if owner != handover.from_owner and _slice(context, handover.client_id, handover.from_owner, owner):
        return True
    context.delete("handovers", handover.id)
    return len(unfinished) > 1


def _slice(context: Context, client_id: str, from_owner: str | None, to_owner: str | None) -> bool:
    contacts_left = hand_over_contacts(context, client_id, from_owner, to_owner)
    return hand_over_mentions(context, client_id, from_owner, to_owner) or contacts_left
