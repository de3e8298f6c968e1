"""A converted lead becomes a potential client, its contact person and, if a funnel was named, a deal (P16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.base import Command
from contracts.clients.commands import AddContact, AddNote, ChooseMainContact, RegisterClient
from contracts.clients.events import LeadConverted
from contracts.envelope import RecordedEvent
from contracts.ids import derived_id
from contracts.pipeline.commands import OpenDeal
from services.kit.reaction import Reaction


def react(data: Any, event: RecordedEvent) -> Sequence[Command]:
    """Return what is to be made of the lead, at the time it was converted; nothing if the person was erased since.

    A lead with a company makes a client of that name, and the person its main contact (P23); a lead converted to a
    person is that person. The message becomes the client's first note."""
    if not data.name:
        return []
    at = event.occurred_at
    phones = [data.phone] if data.phone else []
    as_company = bool(data.company) and data.client_kind == "company"
    name = data.company if as_company else data.name
    commands: list[Command] = [
        RegisterClient(
            at=at,
            client_id=data.client_id,
            kind=data.client_kind,
            name=name,
            email=data.email,
            phones=phones,
            source=data.source,
            owner_id=data.owner_id,
        )
    ]
    contact_ids: list[str] = []
    if as_company:
        contact_ids = [derived_id("contact", data.lead_id)]
        commands += [
            AddContact(
                at=at,
                contact_id=contact_ids[0],
                client_id=data.client_id,
                name=data.name,
                phones=phones,
                email=data.email,
            ),
            ChooseMainContact(at=at, client_id=data.client_id, contact_id=contact_ids[0]),
        ]
    if data.deal_id:
        commands.append(
            OpenDeal(
                at=at,
                deal_id=data.deal_id,
                client_id=data.client_id,
                contact_ids=contact_ids,
                owner_id=data.owner_id,
                funnel_id=data.funnel_id,
                stage_id=data.stage_id,
                title=name,
            )
        )
    if data.message:
        note_id = derived_id("note", data.lead_id)
        commands.append(AddNote(at=at, note_id=note_id, client_id=data.client_id, text=data.message))
    return commands


CONVERT_LEAD = Reaction("convert-lead", (LeadConverted,), react)
