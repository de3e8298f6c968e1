"""The document store finds names that are nearly what is typed (S0.39, ADR 0035), on every adapter."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import random

import pytest

from services.kit.adapters import mongo_grams, sqlite_near
from services.kit.adapters.near_names import Sought, name_words
from services.kit.document_ports import Documents
from services.kit.documents import Delete, Filter, LaneState, Purge, Put
from tests.conformance.documents_fixtures import (
    DEALS,
    PEOPLE,
    TOPIC,
    Deal,
    Harness,
    Lane,
    Person,
    documents,
    harness,
)

_GROUP = "people.1"


async def take(documents: Documents, lane: int = 0) -> Lane:
    """Return a lane of a group of people."""
    await documents.define(_GROUP, [PEOPLE, DEALS], [])
    state = await documents.open_lane(_GROUP, lane, "log-1")
    return Lane(documents, _GROUP, lane, state.rev, state.positions.get(TOPIC, (0, ""))[0])


def person(id: str, name: str, **more: str) -> Put:
    """Return a Put of a person."""
    return Put("people", id, Person(name, **more))


async def near(
    documents: Documents, text: str, *where: Filter, limit: int = 20, group: str = _GROUP
) -> list[tuple[str, int]]:
    """Return (id, slips) as they come."""
    async with documents.snapshot() as reader:
        return [(row.id, row.slips) for row in await reader.near(group, "people", text, where, limit)]


async def test_names_are_found_with_a_slip_the_nearest_first(documents: Documents) -> None:
    lane, other = await take(documents), await take(documents, 3)
    await lane.write(
        person("b", "Коваленко Петро", mail="walker@acme.test"),
        person("c", 'ТОВ "Ковалевський & Ко"'),
        person("d", "Walker, Anna-Maria", mail="petro@acme.test"),
        person("e", "Мар'яна Їжакевич 42"),
    )
    await other.write(person("a", "КОВАЛЕНКА Іван"), person("b", "Коваленко Ганна"))
    for text, expected in {
        "коваленкo": [("b", 1), ("b", 1), ("a", 1)],  # the last letter is a Latin one
        "ковалнеко": [("b", 1), ("b", 1), ("a", 2)],
        "ковалнеко петро": [("b", 1)],
        "ковалнеко ко": [("b", 1), ("b", 1), ("a", 2)],
        "петра ко": [("b", 1)],
        "валкер": [],
        "walkre": [("d", 1)],
        "wlaker anna": [("d", 1)],
        "anna-mariya": [("d", 1)],
        "walkre@acme.test": [],  # mail is as it is
        "петор acme": [("b", 1)],
        "маряна їжакевич": [("e", 0)],
        "їжакевч 42": [("e", 1)],
        "їжакевч 43": [],
        "walker": [],  # a search finds those
        "aann": [("d", 1)],
        "ana": [],
        "": [],
        '"': [],
        "kovalenko OR": [],
    }.items():
        assert sorted(await near(documents, text)) == sorted(expected), text
    assert await near(documents, "ковалнеко", limit=2) == [("b", 1), ("b", 1)]
    async with documents.snapshot() as reader:
        rows = await reader.near(_GROUP, "people", "ковалнеко")
        assert [(row.id, row.lane, row.document.name) for row in rows] == [
            ("b", 0, "Коваленко Петро"), ("b", 3, "Коваленко Ганна"), ("a", 3, "КОВАЛЕНКА Іван"),
        ]  # fmt: skip
        with pytest.raises(KeyError):
            await reader.near(_GROUP, "deals", "walkre")


async def test_what_was_changed_deleted_or_purged_is_not_near_any_more(documents: Documents) -> None:
    lane = await take(documents)
    await lane.write(*(person(each, "Walker", owner="x" if each == "d" else "") for each in "abcd"))
    await lane.write(person("a", "Kowalski"), Delete("people", "b"), Purge("people", "owner", "x", 9))
    await lane.write(Put("people", "c", Person("Walker", "mail@acme.test", "y"), frozenset({"owner"})))
    assert await near(documents, "walkre") == [("c", 1)]
    assert await near(documents, "kowalsky") == [("a", 1)]
    await lane.write(Put("people", "c", Person("Kowalska", "", "z"), frozenset({"owner"})))
    assert await near(documents, "walkre") == []
    assert await near(documents, "kowalsky") == [("a", 1), ("c", 1)]


async def test_conditions_leave_room_to_those_that_match(documents: Documents) -> None:
    lane = await take(documents)
    await lane.write(*(person(f"p{n}", "Walker", owner="me" if n > 7 else "other") for n in range(10)))
    mine = Filter("owner", "=", "me")
    assert await near(documents, "walkre", mine, limit=5) == [("p8", 1), ("p9", 1)]
    assert await near(documents, "walkre", Filter("owner", "in", ("other",)), limit=3) == [
        (f"p{n}", 1) for n in range(3)
    ]
    assert await near(documents, "walkre", mine, Filter("id", "=", "p9")) == [("p9", 1)]


async def test_words_that_very_many_have_are_told_by_some_of_them(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    for adapter in (sqlite_near, mongo_grams):
        monkeypatch.setattr(adapter, "LOOKED_AT", 5)
    lane = await take(documents)
    names = ["Anna Smith"] * 10 + ["Oleh Walker"] * 10 + ["Walker Anna"] * 9 + ["Walker Anna Rare"]
    await lane.write(*(person(f"{n:02}", name) for n, name in enumerate(names)))
    both = await near(documents, "anan wlaker")
    assert len(both) == 5
    assert {slips for _, slips in both} == {2}
    assert {id for id, _ in both} <= {f"{n}" for n in range(20, 30)}
    assert await near(documents, "anan wlaker rare") == [("29", 2)]
    assert await near(documents, "anan walker raer") == [("29", 2)]
    assert len(await near(documents, "wlaker")) == 5


def _name(chance: random.Random) -> str:
    return " ".join("".join(chance.choices("абвої'", k=chance.randrange(2, 11))) for _ in range(chance.randrange(1, 4)))


def _mistyped(chance: random.Random, word: str) -> str:
    """Return the word with a letter or two left out, put in or changed, or in each other's place."""
    for _ in range(chance.randrange(1, 3)):
        at, letter = chance.randrange(len(word)), chance.choice("абв")
        before, here, next, after = word[:at], word[at], word[at + 1 : at + 2], word[at + 2 :]
        word = before + chance.choice(
            [next + after, letter + here + next + after, letter + next + after, next + here + after]
        )
    return word


async def test_all_that_is_near_is_found_whatever_is_typed(harness: Harness, documents: Documents) -> None:
    """Each document by itself tells whether it is near; the store overlooks none, written one by one or in bulk."""
    chance = random.Random(11)
    people = {f"p{n}": Person(_name(chance), chance.choice("абв") * 5) for n in range(300)}
    lane = await take(documents)
    await lane.write(*(Put("people", *each) for each in people.items()))
    async with documents.bulk("built.1", [PEOPLE, DEALS], []) as bulk:
        await bulk.put_many("people", 0, list(people.items()))
        await bulk.finish([LaneState(0, 1, "log-1", {}, False)])
    hits = 0
    for _ in range(harness.rounds):
        words = chance.choice(list(people.values())).name.split()
        text = " ".join(_mistyped(chance, each) for each in chance.sample(words, min(len(words), 2)))
        rows = [(id, f"#1\n{each.name}\n{each.mail}", name_words(each.name)) for id, each in people.items()]
        expected = [(id, slips) for slips, id in Sought.of(text).nearest(rows, 500)]
        assert await near(documents, text, limit=500) == expected, text
        assert await near(documents, text, limit=500, group="built.1") == expected, text
        hits += len(expected)
    assert hits > harness.rounds  # the names are alike indeed


async def test_after_compacting_nothing_of_a_deleted_name_is_in_any_file(
    harness: Harness, documents: Documents
) -> None:  # X10
    lane = await take(documents)
    await lane.write(person("a", "Qwertyuiop"), person("b", "Лишайко"))
    await lane.write(Delete("people", "a"))
    await documents.compact()
    await documents.close()
    stored = b"".join(path.read_bytes() for path in harness.files())
    assert not any(piece in stored for piece in (b"qwertyuiop", b"qer"))
