"""What a payment's commands need from elsewhere: the paid order, the client, the owner and the rate to pin (P10)."""

from __future__ import annotations

from contracts.pipeline.commands import ChangePaymentClient, ReceivePayment
from contracts.problem import UnknownReference
from services.kit.handle import Meta
from services.kit.service import Desk
from services.pipeline.client_facts import existing_client
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.order_state import Placed
from services.pipeline.edge import check_branch, known_of, moment
from services.pipeline.pricing import money_at


async def receive_payment(desk: Desk, command: ReceivePayment, _meta: Meta) -> ReceivePayment:
    """Fill in the client (that of the order), the owner (of the order, else of the client, else who may see own
    payments alone), rate and base amount.

    Raises UnknownReference (order_id, client_id, branch), Invalid (currency), MissingRate."""
    check_branch(desk, command.branch)
    client_id, owner_id = command.client_id, None
    if command.order_id is not None:
        order = (await desk.handler.load(ORDER, command.order_id)).state
        if not isinstance(order, Placed):
            raise UnknownReference(f"there is no order {command.order_id}", field="order_id")
        client_id, owner_id = client_id or order.client_id, order.owner_id
    if client_id is not None:
        client = await existing_client(desk, client_id)
        owner_id = owner_id or client.owner_id
    money = money_at(known_of(desk), command.currency, moment(desk, command))
    return command.model_copy(
        update={
            "client_id": client_id,
            "owner_id": owner_id or command.owner_id,
            "rate": money.rate,
            "base_amount": money.in_base(command.amount, field="amount"),
        }
    )


async def change_client(desk: Desk, command: ChangePaymentClient, _meta: Meta) -> ChangePaymentClient:
    """Raise UnknownReference (client_id) for a client who does not exist or was erased."""
    if command.client_id is not None:
        await existing_client(desk, command.client_id)
    return command
