"""A payment: received once, reversed at most once, given to the right client (P11). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from contracts.pipeline.commands import ChangePaymentClient, PaymentCommand, ReceivePayment, ReversePayment
from contracts.pipeline.order_events import PaymentJoinedClient, PaymentLeftClient, PaymentReceived, PaymentReversed
from contracts.problem import AlreadyExists, NotFound
from services.kit.decider import Decider


@dataclass(frozen=True)
class New:
    """Not received yet."""


@dataclass(frozen=True)
class Received:
    """Money that came in, minor units; `reversed_at` UTC ms, None while it stands."""

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
    paid_at: int
    reversed_at: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return what every payment event tells."""
        return {
            "payment_id": self.payment_id,
            "client_id": self.client_id,
            "order_id": self.order_id,
            "owner_id": self.owner_id,
            "amount": self.amount,
            "currency": self.currency,
            "rate": self.rate,
            "base_amount": self.base_amount,
            "branch": self.branch,
        }


Payment = New | Received
PaymentEvent = PaymentReceived | PaymentReversed | PaymentLeftClient | PaymentJoinedClient


def decide(command: PaymentCommand, payment: Payment) -> list[PaymentEvent]:
    """Raise AlreadyExists or NotFound."""
    match command, payment:
        case ReceivePayment(), New():
            return [
                PaymentReceived(
                    payment_id=command.payment_id,
                    client_id=command.client_id,
                    order_id=command.order_id,
                    owner_id=command.owner_id,
                    amount=command.amount,
                    currency=command.currency,
                    rate=command.rate,
                    base_amount=command.base_amount,
                    branch=command.branch,
                    external_id=command.external_id,
                )
            ]
        case ReceivePayment(), _:
            raise AlreadyExists(f"the payment {command.payment_id} was received already", field="payment_id")
        case _, New():
            raise NotFound(f"there is no payment {command.payment_id}", field="payment_id")
        case ReversePayment(), Received():
            if payment.reversed_at is not None:
                return []
            return [PaymentReversed(**payment.facts(), reason=command.reason)]
        case ChangePaymentClient(), Received():
            return [] if command.client_id == payment.client_id else _handed_over(command.client_id, payment)
        case _:
            assert_never((command, payment))


def _handed_over(client_id: str | None, payment: Received) -> list[PaymentEvent]:
    left = PaymentLeftClient(payment_id=payment.payment_id, client_id=payment.client_id, to_client=client_id)
    joined = PaymentJoinedClient(
        **replace(payment, client_id=client_id).facts(),
        from_client=payment.client_id,
        external_id=payment.external_id,
        paid_at=payment.paid_at,
        reversed_at=payment.reversed_at,
    )
    return [left, joined]


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    """Return the payment after the event."""
    match payment, event:
        case _, PaymentReceived():
            return Received(
                payment_id=event.payment_id,
                client_id=event.client_id,
                order_id=event.order_id,
                owner_id=event.owner_id,
                amount=event.amount,
                currency=event.currency,
                rate=event.rate,
                base_amount=event.base_amount,
                branch=event.branch,
                external_id=event.external_id,
                paid_at=event.occurred_at,
            )
        case New(), _:
            return payment
        case Received(), PaymentReversed():
            return replace(payment, reversed_at=event.occurred_at)
        case Received(), PaymentLeftClient():
            return payment
        case Received(), PaymentJoinedClient():
            # The external id is under the new client's key, while the old one's may be destroyed (DESIGN 8).
            return replace(payment, client_id=event.client_id, external_id=event.external_id)
        case _:
            assert_never((payment, event))


PAYMENT: Decider[PaymentCommand, Payment, PaymentEvent] = Decider("payment", New(), decide, evolve)
