"""The document store's promises on documents, search and counters (DESIGN 5), run on every adapter."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import pytest

from services.kit.document_ports import Documents
from services.kit.documents import Add, Delete, Filter, Purge, Put
from tests.conformance.documents_fixtures import (
    GROUP,
    Deal,
    Lane,
    add,
    all_pages,
    documents,
    find_ids,
    found,
    get,
    harness,
    lane,
    put,
    sums,
)

# ---------------------------------------------------------------- documents


async def test_a_document_is_put_replaced_and_deleted(lane: Lane, documents: Documents) -> None:
    assert await get(documents, "a") is None
    await lane.write(put("a", "One", total=5, note="x"))
    assert await get(documents, "a") == Deal("One", total=5, note="x")
    await lane.write(put("a", "Two"))
    assert await get(documents, "a") == Deal("Two")
    await lane.write(Delete("deals", "a"), Delete("deals", "never-there"))
    assert await get(documents, "a") is None
    assert await find_ids(documents) == []


async def test_the_last_write_of_a_commit_wins(lane: Lane, documents: Documents) -> None:
    await lane.write(put("a", "1"), Delete("deals", "a"), put("b", "1"), put("b", "2", total=2), put("c", "1"))
    await lane.write(Delete("deals", "b"), put("b", "3"), put("c", "2", total=7), put("d", "1"), Delete("deals", "d"))
    assert await find_ids(documents) == ["b", "c"]
    assert await get(documents, "b") == Deal("3")
    assert await find_ids(documents, [Filter("total", "=", 7)]) == ["c"]


async def test_get_many_returns_what_exists(lane: Lane, documents: Documents) -> None:
    ids = [f"d{i}" for i in range(1100)]
    await lane.write(*(put(each, each) for each in ids))
    async with documents.snapshot() as reader:
        rows = await reader.get_many(GROUP, "deals", [*ids, "none", "d1"])
        assert sorted(row.id for row in rows) == sorted(ids)
        assert all(row.document.title == row.id for row in rows)
        assert await reader.get_many(GROUP, "deals", []) == []
        assert await reader.get_many(GROUP, "deals", ["d1"], lane=1) == []
        assert len(await reader.get_many(GROUP, "deals", ["d1", "d2", "x"], lane=0)) == 2


async def test_the_same_id_lives_in_two_lanes(lane: Lane, documents: Documents) -> None:
    other = await Lane.take(documents, 7)
    await lane.write(put("a", "here", total=1))
    await other.write(put("a", "there", total=2))
    async with documents.snapshot() as reader:
        rows = await reader.get(GROUP, "deals", "a")
        assert sorted((row.lane, row.document.title) for row in rows) == [(0, "here"), (7, "there")]
        page = await reader.find(GROUP, "deals", lane=7)
        assert [(row.lane, row.document.title) for row in page.rows] == [(7, "there")]
    assert [row.lane for row in await all_pages(documents, limit=1)] == [0, 7]
    await lane.write(Delete("deals", "a"))
    assert [row.lane for row in await all_pages(documents, sort=[("total", True)])] == [7]


async def test_changed_columns_are_found_by_their_new_values_and_the_text_too(lane: Lane, documents: Documents) -> None:
    await lane.write(put("a", "Old name", total=1, owner="x"), put("b", "Other", total=1))
    await lane.write(Put("deals", "a", Deal("New name", "x", 5, 3), frozenset({"total", "closed"})))
    assert await get(documents, "a") == Deal("New name", "x", 5, 3)
    assert await find_ids(documents, [Filter("total", "=", 5), Filter("owner", "=", "x")]) == ["a"]
    assert await find_ids(documents, [Filter("total", "=", 1)]) == ["b"]
    assert await find_ids(documents, [Filter("closed", ">=", 3)]) == ["a"]
    assert await found(documents, "old") == []
    assert await found(documents, "new") == ["a"]
    await lane.write(Put("deals", "a", Deal("Body alone", "x", 5, 3), frozenset()))
    assert await get(documents, "a") == Deal("Body alone", "x", 5, 3)
    await lane.write(
        Put("deals", "a", Deal("", "x", 6, 3), frozenset({"total"})),
        Put("deals", "a", Deal("", "x", 6, 4), frozenset({"closed"})),
    )
    assert await find_ids(documents, [Filter("total", "=", 6), Filter("closed", "=", 4)]) == ["a"]


async def test_a_change_of_a_row_that_is_not_there_is_refused_as_a_whole(lane: Lane, documents: Documents) -> None:
    changed = frozenset({"total"})
    with pytest.raises(RuntimeError):
        await lane.write(put("b", "B"), Put("deals", "a", Deal("A", total=1), changed))
    with pytest.raises(RuntimeError):
        await lane.write(put("b", "B"), Delete("deals", "b"), Put("deals", "b", Deal("A", total=1), changed))
    assert await find_ids(documents) == []
    await lane.write(put("b", "B"))
    assert await find_ids(documents) == ["b"]


# ---------------------------------------------------------------- search


async def test_search_finds_all_words_in_any_script_and_case(lane: Lane, documents: Documents) -> None:
    titles = {
        "a": "Ґанок і Євген Їжакевич",
        "b": 'ТОВ "Прометей & Ко" 100%',
        "c": "ПРОМЕТЕЙ Київ",
        "d": "Zürich Straße, Nowak_GmbH",
        "e": "Йосип",
    }
    await lane.write(*(put(each, title) for each, title in titles.items()))
    for text, ids in {
        "ґан": "a",
        "ҐАНОК": "a",
        "євген": "a",
        "їжак": "a",
        "ган": "",
        "прометей": "bc",
        "омет киї": "c",
        "прометей товар": "",
        '"прометей': "b",
        "100%": "b",
        "k_g": "d",
        "k.g": "",
        "strasse": "d",
        "ZÜRICH": "d",
        "йосип": "e",
        "и\u0306ос": "e",
        "йо": "e",
        "&": "b",
        "ко прометей": "b",
        "OR": "",
        "прометей OR zürich": "",
        "NOT": "",
        "*": "",
        "   ": "",
        "\0": "",
        "прометей\0": "bc",
    }.items():
        assert await found(documents, text) == list(ids), text
    assert len(await found(documents, "прометей", limit=1)) == 1
    with pytest.raises(KeyError):
        async with documents.snapshot() as reader:
            await reader.search(GROUP, "visits", "x")


async def test_search_forgets_what_was_changed_deleted_or_purged(lane: Lane, documents: Documents) -> None:
    await lane.write(put("a", "Ластівка"), put("b", "Ластівка", total=5), put("c", "Ластівка", owner="x"))
    await lane.write(put("a", "Журавель"), Delete("deals", "b"), Purge("deals", "owner", "x", 10))
    assert await found(documents, "ластівка") == []
    assert await found(documents, "жура") == ["a"]
    await lane.write(put("b", "Журавель"), put("a", "Журавель", total=3))
    assert await found(documents, "жура") == ["a", "b"]


# ---------------------------------------------------------------- counters


async def test_counters_add_up_over_lanes_and_by_any_keys(lane: Lane, documents: Documents) -> None:
    other = await Lane.take(documents, 3)
    await lane.write(add("new", 1, 1, 10), add("new", 2, 1, 20), add("", 1, 5), add("new", 1, 1, 5))
    await other.write(add("new", 1, 4, -100), add("won", 2, 1, 7))
    assert await sums(documents) == [
        {"stage": "", "day": 1, "count": 5, "amount": 0},
        {"stage": "new", "day": 1, "count": 6, "amount": -85},
        {"stage": "new", "day": 2, "count": 1, "amount": 20},
        {"stage": "won", "day": 2, "count": 1, "amount": 7},
    ]
    assert await sums(documents, by=("day",)) == [
        {"day": 1, "count": 11, "amount": -85},
        {"day": 2, "count": 2, "amount": 27},
    ]
    assert await sums(documents, by=()) == [{"count": 13, "amount": -58}]
    assert await sums(documents, by=(), where=[Filter("stage", "=", "none")]) == []
    only = [Filter("stage", "in", ("new", "won")), Filter("day", ">=", 2)]
    assert await sums(documents, by=("stage",), where=only, sort=["-stage"]) == [
        {"stage": "won", "count": 1, "amount": 7},
        {"stage": "new", "count": 1, "amount": 20},
    ]
    ordered = await sums(documents, by=("day", "stage"), sort=["-day", "stage"], limit=3)
    assert [(row["day"], row["stage"]) for row in ordered] == [(2, "new"), (2, "won"), (1, "")]


async def test_rows_of_zeros_vanish_from_either_side(lane: Lane, documents: Documents) -> None:
    other = await Lane.take(documents, 1)
    await lane.write(add("a", 1, 2, 5), add("b", 1, -3, 0), add("c", 1, 1, 1), add("d", 1, 1), add("d", 1, -1))
    await lane.write(add("a", 1, -2, -5), add("b", 1, 3, 0), add("c", 1, -1, 0))
    assert await sums(documents) == [{"stage": "c", "day": 1, "count": 0, "amount": 1}]
    await other.write(add("c", 1, 0, -1))
    assert await sums(documents) == []
    assert await sums(documents, by=()) == []
    await lane.write(add("a", 1, 1, 0))
    assert await sums(documents) == [{"stage": "a", "day": 1, "count": 1, "amount": 0}]


async def test_a_sum_beyond_64_bits_is_an_error_and_never_a_rounded_number(lane: Lane, documents: Documents) -> None:
    await lane.write(add("a", 1, 2**63 - 1), add("b", 1, -(2**63)), add("c", 1, 2**62, 2**53 + 1))
    for wrong in (add("a", 1, 1), add("b", 1, -1), Add("sums", ("c", 1), (2**63, 0))):
        with pytest.raises(OverflowError):
            await lane.write(put("x"), wrong)
    assert await find_ids(documents) == []
    assert [row["count"] for row in await sums(documents)] == [2**63 - 1, -(2**63), 2**62]
    assert (await sums(documents, where=[Filter("stage", "=", "c")]))[0]["amount"] == 2**53 + 1
    with pytest.raises(OverflowError):
        await sums(documents, by=(), where=[Filter("stage", "in", ("a", "c"))])


# ---------------------------------------------------------------- purge


async def test_purge_removes_at_most_so_many_rows_of_its_lane_in_the_order_of_writes(
    lane: Lane, documents: Documents
) -> None:
    other = await Lane.take(documents, 1)
    await other.write(put("z", owner="x"), add("s", 1, 1))
    await lane.write(*(put(f"{i}", owner="x", note=None) for i in range(5)), put("k", owner="y", note="n"))
    await lane.write(Purge("deals", "owner", "x", 3))
    assert len(await find_ids(documents, [Filter("owner", "=", "x")], lane=0)) == 2
    await lane.write(Purge("deals", "note", None, 100), put("0", owner="x"))
    assert await find_ids(documents) == ["0", "k", "z"]
    await lane.write(put("1", owner="x"), Purge("deals", "owner", "x", 100), add("s", 1, 2), add("t", 1, 1))
    assert await find_ids(documents) == ["k", "z"]
    await lane.write(add("s", 2, 1), Purge("sums", "stage", "s", 10), add("s", 2, 5))
    assert [(row["stage"], row["day"], row["count"]) for row in await sums(documents)] == [
        ("s", 1, 1),
        ("s", 2, 5),
        ("t", 1, 1),
    ]
    with pytest.raises(KeyError):
        await lane.write(Purge("deals", "title", "x", 1))
