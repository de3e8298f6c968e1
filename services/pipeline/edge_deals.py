"""What a deal's commands need from elsewhere: funnel, client, owner, products, rate and costs of the day (DESIGN 4)."""

from __future__ import annotations

from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealLines,
    ChangeDealValue,
    MoveDeal,
    OpenDeal,
)
from contracts.problem import UnknownReference
from services.kit.handle import Meta
from services.kit.service import Desk
from services.pipeline.client_facts import existing_client
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.deal_state import Open
from services.pipeline.edge import check_employee, known_of, moment, stage_in
from services.pipeline.pricing import cost_deal, money_at


async def open_deal(desk: Desk, command: OpenDeal, _meta: Meta) -> OpenDeal:
    """Fill in stage, currency, rate, base value and costs of lines.

    Raises UnknownReference, Invalid, MissingRate."""
    known, at = known_of(desk), moment(desk, command)
    funnel = known.funnels.get(command.funnel_id)
    if funnel is None or funnel.subject != "deal":
        raise UnknownReference(f"there is no deal funnel {command.funnel_id}", field="funnel_id")
    stage_id = stage_in(funnel, command.stage_id)
    if command.client_id is not None:
        await existing_client(desk, command.client_id)
    check_employee(desk, command.owner_id)
    lines = cost_deal(known, command.lines, at=at, kept={})
    currency, rate, base_value = command.currency or known.base_currency(), "1", 0
    if command.value:
        money = money_at(known, command.currency, at)
        currency, rate, base_value = money.currency, money.rate, money.in_base(command.value, field="value")
    return command.model_copy(
        update={
            "stage_id": stage_id,
            "lines": lines,
            "currency": currency,
            "rate": rate,
            "base_value": base_value,
        }
    )


async def move_deal(desk: Desk, command: MoveDeal, _meta: Meta) -> MoveDeal:
    """Check that the stage is of the deal's funnel; convert a new value.

    Raises UnknownReference (stage_id), Invalid, MissingRate."""
    deal = (await desk.handler.load(DEAL, command.deal_id)).state
    if not isinstance(deal, Open):
        return command
    funnel = known_of(desk).funnels.get(deal.funnel_id)
    if command.stage_id != deal.stage_id:
        if funnel is None:
            raise UnknownReference(f"the funnel {deal.funnel_id} is not known", field="stage_id")
        stage_in(funnel, command.stage_id)
    return command if command.value is None else command.model_copy(update=_valued(desk, command, deal))


async def change_value(desk: Desk, command: ChangeDealValue, _meta: Meta) -> ChangeDealValue:
    """Convert the value. Raises Invalid, MissingRate."""
    deal = (await desk.handler.load(DEAL, command.deal_id)).state
    return command.model_copy(update=_valued(desk, command, deal)) if isinstance(deal, Open) else command


def _valued(desk: Desk, command: MoveDeal | ChangeDealValue, deal: Open) -> dict[str, object]:
    """Return currency, rate and base value; those pinned in the deal if the value is no new one."""
    value, currency = command.value or 0, command.currency or deal.currency
    if (value, currency) == (deal.value, deal.currency):
        return {"currency": currency, "rate": deal.rate, "base_value": deal.base_value}
    if value == 0:
        return {"currency": currency, "rate": "1", "base_value": 0}
    money = money_at(known_of(desk), currency, moment(desk, command))
    return {
        "currency": money.currency,
        "rate": money.rate,
        "base_value": money.in_base(value, field="value"),
    }


async def change_lines(desk: Desk, command: ChangeDealLines, _meta: Meta) -> ChangeDealLines:
    """Pin the costs; a product that was in the deal keeps its cost. Raises UnknownReference (lines), MissingRate."""
    deal = (await desk.handler.load(DEAL, command.deal_id)).state
    if not isinstance(deal, Open):
        return command
    kept = {line.product_id: line for line in deal.lines}
    lines = cost_deal(known_of(desk), command.lines, at=moment(desk, command), kept=kept)
    return command.model_copy(update={"lines": lines})


async def assign_deal(desk: Desk, command: AssignDeal, _meta: Meta) -> AssignDeal:
    """Raise UnknownReference (owner_id) for an employee who does not exist."""
    check_employee(desk, command.owner_id)
    return command


async def change_client(desk: Desk, command: ChangeDealClient, _meta: Meta) -> ChangeDealClient:
    """Raise UnknownReference (client_id) for a client who does not exist or was erased."""
    if command.client_id is not None:
        await existing_client(desk, command.client_id)
    return command
