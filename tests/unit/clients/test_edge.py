"""What the edge of the clients service fills in and refuses."""

from types import SimpleNamespace

import pytest

from contracts.base import EDGE, marked
from contracts.clients.commands import (
    AddContact,
    AddNote,
    AssignClient,
    ChooseMainContact,
    ConvertLead,
    MoveClient,
    RegisterClient,
    RestoreContact,
    TakeLead,
)
from contracts.clients.events import ClientErased, ClientRegistered, ContactAdded, ContactRemoved
from contracts.ids import derived_id
from contracts.problem import IllegalMove, Invalid, UnknownReference
from services.clients import edge, edge_notes
from services.clients.domain.client import ErasedClient
from services.clients.service import SERVICE
from services.kit.handle import Meta
from tests.support.desk import NOW, desk

META = Meta("e1", "cmd")
client = ClientRegistered(client_id="c1", kind="company", name="Acme", number=1)
erased = ClientErased(client_id="c1")
contact = ContactAdded(contact_id="k1", client_id="c1", name="Olha", number=1)
gateway = SimpleNamespace(employees={"e1": "Maria"})


def stage(archived=False):
    return SimpleNamespace(archived=archived)


class Pipeline:
    def __init__(self, base="UAH"):
        self.base = base
        self.asked = []
        self.has_money = False
        self.funnels = {
            "repeat": SimpleNamespace(subject="client", stages={"upcoming": stage(), "old": stage(archived=True)}),
            "sales": SimpleNamespace(subject="deal", stages={"lead": stage()}),
        }

    def base_currency(self):
        return self.base

    def rate(self, currency, at_ms):
        self.asked.append((currency, at_ms))
        return "0.025"


async def test_a_client_gets_a_known_owner():
    here = desk(gateway=gateway)
    command = RegisterClient(client_id="c1", name="Acme", owner_id="e1")
    assert await edge.register_client(here, command, META) == command
    with pytest.raises(UnknownReference) as refused:
        await edge.register_client(here, RegisterClient(client_id="c1", name="Acme", owner_id="e2"), META)
    assert refused.value.field == "owner_id"


@pytest.mark.parametrize(
    ("enrich", "command"),
    [
        (edge.assign_client, AssignClient(client_id="c1", owner_id="e2")),
        (edge.take_lead, TakeLead(lead_id="l1", owner_id="e2")),
        (edge.convert_lead, ConvertLead(lead_id="l1", owner_id="e2")),
    ],
)
async def test_an_unknown_owner_is_refused(enrich, command):
    with pytest.raises(UnknownReference) as refused:
        await enrich(desk(gateway=gateway), command, META)
    assert refused.value.field == "owner_id"


async def test_no_owner_and_a_known_one_are_right():
    for command in (AssignClient(client_id="c1", owner_id=None), AssignClient(client_id="c1", owner_id="e1")):
        assert await edge.assign_client(desk(gateway=gateway), command, META) == command
    take = TakeLead(lead_id="l1", owner_id="e1")
    assert await edge.take_lead(desk(gateway=gateway), take, META) == take


async def test_contacts_and_notes_need_a_living_client():  # P23, S3.20, X10
    add = AddContact(contact_id="k1", client_id="c1", name="Olha")
    note = AddNote(note_id="n1", client_id="c1", text="hi", about="anything")
    assert await edge.add_contact(desk(client), add, META) == add
    assert await edge_notes.add_note(desk(client), note, META) == note
    for enrich, command in ((edge.add_contact, add), (edge_notes.add_note, note)):
        with pytest.raises(UnknownReference) as unknown:
            await enrich(desk(), command, META)
        assert unknown.value.field == "client_id"
        with pytest.raises(ErasedClient) as gone:
            await enrich(desk(client, erased), command, META)
        assert (gone.value.code, gone.value.field) == ("erased", "client_id")


async def test_a_contact_of_an_erased_client_stays_removed():  # X10
    removed = ContactRemoved(contact_id="k1", client_id="c1")
    command = RestoreContact(contact_id="k1")
    for there in ([], [client, contact], [client, contact, removed], [client, erased, contact]):
        assert await edge.restore_contact(desk(*there), command, META) == command
    with pytest.raises(ErasedClient) as gone:
        await edge.restore_contact(desk(client, contact, removed, erased), command, META)
    assert gone.value.code == "erased"


@pytest.mark.parametrize(
    ("events", "client_id", "right"),
    [
        ([contact], "c1", True),
        ([contact], "c2", False),
        ([], "c1", False),
        ([contact, ContactRemoved(contact_id="k1", client_id="c1")], "c1", False),
    ],
)
async def test_the_main_contact_is_one_of_the_clients(events, client_id, right):  # P23
    command = ChooseMainContact(client_id=client_id, contact_id="k1")
    if right:
        assert await edge.choose_main_contact(desk(*events), command, META) == command
        return
    with pytest.raises(UnknownReference) as refused:
        await edge.choose_main_contact(desk(*events), command, META)
    assert refused.value.field == "contact_id"


def move(**more):
    return MoveClient(client_id="c1", **{"funnel_id": "repeat", "stage_id": "upcoming", **more})


async def test_a_value_is_converted_at_the_rate_of_its_time():  # P10, P20
    pipeline = Pipeline()
    moved = await edge.move_client(desk(pipeline=pipeline), move(value=1000, currency="USD", at=5000), META)
    assert (moved.rate, moved.base_value, moved.currency) == ("0.025", 40_000, "USD")
    assert pipeline.has_money
    await edge.move_client(desk(pipeline=pipeline), move(value=1000, currency="USD"), META)
    assert pipeline.asked == [("USD", 5000), ("USD", NOW)]


@pytest.mark.parametrize("currency", [None, "UAH"])
async def test_a_value_in_the_base_currency_needs_no_rate(currency):  # P10
    pipeline = Pipeline()
    moved = await edge.move_client(desk(pipeline=pipeline), move(value=1000, currency=currency), META)
    assert (moved.rate, moved.base_value, moved.currency, pipeline.asked) == ("1", 1000, "UAH", [])


async def test_without_a_value_nothing_is_converted():  # P20
    pipeline = Pipeline(base=None)
    assert await edge.move_client(desk(pipeline=pipeline), move(), META) == move()
    assert not pipeline.has_money


async def test_a_value_too_large_for_the_log_is_refused():  # P10
    with pytest.raises(Invalid) as refused:
        await edge.move_client(desk(pipeline=Pipeline()), move(value=10**15, currency="USD"), META)
    assert refused.value.field == "value"


async def test_a_value_needs_a_base_currency():  # P10
    with pytest.raises(Invalid) as refused:
        await edge.move_client(desk(pipeline=Pipeline(base=None)), move(value=1, currency="UAH"), META)
    assert refused.value.field == "currency"


@pytest.mark.parametrize(
    ("target", "kind", "field"),
    [
        ({"funnel_id": "none"}, UnknownReference, "funnel_id"),
        ({"funnel_id": "sales", "stage_id": "lead"}, UnknownReference, "funnel_id"),
        ({"stage_id": "none"}, UnknownReference, "stage_id"),
        ({"stage_id": "old"}, IllegalMove, "stage_id"),
    ],
)
async def test_a_move_goes_to_a_living_stage_of_a_client_funnel(target, kind, field):  # P20
    with pytest.raises(kind) as refused:
        await edge.move_client(desk(pipeline=Pipeline()), move(**target), META)
    assert refused.value.field == field


async def test_a_lead_always_becomes_the_same_client_and_deal():  # P16
    here = desk(gateway=gateway, pipeline=Pipeline())
    alone = await edge.convert_lead(here, ConvertLead(lead_id="l1"), META)
    assert (alone.client_id, alone.deal_id) == (derived_id("client", "l1"), None)
    deal = ConvertLead(lead_id="l1", funnel_id="sales", stage_id="lead", owner_id="e1")
    both = await edge.convert_lead(here, deal, META)
    assert (both.client_id, both.deal_id) == (derived_id("client", "l1"), derived_id("deal", "l1"))
    first_stage = await edge.convert_lead(here, ConvertLead(lead_id="l1", funnel_id="sales"), META)
    assert first_stage.stage_id is None
    assert derived_id("client", "l1") != derived_id("client", "l2")


async def test_a_lead_converts_into_a_deal_funnel_alone():  # P16
    here = desk(gateway=gateway, pipeline=Pipeline())
    with pytest.raises(UnknownReference) as unknown:
        await edge.convert_lead(here, ConvertLead(lead_id="l1", funnel_id="repeat"), META)
    assert unknown.value.field == "funnel_id"
    with pytest.raises(Invalid) as invalid:
        await edge.convert_lead(here, ConvertLead(lead_id="l1", stage_id="lead"), META)
    assert invalid.value.field == "funnel_id"


def test_every_command_of_the_service_has_one_path_and_one_stream():
    assert len({each.path for each in SERVICE.handles}) == len(SERVICE.handles)
    for each in SERVICE.handles:
        assert each.key in each.command.model_fields
        assert each.creates == ("{" not in each.path)
    filled = {each.command: marked(each.command, EDGE) - {"external_id", "contact_ids"} for each in SERVICE.handles}
    for each in SERVICE.handles:
        assert (each.numbered is not None) == ("number" in filled[each.command])  # P21
        assert each.enrich or filled[each.command] <= {"number"}
