"""What two people typed in one form is put together field by field (#5)."""

from __future__ import annotations

import pytest

from services.gateway.pages.merging import Asked, answered, merged, opened_with


@pytest.mark.parametrize(
    ("was", "theirs", "mine", "kept", "asked", "taken"),
    [
        ("a", "a", "a", "a", False, False),
        ("a", "a", "b", "b", False, False),
        ("a", "b", "a", "b", False, True),
        ("a", "b", "b", "b", False, False),
        ("a", "b", "c", "c", True, False),
        ("a", "", "c", "c", True, False),
        ("a", "b", "", "", True, False),
        ("", "b", "c", "c", True, False),
        (None, "b", "c", "c", True, False),
        (None, "b", "b", "b", False, False),
    ],
)
def test_one_field(was: str | None, theirs: str, mine: str, kept: str, asked: bool, taken: bool):
    found = merged({"city": mine}, {"city": theirs}, {} if was is None else {"city": was})
    assert found.fields == {"city": kept}
    assert found.asked == ([Asked("city", theirs, mine)] if asked else [])
    assert found.taken == ([("city", was, theirs)] if taken else [])


def test_fields_that_are_not_stored_stay_as_they_were_typed():
    assert merged({"city": "a", "note": "n"}, {"city": "b"}, {"city": "a"}).fields == {"city": "b", "note": "n"}


def test_what_was_asked_is_answered():
    form = {
        "was.phones": "1\r\n2",
        "take.phones": "theirs",
        "was.city": "Kyiv",
        "take.city": "mine",
        "take.name": "theirs",
    }
    fields = {"phones": "3", "city": "Lviv", "name": "Acme"}
    assert answered(form, fields) == {"phones": "1\n2", "city": "Lviv", "name": "Acme"}
    assert opened_with(form) == {"phones": "1\n2", "city": "Kyiv"}
