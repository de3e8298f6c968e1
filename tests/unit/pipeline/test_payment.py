"""Payments: received, reversed, handed over."""

from contracts.pipeline.commands import ChangePaymentClient, ReceivePayment, ReversePayment
from contracts.pipeline.order_events import PaymentJoinedClient, PaymentLeftClient, PaymentReceived, PaymentReversed
from contracts.problem import AlreadyExists, NotFound
from services.kit.testing import given
from services.pipeline.domain.payment import PAYMENT, New

FACTS = {
    "payment_id": "y",
    "client_id": "c1",
    "order_id": "r",
    "owner_id": "o",
    "amount": 1000,
    "currency": "USD",
    "rate": "2",
    "base_amount": 500,
    "branch": "Kyiv",
}
RECEIVED = PaymentReceived(**FACTS, external_id="P-1", occurred_at=100)
REVERSED = PaymentReversed(**FACTS, reason="mistake", occurred_at=200)


def test_a_payment_is_received():  # P11, S4.3
    given(PAYMENT).when(ReceivePayment(**FACTS, external_id="P-1")).then(RECEIVED)


def test_a_payment_is_received_once():
    given(PAYMENT, RECEIVED).when(ReceivePayment(**FACTS)).then_refused(AlreadyExists, field="payment_id")


def test_a_payment_that_is_not_there_takes_nothing():
    given(PAYMENT).when(ReversePayment(payment_id="y")).then_refused(NotFound)
    given(PAYMENT).when(ChangePaymentClient(payment_id="y", client_id="c2")).then_refused(NotFound)


def test_a_payment_is_reversed_once():  # DEFINITIONS: a negative receipt at its own date
    case = given(PAYMENT, RECEIVED).when(ReversePayment(payment_id="y", reason="mistake"), at=200)
    case.then(REVERSED)
    assert case.then_state().reversed_at == 200
    given(PAYMENT, RECEIVED, REVERSED).when(ReversePayment(payment_id="y")).then_nothing()


def test_another_client_gets_the_whole_fact():  # DESIGN 4
    case = given(PAYMENT, RECEIVED, REVERSED).when(ChangePaymentClient(payment_id="y", client_id="c2"))
    case.then(
        PaymentLeftClient(payment_id="y", client_id="c1", to_client="c2"),
        PaymentJoinedClient(
            **FACTS | {"client_id": "c2"}, from_client="c1", external_id="P-1", paid_at=100, reversed_at=200
        ),
    )
    assert [event.key() for event in case.events] == ["c1", "c2"]
    assert case.then_state().client_id == "c2"
    given(PAYMENT, RECEIVED).when(ChangePaymentClient(payment_id="y", client_id="c1")).then_nothing()


def test_events_before_the_receipt_change_nothing():
    assert PAYMENT.fold([REVERSED]) == New()
