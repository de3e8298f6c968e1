"""What an order's commands need from elsewhere: funnel, client, prices, costs, the day's rate, legal moves (P15)."""

from __future__ import annotations

from contracts.ids import command_id
from contracts.pipeline.commands import (
    AssignOrder,
    ChangeOrderClient,
    ChangeOrderLines,
    ChangeOrderStatus,
    DefineFunnel,
    PlaceOrder,
    ShipOrder,
)
from contracts.problem import IllegalMove, Invalid, UnknownReference
from services.kit.handle import Meta
from services.kit.service import Desk
from services.pipeline.client_facts import existing_client
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.deal_state import Open
from services.pipeline.domain.funnel import FUNNEL
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.order_moves import CANCELLED, ORDERS, STATUSES, may_follow
from services.pipeline.domain.order_state import Placed
from services.pipeline.edge import check_branch, check_employee, known_of, moment, stage_in
from services.pipeline.known import KnownFunnel, KnownStage, PipelineKnown
from services.pipeline.pricing import Money, base_of, money_at, price_order

_SYSTEM = Meta("system", command_id("system", "default-order-funnel"), origin="system")


async def place_order(desk: Desk, command: PlaceOrder, meta: Meta) -> PlaceOrder:
    """Fill in funnel, status, currency, priced lines and sums in the base currency.

    Raises UnknownReference, Invalid, MissingRate."""
    known, at = known_of(desk), moment(desk, command)
    money = money_at(known, command.currency, at)
    client_id = command.client_id
    if command.deal_id is not None:
        deal = (await desk.handler.load(DEAL, command.deal_id)).state
        if not isinstance(deal, Open):
            raise UnknownReference(f"there is no deal {command.deal_id}", field="deal_id")
        client_id = client_id or deal.client_id
    if client_id is not None:
        await existing_client(desk, client_id)
    check_employee(desk, command.owner_id)
    check_branch(desk, command.branch)
    priced = price_order(known, command.lines, money, at=at, rates_at=at, kept={})
    funnel_id, funnel = _funnel_for(known, command.funnel_id)
    filled = command.model_copy(
        update={
            "client_id": client_id,
            "funnel_id": funnel_id,
            "status": stage_in(funnel, command.status, "status"),
            "currency": money.currency,
            "rate": money.rate,
            "priced": priced.lines,
            "total": priced.total,
            "base_total": priced.base_total,
            "base_cost": priced.base_cost,
            "base_shipping": money.in_base(command.shipping, field="shipping"),
            "base_tax": money.in_base(command.tax, field="tax"),
        }
    )
    if funnel_id not in known.funnels:
        await desk.handler.rehearse(ORDER, command.order_id, filled, meta)
        define = DefineFunnel(funnel_id=ORDERS, name="Orders", subject="order", stages=list(STATUSES))
        await desk.handler.handle(FUNNEL, ORDERS, define, _SYSTEM)
    return filled


def _funnel_for(known: PipelineKnown, funnel_id: str | None) -> tuple[str, KnownFunnel]:
    """Return the order funnel asked for, else the default one, which is made by the first order in it (P15)."""
    if funnel_id is None or funnel_id == ORDERS:
        return ORDERS, known.funnels.get(ORDERS) or _default_funnel()
    funnel = known.funnels.get(funnel_id)
    if funnel is None or funnel.subject != "order":
        raise UnknownReference(f"there is no order funnel {funnel_id}", field="funnel_id")
    return funnel_id, funnel


def _default_funnel() -> KnownFunnel:
    """Return the default funnel as it will be made."""
    stages = {spec.stage_id: KnownStage(spec.name, place, spec.kind) for place, spec in enumerate(STATUSES, start=1)}
    return KnownFunnel("order", "Orders", None, stages)


async def change_lines(desk: Desk, command: ChangeOrderLines, _meta: Meta) -> ChangeOrderLines:
    """Price the lines: new products at the prices and costs of now, all at the rate of the order's date (DEFINITIONS).

    Raises UnknownReference (lines), Invalid, MissingRate."""
    order = (await desk.handler.load(ORDER, command.order_id)).state
    if not isinstance(order, Placed):
        return command
    if order.currency is None:
        raise Invalid("the order has no currency: it came without amounts", field="currency")
    known = known_of(desk)
    priced = price_order(
        known,
        command.lines,
        Money(order.currency, order.rate, base_of(known)),
        at=moment(desk, command),
        rates_at=order.ordered_at,
        kept={line.product_id: line for line in order.lines},
    )
    return command.model_copy(
        update={
            "priced": priced.lines,
            "rate": order.rate,
            "total": priced.total,
            "base_total": priced.base_total,
            "base_cost": priced.base_cost,
        }
    )


async def change_status(desk: Desk, command: ChangeOrderStatus, _meta: Meta) -> ChangeOrderStatus:
    """Fill in which statuses may follow; None in funnels without rules. Raises UnknownReference (status)."""
    order = (await desk.handler.load(ORDER, command.order_id)).state
    if not isinstance(order, Placed) or command.status == order.status:
        return command
    funnel = _status_in(desk, order, command.status)
    if order.funnel_id != ORDERS:
        return command.model_copy(update={"legal": None})
    legal = [stage_id for stage_id in funnel.stages if may_follow(ORDERS, stage_id, order.status)]
    return command.model_copy(update={"legal": legal})


def _status_in(desk: Desk, order: Placed, status: str) -> KnownFunnel:
    funnel = known_of(desk).funnels.get(order.funnel_id)
    if funnel is None:
        raise UnknownReference(f"the funnel {order.funnel_id} is not known", field="status")
    stage_in(funnel, status, "status")
    return funnel


async def ship_order(desk: Desk, command: ShipOrder, _meta: Meta) -> ShipOrder:
    """Check branch, manager and status. Raises UnknownReference, IllegalMove (a cancelled order, an illegal status)."""
    check_branch(desk, command.branch)
    check_employee(desk, command.manager_id, "manager_id")
    order = (await desk.handler.load(ORDER, command.order_id)).state
    if not isinstance(order, Placed):
        return command
    if order.funnel_id == ORDERS and order.status == CANCELLED:
        raise IllegalMove("a cancelled order is not shipped", field="order_id")
    if command.status is not None and command.status != order.status:
        _status_in(desk, order, command.status)
        if not may_follow(order.funnel_id, command.status, order.status):
            raise IllegalMove(f"an order cannot go from {order.status} to {command.status}", field="status")
    return command


async def assign_order(desk: Desk, command: AssignOrder, _meta: Meta) -> AssignOrder:
    """Raise UnknownReference (owner_id) for an employee who does not exist."""
    check_employee(desk, command.owner_id)
    return command


async def change_client(desk: Desk, command: ChangeOrderClient, _meta: Meta) -> ChangeOrderClient:
    """Raise UnknownReference (client_id) for a client who does not exist or was erased."""
    if command.client_id is not None:
        await existing_client(desk, command.client_id)
    return command
