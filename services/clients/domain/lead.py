"""A lead (P16): an enquiry that is captured (new), taken (in work), then converted to a client or closed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.base import ENVELOPE_FIELDS
from contracts.clients.commands import CaptureLead, CloseLead, ConvertLead, LeadCommand, TakeLead
from contracts.clients.events import LeadCaptured, LeadClosed, LeadConverted, LeadTaken
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.kit.decider import Decider

LeadEvent = LeadCaptured | LeadTaken | LeadConverted | LeadClosed
_DETAILS = tuple(sorted(set(LeadCaptured.model_fields) - ENVELOPE_FIELDS - {"lead_id", "number"}))


@dataclass(frozen=True, slots=True)
class New:
    """There is no such lead yet."""


@dataclass(frozen=True, slots=True)
class Open:
    """Status new while nobody owns it, then in work (S0.11)."""

    details: Mapping[str, Any]
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """Converted, or closed without a client."""


Lead = New | Open | Closed


def decide(command: LeadCommand, lead: Lead) -> list[LeadEvent]:
    """Return what the command makes happen. Raises AlreadyExists, NotFound, IllegalMove."""
    match command, lead:
        case CaptureLead(), New():
            return [LeadCaptured(**command.model_dump(exclude={"at"}))]
        case CaptureLead(lead_id=id), _:
            raise AlreadyExists(f"there is a lead {id} already", field="lead_id")
        case _, New():
            raise NotFound(f"there is no lead {command.lead_id}", field="lead_id")
        case _, Closed():
            raise IllegalMove("the lead is closed; capture a new one", field="lead_id")
        case TakeLead(owner_id=owner), Open() if owner == lead.owner_id:
            return []
        case TakeLead(lead_id=id, owner_id=owner), Open():
            return [LeadTaken(lead_id=id, owner_id=owner)]
        case ConvertLead(), Open():
            return [_converted(command, lead)]
        case CloseLead(lead_id=id, reason=reason), Open():
            return [LeadClosed(lead_id=id, reason=reason)]
        case _:
            assert_never((command, lead))


def _converted(command: ConvertLead, lead: Open) -> LeadConverted:
    """Return the conversion, with all that a client and a deal need; who converts without an owner keeps the lead's."""
    if command.client_id is None:
        raise Invalid("the id of the client to be made is missing", field="client_id")
    return LeadConverted(
        **lead.details,
        lead_id=command.lead_id,
        client_id=command.client_id,
        client_kind=command.client_kind,
        owner_id=command.owner_id or lead.owner_id,
        deal_id=command.deal_id,
        funnel_id=command.funnel_id,
        stage_id=command.stage_id,
    )


def evolve(lead: Lead, event: LeadEvent) -> Lead:
    """Return the lead after the event."""
    match lead, event:
        case New(), LeadCaptured():
            return Open({name: getattr(event, name) for name in _DETAILS})
        case Open(), LeadTaken(owner_id=owner):
            return replace(lead, owner_id=owner)
        case Open(), LeadConverted() | LeadClosed():
            return Closed()
        case _:
            return lead


LEAD: Decider[LeadCommand, Lead, LeadEvent] = Decider("lead", New(), decide, evolve)
