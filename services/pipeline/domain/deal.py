"""A deal: opened and moved along its funnel, back too (P6); what counts as won is a sales rule, not known here."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealContacts,
    ChangeDealLines,
    ChangeDealValue,
    DealCommand,
    MoveDeal,
    OpenDeal,
    TouchDeal,
)
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
from contracts.pipeline.facts import DealLine
from contracts.problem import AlreadyExists, Invalid, NotFound
from services.kit.decider import Decider
from services.pipeline.domain.deal_state import Deal, DealEvent, New, Open, evolve


def decide(command: DealCommand, deal: Deal) -> list[DealEvent]:
    """Raise AlreadyExists, NotFound, Invalid (lines, stage_id)."""
    match command, deal:
        case OpenDeal(), New():
            return [_opened(command)]
        case OpenDeal(), _:
            raise AlreadyExists(f"the deal {command.deal_id} is open already", field="deal_id")
        case _, New():
            raise NotFound(f"there is no deal {command.deal_id}", field="deal_id")
        case MoveDeal(), Open():
            return _moved(command, deal)
        case ChangeDealValue(), Open():
            return _value_changed(_valued(command, deal), deal)
        case ChangeDealLines(), Open():
            _check(command.lines)
            if tuple(command.lines) == deal.lines:
                return []
            return [DealLinesChanged(**deal.facts(), lines=command.lines)]
        case ChangeDealContacts(), Open():
            if tuple(command.contact_ids) == deal.contact_ids:
                return []
            return [DealContactsChanged(**replace(deal, contact_ids=tuple(command.contact_ids)).facts())]
        case AssignDeal(), Open():
            if command.owner_id == deal.owner_id:
                return []
            return [DealAssigned(**replace(deal, owner_id=command.owner_id).facts(), from_owner=deal.owner_id)]
        case TouchDeal(), Open():
            return [
                DealTouched(
                    deal_id=deal.deal_id, client_id=deal.client_id, funnel_id=deal.funnel_id, stage_id=deal.stage_id
                )
            ]
        case ChangeDealClient(), Open():
            return [] if command.client_id == deal.client_id else _handed_over(command.client_id, deal)
        case _:
            assert_never((command, deal))


def _opened(command: OpenDeal) -> DealOpened:
    if command.stage_id is None:
        raise Invalid("name the stage in which the deal begins", field="stage_id")
    _check(command.lines)
    return DealOpened(
        deal_id=command.deal_id,
        client_id=command.client_id,
        contact_ids=command.contact_ids,
        owner_id=command.owner_id,
        funnel_id=command.funnel_id,
        stage_id=command.stage_id,
        value=command.value,
        currency=command.currency,
        rate=command.rate,
        base_value=command.base_value,
        number=command.number,
        title=command.title,
        lines=command.lines,
        country=command.country,
        external_id=command.external_id,
    )


def _check(lines: list[DealLine]) -> None:
    if len(lines) > 1 and any(line.total is None for line in lines):
        raise Invalid("give each line its total: only a single line may stand for the whole value", field="lines")


def _valued(command: MoveDeal | ChangeDealValue, deal: Open) -> Open:
    """Return the deal with the command's value, or the same deal if that is no new one (P6)."""
    currency = command.currency or deal.currency
    if command.value is None or (command.value, currency) == (deal.value, deal.currency):
        return deal
    return replace(deal, value=command.value, currency=currency, rate=command.rate, base_value=command.base_value)


def _value_changed(valued: Open, deal: Open) -> list[DealEvent]:
    return [] if valued is deal else [DealValueChanged(**valued.facts(), lines=list(deal.lines))]


def _moved(command: MoveDeal, deal: Open) -> list[DealEvent]:
    """A new value is told first, so that the sale of a won stage has it from its first moment."""
    valued = _valued(command, deal)
    events = _value_changed(valued, deal)
    if command.stage_id != deal.stage_id:
        facts = replace(valued, stage_id=command.stage_id).facts()
        since = deal.visits[-1].entered_at
        events.append(DealStageChanged(**facts, from_stage=deal.stage_id, from_entered_at=since))
    return events


def _handed_over(client_id: str | None, deal: Open) -> list[DealEvent]:
    joined = DealJoinedClient(
        **replace(deal, client_id=client_id).facts(),
        number=deal.number,
        from_client=deal.client_id,
        title=deal.title,
        lines=list(deal.lines),
        country=deal.country,
        external_id=deal.external_id,
        opened_at=deal.opened_at,
        opened_imputed=deal.opened_imputed,
        touched_at=deal.touched_at,
        visits=list(deal.visits),
    )
    return [DealLeftClient(deal_id=deal.deal_id, client_id=deal.client_id, to_client=client_id), joined]


DEAL: Decider[DealCommand, Deal, DealEvent] = Decider("deal", New(), decide, evolve)
