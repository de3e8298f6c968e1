"""The client decider, row by row."""

import pytest

from contracts.clients.commands import (
    ArchiveClient,
    AssignClient,
    ChangeClientDetails,
    ChangeClientStatus,
    ChangeClientTemperature,
    ChangeClientTerms,
    ChooseMainContact,
    EraseClient,
    MarkClientLost,
    MoveClient,
    RegisterClient,
    RestoreClient,
    ReturnClient,
    TagClient,
    UntagClient,
)
from contracts.clients.events import (
    ClientArchived,
    ClientAssigned,
    ClientDetailsChanged,
    ClientErased,
    ClientMarkedLost,
    ClientRegistered,
    ClientRestored,
    ClientReturned,
    ClientStageChanged,
    ClientStatusChanged,
    ClientTemperatureChanged,
    ClientTermsChanged,
    MainContactChosen,
)
from contracts.problem import AlreadyExists, NotFound
from services.clients.domain.client import CLIENT, Erased, ErasedClient, Stay
from services.kit.testing import given

ACME = {
    "client_id": "c1", "kind": "company", "name": "Acme", "tax_id": "7707083893", "email": "a@acme.test",
    "phones": ["+380 44 111"], "address": "Kyiv", "category": "B2B", "source": "website",
}  # fmt: skip
registered = ClientRegistered(**ACME, number=7, temperature="warm", discount="5", owner_id="e1", occurred_at=10)
erased = ClientErased(client_id="c1")
upcoming = ClientStageChanged(
    client_id="c1", funnel_id="f1", to_stage="upcoming", owner_id="e1", value=900, currency="EUR", rate="2",
    base_value=450, expected_on="2026-06-01", occurred_at=20,
)  # fmt: skip
OTHERS = [
    ChangeClientDetails(client_id="c1", name="Acme"),
    ChangeClientStatus(client_id="c1", status="current"),
    ChangeClientTemperature(client_id="c1", temperature="hot"),
    ChangeClientTerms(client_id="c1", discount="3"),
    AssignClient(client_id="c1", owner_id="e2"),
    TagClient(client_id="c1", tag="vip"),
    UntagClient(client_id="c1", tag="vip"),
    MarkClientLost(client_id="c1"),
    ArchiveClient(client_id="c1"),
    RestoreClient(client_id="c1"),
    ReturnClient(client_id="c1"),
    MoveClient(client_id="c1", funnel_id="f1", stage_id="s1"),
    ChooseMainContact(client_id="c1", contact_id="k1"),
]


def test_a_client_is_registered_with_all_its_details():  # S3.10 to S3.19, P21
    command = RegisterClient(**ACME, number=7, temperature="warm", discount="5", owner_id="e1")
    given(CLIENT).when(command).then(registered)


def test_a_client_is_registered_once():
    given(CLIENT, registered).when(RegisterClient(**ACME)).then_refused(AlreadyExists, field="client_id")


@pytest.mark.parametrize("command", [*OTHERS, EraseClient(client_id="c1")])
def test_a_client_that_is_not_there_is_not_found(command):
    given(CLIENT).when(command).then_refused(NotFound)


def test_details_are_replaced_as_a_whole():
    changed = {**ACME, "name": "Acme Ltd", "phones": []}
    given(CLIENT, registered).when(ChangeClientDetails(**changed)).then(ClientDetailsChanged(**changed))


def test_a_tag_comes_and_goes_alone():  # S3.18
    def tagged(*tags: str) -> ClientDetailsChanged:
        return ClientDetailsChanged(**ACME, tags=list(tags))

    vip, late = TagClient(client_id="c1", tag="vip"), TagClient(client_id="c1", tag="late")
    given(CLIENT, registered).when(vip).then(tagged("vip"))
    given(CLIENT, registered, tagged("vip")).when(vip).then_nothing()
    given(CLIENT, registered, tagged("vip")).when(late).then(tagged("vip", "late"))
    away = UntagClient(client_id="c1", tag="vip")
    given(CLIENT, registered, tagged("vip", "late")).when(away).then(tagged("late"))
    given(CLIENT, registered, tagged("late")).when(away).then_nothing()


def test_the_same_details_are_no_event():
    changed = ClientDetailsChanged(**{**ACME, "name": "Acme Ltd"})
    given(CLIENT, registered).when(ChangeClientDetails(**ACME)).then_nothing()
    given(CLIENT, registered, changed).when(ChangeClientDetails(**{**ACME, "name": "Acme Ltd"})).then_nothing()


def test_a_potential_client_becomes_current_once():  # S3.16
    command = ChangeClientStatus(client_id="c1", status="current")
    changed = ClientStatusChanged(client_id="c1", from_status="potential", to_status="current")
    given(CLIENT, registered).when(command).then(changed)
    given(CLIENT, registered, changed).when(command).then_nothing()


def test_the_temperature_changes_and_can_be_taken_away():  # S3.17
    hot = ClientTemperatureChanged(client_id="c1", from_temperature="warm", to_temperature="hot")
    given(CLIENT, registered).when(ChangeClientTemperature(client_id="c1", temperature="hot")).then(hot)
    given(CLIENT, registered, hot).when(ChangeClientTemperature(client_id="c1", temperature="hot")).then_nothing()
    none = ClientTemperatureChanged(client_id="c1", from_temperature="hot", to_temperature=None)
    given(CLIENT, registered, hot).when(ChangeClientTemperature(client_id="c1", temperature=None)).then(none)


def test_terms_change_together_and_equal_percents_are_equal():  # S3.18, S3.19
    command = ChangeClientTerms(client_id="c1", discount="10", currency="UAH", language="uk")
    changed = ClientTermsChanged(client_id="c1", discount="10", currency="UAH", language="uk")
    given(CLIENT, registered).when(command).then(changed)
    given(CLIENT, registered, changed).when(command.model_copy(update={"discount": "10.00"})).then_nothing()
    given(CLIENT, registered).when(ChangeClientTerms(client_id="c1", discount="5.0")).then_nothing()


def test_a_client_is_assigned_to_another_owner_or_to_none():
    assigned = ClientAssigned(client_id="c1", from_owner="e1", to_owner="e2")
    given(CLIENT, registered).when(AssignClient(client_id="c1", owner_id="e2")).then(assigned)
    given(CLIENT, registered, assigned).when(AssignClient(client_id="c1", owner_id="e2")).then_nothing()
    given(CLIENT, registered, assigned).when(AssignClient(client_id="c1", owner_id=None)).then(
        ClientAssigned(client_id="c1", from_owner="e2", to_owner=None)
    )


def test_a_client_is_marked_lost_and_returns():  # P9
    lost = ClientMarkedLost(client_id="c1", reason="moved away")
    returned = ClientReturned(client_id="c1")
    given(CLIENT, registered).when(MarkClientLost(client_id="c1", reason="moved away")).then(lost)
    given(CLIENT, registered, lost).when(MarkClientLost(client_id="c1", reason="again")).then_nothing()
    given(CLIENT, registered, lost).when(ReturnClient(client_id="c1")).then(returned)
    given(CLIENT, registered).when(ReturnClient(client_id="c1")).then_nothing()
    given(CLIENT, registered, lost, returned).when(ReturnClient(client_id="c1")).then_nothing()


def test_a_client_is_put_into_the_archive_and_taken_back():  # X10, #5
    archive, restore = ArchiveClient(client_id="c1"), RestoreClient(client_id="c1")
    archived, restored = ClientArchived(client_id="c1"), ClientRestored(client_id="c1")
    given(CLIENT, registered).when(archive).then(archived)
    given(CLIENT, registered, archived).when(archive).then_nothing()
    given(CLIENT, registered, archived).when(restore).then(restored)
    given(CLIENT, registered).when(restore).then_nothing()
    given(CLIENT, registered, archived, restored).when(restore).then_nothing()


def test_a_client_enters_a_client_funnel():  # P20
    command = MoveClient(
        client_id="c1", funnel_id="f1", stage_id="upcoming", value=900, currency="EUR", rate="2", base_value=450,
        expected_on="2026-06-01",
    )  # fmt: skip
    given(CLIENT, registered).when(command).then(upcoming)


def test_a_client_enters_a_funnel_without_a_sum():  # P20
    command = MoveClient(client_id="c1", funnel_id="f1", stage_id="upcoming")
    event = ClientStageChanged(client_id="c1", funnel_id="f1", to_stage="upcoming", owner_id="e1")
    given(CLIENT, registered).when(command).then(event)


def test_a_move_without_a_value_keeps_the_funnels_value_but_not_the_date():  # P20
    command = MoveClient(client_id="c1", funnel_id="f1", stage_id="purchases")
    event = ClientStageChanged(
        client_id="c1", funnel_id="f1", from_stage="upcoming", to_stage="purchases", from_entered_at=20, owner_id="e1",
        value=900, currency="EUR", rate="2", base_value=450,
    )  # fmt: skip
    outcome = given(CLIENT, registered, upcoming).when(command, at=30)
    outcome.then(event)
    assert outcome.then_state().stages == {"f1": Stay("purchases", 30, 900, "EUR", "2", 450, None)}


def test_a_new_value_in_the_same_stage_is_no_new_visit():  # P20
    command = MoveClient(
        client_id="c1", funnel_id="f1", stage_id="upcoming", value=800, currency="EUR", rate="2", base_value=400
    )
    event = ClientStageChanged(
        client_id="c1", funnel_id="f1", from_stage="upcoming", to_stage="upcoming", from_entered_at=20, owner_id="e1",
        value=800, currency="EUR", rate="2", base_value=400, expected_on="2026-06-01",
    )  # fmt: skip
    outcome = given(CLIENT, registered, upcoming).when(command, at=30)
    outcome.then(event)
    assert outcome.then_state().stages["f1"].entered_at == 20


def test_a_new_date_in_the_same_stage_is_an_event():  # P20
    command = MoveClient(client_id="c1", funnel_id="f1", stage_id="upcoming", expected_on="2026-07-01")
    state = given(CLIENT, registered, upcoming).when(command, at=30).then_state()
    assert state.stages["f1"] == Stay("upcoming", 20, 900, "EUR", "2", 450, "2026-07-01")


@pytest.mark.parametrize("value", [{}, {"value": 900, "currency": "EUR", "rate": "3", "base_value": 300}])
def test_the_same_stage_and_value_are_no_event(value):  # P20
    command = MoveClient(client_id="c1", funnel_id="f1", stage_id="upcoming", **value)
    given(CLIENT, registered, upcoming).when(command).then_nothing()


def test_funnels_of_a_client_are_apart():  # P20
    command = MoveClient(client_id="c1", funnel_id="f2", stage_id="first")
    state = given(CLIENT, registered, upcoming).when(command, at=40).then_state()
    assert state.stages["f1"].stage_id == "upcoming"
    assert state.stages["f2"] == Stay("first", 40, 0, None, "1", 0, None)


def test_the_main_contact_is_chosen():  # P23
    chosen = MainContactChosen(client_id="c1", contact_id="k1")
    given(CLIENT, registered).when(ChooseMainContact(client_id="c1", contact_id="k1")).then(chosen)
    given(CLIENT, registered, chosen).when(ChooseMainContact(client_id="c1", contact_id="k1")).then_nothing()
    given(CLIENT, registered, chosen).when(ChooseMainContact(client_id="c1", contact_id="k2")).then(
        MainContactChosen(client_id="c1", contact_id="k2")
    )


def test_a_client_is_erased_once():  # P12, X10
    given(CLIENT, registered).when(EraseClient(client_id="c1", contact_ids=["k1"])).then(
        ClientErased(client_id="c1", contact_ids=["k1"])
    )
    given(CLIENT, registered, erased).when(EraseClient(client_id="c1")).then_nothing()


@pytest.mark.parametrize("command", [*OTHERS, RegisterClient(**ACME)])
def test_nothing_is_done_with_an_erased_client(command):  # X10
    outcome = given(CLIENT, registered, erased).when(command)
    outcome.then_refused(ErasedClient, field="client_id")
    assert outcome.refusal is not None
    assert outcome.refusal.code == "erased"


def test_an_erased_client_stays_erased():  # X10
    assert CLIENT.fold([registered, erased, ClientReturned(client_id="c1")]) == Erased()
