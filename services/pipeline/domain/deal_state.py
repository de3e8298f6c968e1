"""What a deal is after its events: its value, its client, its stays in stages (P6). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.pipeline.events import (
    DealAssigned,
    DealContactsChanged,
    DealJoinedClient,
    DealLeftClient,
    DealLinesChanged,
    DealOpened,
    DealStageChanged,
    DealTouched,
    DealValueChanged,
)
from contracts.pipeline.facts import DealLine, Visit
from services.pipeline.domain.visits import entered, moved


@dataclass(frozen=True)
class New:
    """Not opened yet."""


@dataclass(frozen=True)
class Open:
    """A deal in a stage of its funnel. `value` in minor units of `currency`; times UTC ms."""

    deal_id: str
    client_id: str | None
    contact_ids: tuple[str, ...]
    owner_id: str | None
    funnel_id: str
    stage_id: str
    value: int
    currency: str | None
    rate: str
    base_value: int
    number: int
    title: str
    lines: tuple[DealLine, ...]
    country: str | None
    external_id: str | None
    opened_at: int
    opened_imputed: bool
    visits: tuple[Visit, ...]
    touched_at: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return what every deal event tells."""
        return {
            "deal_id": self.deal_id,
            "client_id": self.client_id,
            "contact_ids": list(self.contact_ids),
            "owner_id": self.owner_id,
            "funnel_id": self.funnel_id,
            "stage_id": self.stage_id,
            "value": self.value,
            "currency": self.currency,
            "rate": self.rate,
            "base_value": self.base_value,
        }


Deal = New | Open
DealEvent = (
    DealOpened
    | DealStageChanged
    | DealValueChanged
    | DealLinesChanged
    | DealContactsChanged
    | DealAssigned
    | DealTouched
    | DealLeftClient
    | DealJoinedClient
)


def evolve(deal: Deal, event: DealEvent) -> Deal:
    """Return the deal after the event."""
    match deal, event:
        case _, DealOpened():
            return _begun(event)
        case New(), _:
            return deal
        case Open(), DealStageChanged():
            return replace(deal, stage_id=event.stage_id, visits=moved(deal.visits, event.stage_id, event))
        case Open(), DealValueChanged():
            return replace(
                deal, value=event.value, currency=event.currency, rate=event.rate, base_value=event.base_value
            )
        case Open(), DealLinesChanged():
            return replace(deal, lines=tuple(event.lines))
        case Open(), DealContactsChanged():
            return replace(deal, contact_ids=tuple(event.contact_ids))
        case Open(), DealAssigned():
            return replace(deal, owner_id=event.owner_id)
        case Open(), DealTouched():
            return replace(deal, touched_at=event.occurred_at)
        case Open(), DealLeftClient():
            return deal
        case Open(), DealJoinedClient():
            # Its personal fields are under the new client's key, while the old one's may be destroyed (DESIGN 8).
            return replace(deal, client_id=event.client_id, title=event.title, external_id=event.external_id)
        case _:
            assert_never((deal, event))


def _begun(event: DealOpened) -> Open:
    return Open(
        deal_id=event.deal_id,
        client_id=event.client_id,
        contact_ids=tuple(event.contact_ids),
        owner_id=event.owner_id,
        funnel_id=event.funnel_id,
        stage_id=event.stage_id,
        value=event.value,
        currency=event.currency,
        rate=event.rate,
        base_value=event.base_value,
        number=event.number,
        title=event.title,
        lines=tuple(event.lines),
        country=event.country,
        external_id=event.external_id,
        opened_at=event.occurred_at,
        opened_imputed=event.imputed,
        visits=entered(event.stage_id, event),
    )
