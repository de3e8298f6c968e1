"""Ids, and what every event and command declares about itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ids
from contracts.base import EDGE, Event, marked
from contracts.generate import commands
from contracts.registry import EVENTS, KNOWN_TYPES, REFERENCE_TYPES, TOPICS


def test_ids_are_the_same_for_ever():
    """A changed id would store an import or a repeated request a second time."""
    assert ids.created_id("anna", "key-1") == "9e9f19e8-c5ce-532c-a33c-8c010822dda6"
    assert ids.imported_id("acme", "deals", "D-17") == "4477d603-7bf0-56a1-b0c6-ecf0b969bab5"
    assert ids.event_id("c1", 0) == "5a233102-e0f3-53a1-9a09-23a379adc3dd"


def test_ids_of_different_things_differ():
    made = [
        ids.created_id("anna", "key"), ids.created_id("anna", "key2"), ids.created_id("annak", "ey"),
        ids.command_id("anna", "key"), ids.derived_id("anna", "key"), ids.event_id("c", 1), ids.event_id("c", 11),
        ids.event_id("c1", 1), ids.reaction_id("e", "r", "t", 0), ids.reaction_id("e", "r", "t", 1),
        ids.reaction_id("e", "rt", "", 0), ids.imported_id("s", "deals", "1"), ids.imported_id("s", "orders", "1"),
        ids.imported_event_id("s", "deals", "1", "t", None, "", 0),
        ids.imported_event_id("s", "deals", "1", "t", 0, "", 0),
        ids.imported_event_id("s", "deals", "1", "t", 0, "", 1),
    ]  # fmt: skip
    assert len(set(made)) == len(made)


@given(st.lists(st.text(alphabet="a\x1e\x1f01", max_size=4), min_size=2, max_size=2).map(tuple), st.data())
def test_ids_of_different_parts_differ(parts: tuple[str, str], data: st.DataObject):
    other = data.draw(st.tuples(*[st.text(alphabet="a\x1e\x1f01", max_size=4)] * 2))
    assert (ids.created_id(*parts) == ids.created_id(*other)) == (parts == other)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_declares_what_the_kit_needs(name: str):
    event = EVENTS[name]
    assert re.fullmatch(r"(clients|pipeline|analytics|gateway)\.[A-Z][A-Za-z]+\.v1", name)
    assert name.split(".")[1] == event.__name__
    assert event.key_fields
    fields = set(event.model_fields)
    assert {*event.key_fields, *event.sealed_under} <= fields
    assert event.owned_by is None or event.owned_by in fields
    if event.personal_fields():
        assert event.sealed_under
        assert not event.reference  # every lane keeps a copy
    for always in (event.key_fields, event.sealed_under):
        last = event.model_fields[always[-1]] if always else None
        assert last is None or last.is_required() or last.default  # never without a key
    for hidden in event.personal_fields():
        info = event.model_fields[hidden]
        assert not info.is_required() or info.annotation is str  # blank is "" (Codec)


def test_an_event_type_stands_once():
    classes = [sub for sub in subclasses(Event) if "type" in vars(sub)]
    assert sorted(sub.type for sub in classes) == sorted(EVENTS)
    assert TOPICS == ("analytics.events", "clients.events", "gateway.events", "pipeline.events")
    assert REFERENCE_TYPES < KNOWN_TYPES <= set(EVENTS)


def subclasses(cls: type) -> list[type]:
    return [found for sub in cls.__subclasses__() for found in [sub, *subclasses(sub)]]


@pytest.mark.parametrize("name", commands())
def test_a_command_names_its_stream_and_needs_nothing_of_the_edge(name: str):
    command = commands()[name]
    first = next(field for field in command.model_fields if field != "at")
    assert first.endswith("_id") or name in {"SetRate", "ReserveNumbers"}  # their streams: currency, kind
    assert first not in marked(command, EDGE)
    assert all(not command.model_fields[field].is_required() for field in marked(command, EDGE))
