"""The fold path reads an event just as its model does, sealed or not; without the right key nobody reads a person."""

import json
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.base import ENVELOPE_FIELDS, Event, first_set
from contracts.fast import DECODERS, struct_of
from contracts.registry import EVENTS
from services.kit.codec import Codec, Erased, UnknownEvent
from services.kit.documents import MissingKey
from tests.contracts.keyring import FakeKeyring, encoded, finished, recorded
from tests.contracts.make_golden import example
from tests.contracts.strategies import models

VALUES: dict[str, st.SearchStrategy[Any]] = {name: models(event) for name, event in EVENTS.items()}
PERSONAL = [name for name, event in EVENTS.items() if event.personal_fields()]
EXAMPLES = settings(max_examples=6, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes


def exact(values: dict[str, Any]) -> str:
    """As text, so that 1, 1.0 and True differ."""
    return json.dumps(values, sort_keys=True)


def of_struct(struct: Any) -> dict[str, Any]:
    values = msgspec.to_builtins(struct)
    assert values.pop("sealed", None) is None
    return values


@pytest.mark.parametrize("name", EVENTS)
def test_the_struct_has_the_fields_and_defaults_of_the_model(name: str):
    event, struct = EVENTS[name], struct_of(EVENTS[name])
    assert set(struct.__struct_fields__) - {"sealed"} == set(event.model_fields) - ENVELOPE_FIELDS
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    assert required == {n for n, i in event.model_fields.items() if i.is_required()} - event.personal_fields()


@pytest.mark.parametrize("name", EVENTS)
def test_fast_equals_model(name: str):
    @EXAMPLES
    @given(VALUES[name])
    def check(event: Event) -> None:
        plain = of_struct(DECODERS[name].decode(event.model_dump_json()))
        assert exact(plain) == exact(event.model_dump(mode="json"))
        keyring = FakeKeyring()
        stored = recorded(event, encoded(event, keyring))
        assert exact(of_struct(Codec(keyring).decode(stored))) == exact(plain)
        assert Codec(keyring).model(stored) == event

    check()


@pytest.mark.parametrize("name", PERSONAL)
def test_who_is_erased_is_blank_by_both_paths(name: str):  # X10
    @EXAMPLES
    @given(VALUES[name])
    def check(event: Event) -> None:
        keyring = FakeKeyring()
        stored = recorded(event, encoded(event, keyring))
        keyring.erased.add(first_set(event, event.sealed_under))
        fast, model = Codec(keyring).decode(stored), Codec(keyring).model(stored)
        assert type(model) is type(event)
        assert exact(of_struct(fast)) == exact(model.model_dump(mode="json"))
        for field in EVENTS[name].model_fields:
            if field in event.personal_fields():
                assert not getattr(model, field)
            else:
                assert getattr(model, field) == getattr(event, field)  # nested values are models again

    check()


@pytest.mark.parametrize("name", PERSONAL)
def test_nothing_personal_is_stored_in_the_clear(name: str):
    @EXAMPLES
    @given(VALUES[name])
    def check(event: Event) -> None:
        data = json.loads(encoded(event, FakeKeyring()))
        assert not event.personal_fields() & set(data)
        assert set(data["sealed"]) == {"by", "box"}

    check()


@pytest.mark.parametrize("name", PERSONAL)
def test_without_the_right_key_there_is_an_error_never_garbage(name: str):
    @settings(max_examples=3)
    @given(VALUES[name])
    def check(event: Event) -> None:
        stored = recorded(event, encoded(event, FakeKeyring()))
        subject = first_set(event, event.sealed_under)
        wrong = FakeKeyring()
        wrong.keys[subject] = bytes(32)
        for read in (Codec(FakeKeyring()).decode, Codec(FakeKeyring()).model):
            with pytest.raises(MissingKey):
                read(stored)
        for read in (Codec(wrong).decode, Codec(wrong).model):
            with pytest.raises(InvalidTag):
                read(stored)

    check()


REGISTERED = EVENTS["clients.ClientRegistered.v1"](client_id="c1", kind="person", name="Оксана Гнатюк", number=1)


@pytest.mark.parametrize("damage", ["", "AAAA", "A" * 64, "not base64!", "short"])
def test_a_damaged_box_is_an_error(damage: str):
    data = json.loads(encoded(REGISTERED, FakeKeyring()))
    data["sealed"]["box"] = damage
    stored = recorded(REGISTERED, json.dumps(data).encode())
    for read in (Codec(FakeKeyring("c1")).decode, Codec(FakeKeyring("c1")).model):
        with pytest.raises((InvalidTag, ValueError)):
            read(stored)


def test_a_box_of_another_event_type_is_an_error():
    data = json.loads(encoded(REGISTERED, FakeKeyring()))
    changed = EVENTS["clients.ClientDetailsChanged.v1"](client_id="c1", kind="person", name="Інша Особа")
    other = json.loads(encoded(changed, FakeKeyring()))
    data["sealed"] = other["sealed"]
    stored = recorded(REGISTERED, json.dumps(data).encode())
    for read in (Codec(FakeKeyring("c1")).decode, Codec(FakeKeyring("c1")).model):
        with pytest.raises(InvalidTag):
            read(stored)


def test_nothing_is_added_to_who_was_erased():
    keyring = FakeKeyring()
    keyring.erased.add("c1")
    with pytest.raises(Erased):
        encoded(REGISTERED, keyring)


def test_the_same_event_is_never_sealed_twice_alike():
    assert encoded(REGISTERED, FakeKeyring()) != encoded(REGISTERED, FakeKeyring())


@pytest.mark.parametrize("name", [name for name, event in EVENTS.items() if event.owned_by])
def test_a_contact_falls_with_its_client(name: str):
    event = example(name)
    keyring = FakeKeyring()
    encoded(event, keyring)
    assert keyring.owners == {first_set(event, event.sealed_under): event.client_id}
    finished(keyring.destroy(event.client_id))
    assert first_set(event, event.sealed_under) in keyring.erased


@pytest.mark.parametrize("name", [name for name in PERSONAL if name.endswith("JoinedClient.v1")])
def test_the_own_key_of_a_deal_order_or_payment_falls_with_the_client_it_joined(name: str):
    event = example(name)
    own = getattr(event, event.sealed_under[-1])
    keyring = FakeKeyring(own)
    encoded(event, keyring)
    assert keyring.owners == {own: event.client_id}
    encoded(event.model_copy(update={"client_id": None}), keyring)  # joined nobody: its key stays with its last client
    assert keyring.owners == {own: event.client_id}


def test_an_unknown_type_is_said_so():
    stored = recorded(REGISTERED, b"{}")
    stored.type = "clients.ClientTeleported.v1"
    for read in (Codec(FakeKeyring()).decode, Codec(FakeKeyring()).model):
        with pytest.raises(UnknownEvent, match="ClientTeleported"):
            read(stored)
