"""The lead decider, row by row, and what a converted lead makes happen."""

import pytest

from contracts.clients.commands import (
    AddContact,
    AddNote,
    CaptureLead,
    ChooseMainContact,
    CloseLead,
    ConvertLead,
    RegisterClient,
    TakeLead,
)
from contracts.clients.events import LeadCaptured, LeadClosed, LeadConverted, LeadTaken
from contracts.fast import DECODERS
from contracts.ids import derived_id
from contracts.pipeline.commands import OpenDeal
from contracts.problem import AlreadyExists, IllegalMove, Invalid, NotFound
from services.clients.domain.lead import LEAD, Closed
from services.clients.reactions.convert_lead import CONVERT_LEAD
from services.kit.testing import given
from tests.support.memory import recorded

IVAN = {
    "lead_id": "l1", "name": "Ivan", "company": "Ivan & Co", "phone": "+380 67 1", "email": "ivan@co.test",
    "message": "need a consultation", "source": "referral",
}  # fmt: skip
captured = LeadCaptured(**IVAN, number=5)
taken = LeadTaken(lead_id="l1", owner_id="e1")
closed = LeadClosed(lead_id="l1", reason="spam")
converted = LeadConverted(
    **IVAN, client_id="c1", owner_id="e1", deal_id="d1", funnel_id="f1", stage_id="s1", occurred_at=50
)
take, close = TakeLead(lead_id="l1", owner_id="e1"), CloseLead(lead_id="l1", reason="spam")
convert = ConvertLead(lead_id="l1", client_id="c1", deal_id="d1", funnel_id="f1", stage_id="s1")


def test_a_lead_is_captured_once():  # S0.10, P16, P21
    given(LEAD).when(CaptureLead(**IVAN, number=5)).then(captured)
    given(LEAD, captured).when(CaptureLead(**IVAN)).then_refused(AlreadyExists)
    given(LEAD, captured, closed).when(CaptureLead(**IVAN)).then_refused(AlreadyExists)


@pytest.mark.parametrize("command", [take, convert, close])
def test_a_lead_that_is_not_there_is_not_found(command):
    given(LEAD).when(command).then_refused(NotFound, field="lead_id")


def test_a_lead_is_taken_and_taken_over():  # S0.11, P16
    given(LEAD, captured).when(take).then(taken)
    given(LEAD, captured, taken).when(take).then_nothing()
    other = TakeLead(lead_id="l1", owner_id="e2")
    given(LEAD, captured, taken).when(other).then(LeadTaken(lead_id="l1", owner_id="e2"))


def test_a_lead_is_converted_with_all_it_knows_and_keeps_its_source_and_owner():  # P16
    given(LEAD, captured, taken).when(convert).then(converted)


def test_a_lead_can_be_converted_before_it_is_taken():  # P16
    command = ConvertLead(lead_id="l1", client_id="c1", client_kind="person", owner_id="e9")
    event = LeadConverted(**IVAN, client_id="c1", client_kind="person", owner_id="e9")
    given(LEAD, captured).when(command).then(event)


def test_a_conversion_needs_the_id_of_the_client():  # P16
    given(LEAD, captured).when(ConvertLead(lead_id="l1")).then_refused(Invalid, field="client_id")


@pytest.mark.parametrize("history", [[captured], [captured, taken]])
def test_a_lead_is_closed(history):  # P16
    given(LEAD, *history).when(close).then(closed)


@pytest.mark.parametrize("command", [take, convert, close])
@pytest.mark.parametrize("end", [closed, converted])
def test_a_closed_or_converted_lead_does_not_change(end, command):  # P16
    given(LEAD, captured, taken, end).when(command).then_refused(IllegalMove, field="lead_id")


def test_a_closed_lead_stays_closed():
    assert LEAD.fold([captured, closed, taken]) == Closed()


def react(event, erased=False):
    stored = recorded(event, erased=erased)
    return list(CONVERT_LEAD.react(DECODERS[event.type].decode(stored.data), stored))


def test_a_company_lead_makes_a_client_its_main_contact_a_deal_and_a_note():  # P16, P23
    contact_id = derived_id("contact", "l1")
    assert react(converted) == [
        RegisterClient(
            at=50, client_id="c1", kind="company", name="Ivan & Co", email="ivan@co.test", phones=["+380 67 1"],
            source="referral", status="potential", owner_id="e1",
        ),
        AddContact(
            at=50, contact_id=contact_id, client_id="c1", name="Ivan", phones=["+380 67 1"], email="ivan@co.test"
        ),
        ChooseMainContact(at=50, client_id="c1", contact_id=contact_id),
        OpenDeal(
            at=50, deal_id="d1", client_id="c1", contact_ids=[contact_id], owner_id="e1", funnel_id="f1", stage_id="s1",
            title="Ivan & Co",
        ),
        AddNote(at=50, note_id=derived_id("note", "l1"), client_id="c1", text="need a consultation"),
    ]  # fmt: skip


def test_a_person_lead_makes_a_client_alone():  # P16
    event = LeadConverted(lead_id="l1", client_id="c1", client_kind="person", name="Ivan", source="referral")
    assert react(event) == [
        RegisterClient(at=0, client_id="c1", kind="person", name="Ivan", phones=[], source="referral")
    ]


def test_nothing_is_made_of_an_erased_person():  # X10
    assert react(converted, erased=True) == []
