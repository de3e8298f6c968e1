"""Whom the signs @ of a text mean: shown with present names, read from a form (#5)."""

from types import SimpleNamespace

import pytest

from contracts.clients.events import Mention
from contracts.problem import Invalid
from services.gateway.pages.mentions.marks import marks, parts, plain, read

NAMES = {
    "a": "Anna", "k": "Anna Kovalenko", "o": "Олена Ґудзь", "i": "Ivan", "i2": "Ivan", "p": "Petro", "gone": "Petro",
}  # fmt: skip


class Known:
    """All but `gone` may come in."""

    def __init__(self):
        self.employees = {id: SimpleNamespace(name=name) for id, name in NAMES.items()}

    def active(self, id):
        return None if id == "gone" else object()


def found(text, said=""):
    return [(each.employee_id, text[each.start : each.start + each.length]) for each in read(text, said, Known())]


@pytest.mark.parametrize(
    ("text", "said", "wanted"),
    [
        ("@Anna, call", "0:a", [("a", "@Anna")]),
        ("🙂 @Олена Ґудзь і @Anna", "0:o 1:a", [("o", "@Олена Ґудзь"), ("a", "@Anna")]),
        ("mail x@y.ua, then @Ivan and @Ivan", "1:i2 2:i", [("i2", "@Ivan"), ("i", "@Ivan")]),
        ("@Annie", "0:a", []),
        ("@Anna", "7:a 0:nobody x:y 0: :a", [("a", "@Anna")]),
        ("@Anna Kovalenko", "", [("k", "@Anna Kovalenko")]),
        ("@Anna Kovalenkova", "", [("a", "@Anna")]),
        ("me@Anna and @anna and @Annabel", "", []),
        ("(@Олена Ґудзь)\r\n@Anna!", "", [("o", "@Олена Ґудзь"), ("a", "@Anna")]),
        ("@Petro", "", [("p", "@Petro")]),
        ("@Petro", "0:gone", [("gone", "@Petro")]),
    ],
)
def test_whom_a_form_mentions(text, said, wanted):
    assert found(text, said) == wanted


def test_a_name_of_two_must_be_chosen():
    with pytest.raises(Invalid, match="more than one employee is called Ivan") as refused:
        found("ask @Ivan")
    assert refused.value.field == "text"


def test_a_text_is_shown_with_present_names_and_sent_back_the_same():
    text = "x@y: @Old Name and @Anna."
    mentions = [Mention(employee_id="o", start=5, length=9), Mention(employee_id="a", start=19, length=5)]
    shown = parts(text, mentions, NAMES)
    assert [(each.text, each.employee_id) for each in shown] == [
        ("x@y: ", ""), ("@Олена Ґудзь", "o"), (" and ", ""), ("@Anna", "a"), (".", ""),
    ]  # fmt: skip
    assert plain(shown) == "x@y: @Олена Ґудзь and @Anna."
    assert marks(shown) == "1:o 2:a"
    assert found(plain(shown), marks(shown)) == [("o", "@Олена Ґудзь"), ("a", "@Anna")]
    assert plain(parts(text, mentions, {})) == text


def test_a_text_that_was_blanked_has_no_mentions():  # X10
    assert parts("", [Mention(employee_id="o", start=5, length=9)], NAMES) == []
