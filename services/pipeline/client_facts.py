"""The little of a client that this service's edge needs, read from the client's stream."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.clients.events import ClientAssigned, ClientErased, ClientRegistered, ClientTermsChanged
from contracts.problem import UnknownReference
from services.kit.service import Desk

_TYPES = frozenset({ClientRegistered.type, ClientTermsChanged.type, ClientAssigned.type, ClientErased.type})


@dataclass
class ClientFacts:
    """`discount` in percent, decimal text; `currency` is the one of the client's order page."""

    owner_id: str | None = None
    discount: str = "0"
    currency: str | None = None
    erased: bool = False


async def client_facts(desk: Desk, client_id: str) -> ClientFacts | None:
    """Return what is true of the client now; None if there is no such client."""
    facts: ClientFacts | None = None
    events = [event for event in await desk.handler.store.read(f"client-{client_id}") if event.type in _TYPES]
    async with desk.codec.holding(events):
        decoded = [(event, desk.codec.decode(event)) for event in events]
    for event, data in decoded:
        facts = facts or ClientFacts()
        if event.type == ClientRegistered.type:
            facts.owner_id, facts.discount, facts.currency = data.owner_id, data.discount, data.currency
        elif event.type == ClientTermsChanged.type:
            facts.discount, facts.currency = data.discount, data.currency
        elif event.type == ClientAssigned.type:
            facts.owner_id = data.to_owner
        else:
            facts.erased = True
    return facts


async def existing_client(desk: Desk, client_id: str) -> ClientFacts:
    """Return the facts of a client that one may work with. Raises UnknownReference (client_id)."""
    facts = await client_facts(desk, client_id)
    if facts is None:
        raise UnknownReference(f"there is no client {client_id}", field="client_id")
    if facts.erased:
        raise UnknownReference(f"the data of client {client_id} was erased", field="client_id")
    return facts
