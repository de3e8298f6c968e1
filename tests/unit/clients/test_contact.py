"""The contact decider, row by row."""

import pytest

from contracts.clients.commands import AddContact, ChangeContact, RemoveContact, RestoreContact
from contracts.clients.events import ContactAdded, ContactChanged, ContactRemoved, ContactRestored
from contracts.problem import AlreadyExists, IllegalMove, NotFound
from services.clients.domain.contact import CONTACT, Added, Removed
from services.kit.testing import given

OLHA = {"contact_id": "k1", "name": "Olha", "position": "buyer", "phones": ["+380 50 1"], "telegram": "@olha"}
added = ContactAdded(**OLHA, client_id="c1", number=3)
removed = ContactRemoved(contact_id="k1", client_id="c1")
restored = ContactRestored(contact_id="k1", client_id="c1")
REMOVE, RESTORE = RemoveContact(contact_id="k1"), RestoreContact(contact_id="k1")


def test_a_contact_is_added():  # S3.13, P23, P21
    given(CONTACT).when(AddContact(**OLHA, client_id="c1", number=3)).then(added)


@pytest.mark.parametrize("history", [[added], [added, removed]])
def test_a_contact_is_added_once(history):
    given(CONTACT, *history).when(AddContact(**OLHA, client_id="c1")).then_refused(AlreadyExists)


def test_a_contact_is_changed_within_its_client():  # P23
    changed = ContactChanged(**{**OLHA, "email": "olha@acme.test"}, client_id="c1")
    command = ChangeContact(**OLHA, email="olha@acme.test")
    given(CONTACT, added).when(command).then(changed)
    given(CONTACT, added, changed).when(command).then_nothing()


def test_an_unchanged_contact_is_no_event():
    given(CONTACT, added).when(ChangeContact(**OLHA)).then_nothing()


def test_a_contact_is_removed_and_restored_once():
    given(CONTACT, added).when(REMOVE).then(removed)
    given(CONTACT, added, removed).when(REMOVE).then_nothing()
    given(CONTACT, added, removed).when(RESTORE).then(restored)
    given(CONTACT, added, removed, restored).when(RESTORE).then_nothing()
    given(CONTACT, added).when(RESTORE).then_nothing()
    given(CONTACT, added, removed, restored).when(REMOVE).then(removed)


def test_a_restored_contact_is_as_it_was():
    changed = ContactChanged(contact_id="k1", client_id="c1", name="Olha B.")
    before = CONTACT.fold([added, changed])
    assert isinstance(before, Added)
    assert CONTACT.fold([added, changed, removed, restored]) == before


@pytest.mark.parametrize("command", [ChangeContact(**OLHA), REMOVE, RESTORE])
def test_a_contact_that_is_not_there_is_not_found(command):
    given(CONTACT).when(command).then_refused(NotFound, field="contact_id")


def test_a_removed_contact_is_restored_before_it_is_changed():
    given(CONTACT, added, removed).when(ChangeContact(**OLHA)).then_refused(IllegalMove, field="contact_id")


def test_a_removed_contact_stays_removed():
    state = CONTACT.fold([added, removed, added])
    assert isinstance(state, Removed)
    assert state.contact == CONTACT.fold([added])
