"""The contact decider, row by row."""

import pytest

from contracts.clients.commands import AddContact, ChangeContact, RemoveContact
from contracts.clients.events import ContactAdded, ContactChanged, ContactRemoved
from contracts.problem import AlreadyExists, NotFound
from services.clients.domain.contact import CONTACT, Removed
from services.kit.testing import given

OLHA = {"contact_id": "k1", "name": "Olha", "position": "buyer", "phones": ["+380 50 1"], "telegram": "@olha"}
added = ContactAdded(**OLHA, client_id="c1", number=3)
removed = ContactRemoved(contact_id="k1", client_id="c1")


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


def test_a_contact_is_removed():
    given(CONTACT, added).when(RemoveContact(contact_id="k1")).then(removed)


@pytest.mark.parametrize("command", [ChangeContact(**OLHA), RemoveContact(contact_id="k1")])
@pytest.mark.parametrize("history", [[], [added, removed]])
def test_a_contact_that_is_not_there_is_not_found(history, command):
    given(CONTACT, *history).when(command).then_refused(NotFound, field="contact_id")


def test_a_removed_contact_stays_removed():
    assert CONTACT.fold([added, removed, added]) == Removed()
