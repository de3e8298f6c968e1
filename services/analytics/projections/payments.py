"""Receipts: payments and their reversals (P11, DEFINITIONS, receipts)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.order_events import PaymentJoinedClient, PaymentLeftClient, PaymentReceived, PaymentReversed
from services.analytics.projections.change import LANE_ID, change_payment
from services.analytics.projections.model import LANE, PAYMENTS
from services.analytics.projections.shapes import Payment
from services.kit.projection import Context, Key, Projection

RECEIVED = Projection("payments", 1)


def _keys(data: Any, _: RecordedEvent) -> Iterable[Key]:
    yield (PAYMENTS.name, data.payment_id)
    yield (LANE.name, LANE_ID)


def _payment(data: Any, paid_at: int, reversed_at: int | None) -> Payment:
    return Payment(
        data.payment_id, data.client_id, data.owner_id or "", data.base_amount, paid_at, data.branch or "", reversed_at
    )


@RECEIVED.on(PaymentReceived, keys=_keys)
def received(context: Context, data: Any, event: RecordedEvent) -> None:
    """Money came in; its owner is pinned."""
    change_payment(context, None, _payment(data, event.occurred_at, None), event.occurred_at)


@RECEIVED.on(PaymentReversed, keys=_keys)
def reversed_(context: Context, data: Any, event: RecordedEvent) -> None:
    """A negative receipt at its own date."""
    old = _known(context, data.payment_id)
    change_payment(context, old, replace(old, reversed_at=event.occurred_at), event.occurred_at)


@RECEIVED.on(PaymentLeftClient, keys=_keys)
def left_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The payment leaves this client's lane."""
    change_payment(context, _known(context, data.payment_id), None, event.occurred_at)


@RECEIVED.on(PaymentJoinedClient, keys=_keys)
def joined_client(context: Context, data: Any, event: RecordedEvent) -> None:
    """The whole payment."""
    change_payment(context, None, _payment(data, data.paid_at, data.reversed_at), event.occurred_at)


def _known(context: Context, payment_id: str) -> Payment:
    payment: Payment | None = context.get(PAYMENTS.name, payment_id)
    if payment is None:
        raise LookupError(f"payment {payment_id} changed before it was received")
    return payment
