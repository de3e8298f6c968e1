"""Payments as lists and cards show them: one document a payment, in the lane of its client (P11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.envelope import RecordedEvent
from contracts.pipeline.order_events import PaymentJoinedClient, PaymentLeftClient, PaymentReceived, PaymentReversed
from services.kit.documents import Collection
from services.kit.projection import Context, Key, Projection
from services.pipeline.projections.erased import erased_key, may_name
from services.pipeline.projections.present import present


class Payment(msgspec.Struct, frozen=True):
    """`amount` in minor units of `currency`, `base_amount` of the base currency; times UTC ms. `personal` 1: external
    id or reason hold words about a person. `version`: the stream's, for If-Match."""

    payment_id: str
    client_id: str | None
    order_id: str | None
    owner_id: str | None
    amount: int
    currency: str
    rate: str
    base_amount: int
    branch: str | None
    external_id: str | None
    reason: str
    personal: int
    paid_at: int
    reversed_at: int | None
    changed_at: int
    version: int


def words(payment: Payment) -> str:
    """Return what search looks in."""
    return payment.external_id or ""


PAYMENTS = Projection(
    "payments",
    1,
    [
        Collection(
            "payments",
            Payment,
            {
                "client_id": "text",
                "order_id": "text",
                "owner_id": "text",
                "branch": "text",
                "base_amount": "int",
                "personal": "int",
                "paid_at": "int",
                "reversed_at": "int",
                "changed_at": "int",
            },
            (
                ("client_id",),
                ("order_id",),
                ("owner_id", "paid_at"),
                ("branch", "paid_at"),
                ("base_amount",),
                ("paid_at",),
                ("changed_at",),
            ),
            words,
        )
    ],
)


def _keys(data: Any, _event: RecordedEvent) -> Iterable[Key]:
    return [("payments", data.payment_id), *erased_key(data.client_id)]


@PAYMENTS.on(PaymentReceived, keys=_keys)
def _received(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _put_whole(ctx, data, event, paid_at=event.occurred_at, reversed_at=None)


@PAYMENTS.on(PaymentJoinedClient, keys=_keys)
def _joined(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _put_whole(ctx, data, event, paid_at=data.paid_at, reversed_at=data.reversed_at)


def _put_whole(ctx: Context, data: Any, event: RecordedEvent, *, paid_at: int, reversed_at: int | None) -> None:
    external_id = data.external_id or None if may_name(ctx, data.client_id) else None
    payment = Payment(
        payment_id=data.payment_id,
        client_id=data.client_id,
        order_id=data.order_id,
        owner_id=data.owner_id,
        amount=data.amount,
        currency=data.currency,
        rate=data.rate,
        base_amount=data.base_amount,
        branch=data.branch,
        external_id=external_id,
        reason="",
        personal=int(external_id is not None),
        paid_at=paid_at,
        reversed_at=reversed_at,
        changed_at=event.occurred_at,
        version=event.version,
    )
    ctx.put("payments", data.payment_id, payment)


@PAYMENTS.on(PaymentReversed, keys=_keys)
def _reversed(ctx: Context, data: Any, event: RecordedEvent) -> None:
    payment: Payment = present(ctx, "payments", data.payment_id)
    reason = data.reason if may_name(ctx, data.client_id) else ""
    changed = replace(
        payment,
        reversed_at=event.occurred_at,
        reason=reason,
        personal=int(bool(payment.external_id or reason)),
        changed_at=event.occurred_at,
        version=event.version,
    )
    ctx.put("payments", data.payment_id, changed)


@PAYMENTS.on(PaymentLeftClient, keys=_keys)
def _left(ctx: Context, data: Any, event: RecordedEvent) -> None:
    payment = ctx.get("payments", data.payment_id)
    if payment is not None and payment.version < event.version:
        ctx.delete("payments", data.payment_id)
