"""Contact persons go with their client to its new owner (P17)."""

import pytest

from contracts.clients.events import ClientAssigned, ClientRegistered, ContactAdded
from services.clients.projections import CLIENTS_GROUP
from services.clients.projections.erased import SLICE
from tests.support.memory import fold

registered = ClientRegistered(client_id="c1", kind="company", name="Acme", number=1, status="potential", owner_id="e1")


def given_to(owner, before="e1"):
    return ClientAssigned(client_id="c1", from_owner=before, to_owner=owner)


def contacts(many):
    return [ContactAdded(contact_id=f"k{n}", client_id="c1", name="Ann", number=n) for n in range(many)]


def owners(context):
    return {each.owner_id for each in context.documents["contacts"].values()}


def test_a_contact_is_the_clients_owners():
    assert owners(fold(CLIENTS_GROUP, registered, *contacts(1))) == {"e1"}
    assert owners(fold(CLIENTS_GROUP, registered, given_to("e2"), *contacts(1))) == {"e2"}
    assert owners(fold(CLIENTS_GROUP, *contacts(1))) == {None}


@pytest.mark.parametrize("many", [1, SLICE - 1, SLICE, 2 * SLICE + 1])
def test_contacts_go_with_their_client_in_slices(many):  # P2
    context = fold(CLIENTS_GROUP, registered, *contacts(many), given_to("e2"))
    assert list(context.documents["handovers"]) == ([] if many < SLICE else ["c1:e1"])
    context.work()
    assert owners(context) == {"e2"}
    assert context.documents["handovers"] == {}


def test_a_client_without_an_owner_gets_one_and_loses_it():
    nobodys = registered.model_copy(update={"owner_id": None})
    context = fold(CLIENTS_GROUP, nobodys, *contacts(2), given_to("e2", None))
    assert owners(context) == {"e2"}
    context.take(given_to(None, "e2"))
    assert owners(context) == {None}


def test_a_client_that_came_back_meanwhile_keeps_its_contacts():
    there_and_back = [given_to("e2"), given_to("e1", "e2")]
    context = fold(CLIENTS_GROUP, registered, *contacts(3 * SLICE), *there_and_back)
    assert set(context.documents["handovers"]) == {"c1:e1", "c1:e2"}
    context.work()
    assert owners(context) == {"e1"}
    assert context.documents["handovers"] == {}
