"""Whose record a command changes or names: deals, orders and payments are their own owner's (P17)."""

from __future__ import annotations

from contracts.pipeline import commands as c
from contracts.problem import Invalid, NotFound, UnknownReference
from services.kit.rights import Reach
from services.kit.service import Desk
from services.pipeline.client_facts import client_facts
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.payment import PAYMENT


async def _deal_covered(desk: Desk, deal_id: str, reach: Reach) -> bool:
    return reach.covers(getattr((await desk.handler.load(DEAL, deal_id)).state, "owner_id", None))


async def _order_covered(desk: Desk, order_id: str, reach: Reach) -> bool:
    return reach.covers(getattr((await desk.handler.load(ORDER, order_id)).state, "owner_id", None))


async def _named_client(desk: Desk, client_id: str | None, reach: Reach) -> None:
    facts = None if client_id is None else await client_facts(desk, client_id)
    if client_id is not None and not reach.covers(facts.owner_id if facts else None):
        raise UnknownReference(f"there is no client {client_id}", field="client_id")


def _owner(owner_id: str | None, reach: Reach) -> None:
    if not reach.covers(owner_id):
        raise Invalid("must be an employee whose records you may work with, such as yourself", field="owner_id")


async def new_deal(desk: Desk, command: c.OpenDeal, reach: Reach) -> None:
    """Raise Invalid for an owner, UnknownReference for a client out of reach."""
    _owner(command.owner_id, reach)
    await _named_client(desk, command.client_id, reach)


async def the_deal(desk: Desk, command: c.DealCommand, reach: Reach) -> None:
    """Raise NotFound for a deal, UnknownReference for a client out of reach."""
    if not await _deal_covered(desk, command.deal_id, reach):
        raise NotFound(f"there is no deal {command.deal_id}", field="deal_id")
    if isinstance(command, c.ChangeDealClient):
        await _named_client(desk, command.client_id, reach)


async def new_order(desk: Desk, command: c.PlaceOrder, reach: Reach) -> None:
    """Raise Invalid for an owner, UnknownReference for a client or deal out of reach."""
    _owner(command.owner_id, reach)
    await _named_client(desk, command.client_id, reach)
    if command.deal_id is not None and not await _deal_covered(desk, command.deal_id, reach):
        raise UnknownReference(f"there is no deal {command.deal_id}", field="deal_id")


async def the_order(desk: Desk, command: c.OrderCommand, reach: Reach) -> None:
    """Raise NotFound for an order, UnknownReference for a client out of reach."""
    if not await _order_covered(desk, command.order_id, reach):
        raise NotFound(f"there is no order {command.order_id}", field="order_id")
    if isinstance(command, c.ChangeOrderClient):
        await _named_client(desk, command.client_id, reach)


async def new_payment(desk: Desk, command: c.ReceivePayment, reach: Reach) -> None:
    """Raise UnknownReference for a client or order out of reach."""
    await _named_client(desk, command.client_id, reach)
    if command.order_id is not None and not await _order_covered(desk, command.order_id, reach):
        raise UnknownReference(f"there is no order {command.order_id}", field="order_id")


async def the_payment(desk: Desk, command: c.ReversePayment | c.ChangePaymentClient, reach: Reach) -> None:
    """Raise NotFound for a payment, UnknownReference for a client out of reach."""
    if not reach.covers(getattr((await desk.handler.load(PAYMENT, command.payment_id)).state, "owner_id", None)):
        raise NotFound(f"there is no payment {command.payment_id}", field="payment_id")
    if isinstance(command, c.ChangePaymentClient):
        await _named_client(desk, command.client_id, reach)
