"""Leads (S0.10 to S0.12, P16). A converted lead keeps no personal field: the person is shown by its client (X10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.clients.events import LeadCaptured, LeadClosed, LeadConverted, LeadTaken
from contracts.envelope import RecordedEvent
from services.clients.projections.searchable import searchable
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """A lead; `status` is new, in_work or closed. Times are UTC ms."""

    lead_id: str
    number: int
    status: str
    name: str
    company: str | None
    phone: str | None
    email: str | None
    message: str
    source: str | None
    captured_at: int
    imputed: bool
    changed_at: int
    version: int
    owner_id: str | None = None
    closed_at: int | None = None
    close_reason: str = ""
    client_id: str | None = None
    """The client it became, if it was converted."""
    deal_id: str | None = None

    @property
    def name_key(self) -> str:
        """The name for sorting."""
        return self.name.casefold()

    @property
    def owner_key(self) -> str:
        """The owner, empty while nobody took it: by it one's own and new leads are found at once (P17)."""
        return self.owner_id or ""


def _text(lead: Lead) -> str:
    return searchable(lead.number, lead.name, lead.company, lead.email, phones=[lead.phone])


LEADS = Projection(
    "leads",
    1,
    [
        Collection(
            "leads",
            Lead,
            columns={
                "status": "text",
                "name_key": "text",
                "number": "int",
                "source": "text",
                "owner_id": "text",
                "owner_key": "text",
                "captured_at": "int",
                "changed_at": "int",
                "client_id": "text",
            },
            indexes=(
                ("status", "captured_at"),
                ("captured_at",),
                ("changed_at",),
                ("name_key",),
                ("number",),
                ("source", "captured_at"),
                ("owner_id", "captured_at"),
                ("client_id",),
            ),
            text=_text,
        )
    ],
)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield "leads", data.lead_id


def _change(context: Context, data: Any, event: RecordedEvent, **changes: Any) -> None:
    changes |= {"changed_at": event.occurred_at, "version": event.version}
    context.put("leads", data.lead_id, replace(context.get("leads", data.lead_id), **changes))


@LEADS.on(LeadCaptured, keys=_keys)
def _captured(context: Context, data: Any, event: RecordedEvent) -> None:
    lead = Lead(
        lead_id=data.lead_id,
        number=data.number,
        status="new",
        name=data.name,
        company=data.company,
        phone=data.phone,
        email=data.email,
        message=data.message,
        source=data.source,
        captured_at=event.occurred_at,
        imputed=event.imputed,
        changed_at=event.occurred_at,
        version=event.version,
    )
    context.put("leads", data.lead_id, lead)


@LEADS.on(LeadTaken, keys=_keys)
def _taken(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, status="in_work", owner_id=data.owner_id)


@LEADS.on(LeadConverted, keys=_keys)
def _converted(context: Context, data: Any, event: RecordedEvent) -> None:
    blank = {"name": "", "company": None, "phone": None, "email": None, "message": ""}
    became = {"owner_id": data.owner_id, "client_id": data.client_id, "deal_id": data.deal_id}
    _change(context, data, event, status="closed", closed_at=event.occurred_at, **became, **blank)


@LEADS.on(LeadClosed, keys=_keys)
def _closed(context: Context, data: Any, event: RecordedEvent) -> None:
    _change(context, data, event, status="closed", closed_at=event.occurred_at, close_reason=data.reason)
