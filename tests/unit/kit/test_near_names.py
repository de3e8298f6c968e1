"""How far a name may be from what is typed, and that no index overlooks one (S0.39, ADR 0035)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit.adapters.near_names import Sought, name_words, starts


def slips(typed: str, name: str) -> int | None:
    """How far the name is, as documents with just that name are told apart; None: it is not near."""
    found = Sought.of(typed).nearest([("x", name.casefold(), name_words(name))], 1)
    return found[0][0] if found else None


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ("iavn", "Ivan", 1),  # two letters changed places
        ("ivn", "Ivan", None),  # three letters are too few for a slip
        ("ixan", "Ivanenko", 1),  # one types on: the beginning of a word
        ("kovalnko", "Petro Kovalenko", 1),
        ("kovlnko", "Petro Kovalenko", None),  # seven letters: one slip
        ("koavlnko", "Petro Kovalenko", 2),  # eight: two
        ("koavlnok", "Petro Kovalenko", None),
        ("Ковалнеко", "КОВАЛЕНКО Петро", 1),
        ("Шевчнеко", "Тарас Шевченко", 1),
        ("петр ковалнко", "Ковалєнко Петро", 1),  # whatever their order
        ("петро ковалнко", "Іван Коваленко", None),
        ("маряна", "Мар'яна", 0),  # any apostrophe, or none
        ("Мар’яна", "Марьяна", 1),
        ("nowak-kowalsky", "Anna Nowak-Kowalski", 1),
        ("«промтеей»", "ТОВ «Прометей»", 1),
        ("muller", "Müller", 1),
        ("ivan", "Ivan", None),  # that is no near one: a search finds it
        ("4567", "4568", None),
        ("#1234", "#1235", None),
        ("walker7", "Walker", None),
        ("office@acme", "ofice acme", None),
        ("acme.tset", "acme test", None),
        ("acmee 4567", "acme", None),
        ("acmee 4567", "acme 4567", 1),
        ("", "Ivan", None),
    ],
)
def test_a_name_is_near_up_to_a_slip_or_two(typed: str, name: str, expected: int | None) -> None:
    assert slips(typed, name) == expected


def test_the_nearest_come_first_and_then_those_with_the_first_keys() -> None:
    names = {"d": "Kovalenko", "c": "Kovalinko", "b": "Kovalnko", "a": "Kovalinco", "e": "Kovaleko"}
    rows = [(key, name.casefold(), name_words(name)) for key, name in names.items()]
    assert Sought.of("kovalnko").nearest(rows, 10) == [(1, "c"), (1, "d"), (1, "e"), (2, "a")]
    assert Sought.of("kovalnko").nearest(rows, 2) == [(1, "c"), (1, "d")]


def far(one: str, other: str) -> int:
    """Return how many letters must be put in, left out, changed or swapped to make one word the other: by the book."""
    table = [[*range(len(other) + 1)]]
    for i, letter in enumerate(one, 1):
        table.append([i])
        for j, there in enumerate(other, 1):
            best = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                best = min(best, table[i - 2][j - 2] + 1)
            table[i].append(best)
    return table[-1][-1]


@st.composite
def mistyped(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a name and what came of its beginning under quick fingers: up to three letters went wrong."""
    name = draw(st.text("abcdefghїж", min_size=3, max_size=12))
    typed = name[: draw(st.integers(3, 12))]
    for _ in range(draw(st.integers(0, 3))):
        at, letter = draw(st.integers(0, len(typed) - 1)), draw(st.sampled_from("abїx"))
        before, here, next, after = typed[:at], typed[at], typed[at + 1 : at + 2], typed[at + 2 :]
        typed = before + draw(
            st.sampled_from([next + after, letter + here + next + after, letter + next + after, next + here + after])
        )
    return name, typed if len(typed) >= 3 else name


@settings(max_examples=1_000)
@given(mistyped())
def test_what_is_near_is_what_the_table_says_and_the_index_finds_it(drawn: tuple[str, str]) -> None:
    name, typed = drawn
    most = 0 if len(typed) < 4 else 1 if len(typed) < 8 else 2
    nearest = min(far(typed, name[:end]) for end in range(1, len(name) + 1))
    near = nearest <= most and typed not in name
    assert slips(typed, name) == (nearest if near else None)
    if nearest <= most:
        (asked,) = Sought.of(typed).words[0].asked
        assert set(asked) & set(starts(name).split())
