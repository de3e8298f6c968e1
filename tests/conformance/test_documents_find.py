"""The document store's promises on `find`: filters, orders and cursors (DESIGN 6), run on every adapter."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from contracts.problem import Invalid
from services.kit.document_ports import Documents
from services.kit.documents import Delete, Filter, Put, Stored, words
from tests.conformance.documents_fixtures import (
    DEALS,
    GROUP,
    Deal,
    Harness,
    Lane,
    all_pages,
    documents,
    find_ids,
    get,
    harness,
    lane,
    put,
    sums,
)

ROWS = {
    "a": Deal("A", "ann", 10, 5, "Київ"),
    "b": Deal("B", "ann", 20, None, "Київська"),
    "c": Deal("C", "bob", 20, 7, None),
    "d": Deal("D", "bob", -5, None, ""),
    "e": Deal("E", "", 20, 5, "Кия"),
}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ([Filter("owner", "=", "ann")], "ab"),
        ([Filter("owner", "=", "")], "e"),
        ([Filter("total", "=", 20)], "bce"),
        ([Filter("total", "<", 10)], "d"),
        ([Filter("total", "<=", 10)], "ad"),
        ([Filter("total", ">", 10)], "bce"),
        ([Filter("total", ">=", 10)], "abce"),
        ([Filter("total", ">", -5), Filter("total", "<", 20)], "a"),
        ([Filter("owner", "in", ("bob", ""))], "cde"),
        ([Filter("total", "in", (10, -5, 99))], "ad"),
        ([Filter("owner", "in", ())], ""),
        ([Filter("note", "prefix", "Київ")], "ab"),
        ([Filter("note", "prefix", "Ки")], "abe"),
        ([Filter("note", "prefix", "")], "abde"),
        ([Filter("note", "word", "Київ")], ""),
        ([Filter("closed", "null")], "bd"),
        ([Filter("closed", "not_null")], "ace"),
        ([Filter("note", "null")], "c"),
        ([Filter("note", "not_null")], "abde"),
        ([Filter("closed", "<", 9)], "ace"),
        ([Filter("owner", "=", "bob"), Filter("closed", "null"), Filter("total", "<", 0)], "d"),
        ([Filter("owner", "=", "ann"), Filter("owner", "=", "bob")], ""),
    ],
)
async def test_each_operator_finds_and_counts(where: list[Filter], ids: str, lane: Lane, documents: Documents) -> None:
    await lane.write(*(Put("deals", each, deal) for each, deal in ROWS.items()))
    assert await find_ids(documents, where) == list(ids)
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals", where) == len(ids)


async def test_a_word_is_one_of_those_that_a_text_is_made_of(lane: Lane, documents: Documents) -> None:
    notes = [words(("vip", "a.b")), words(("vipers",)), words(()), "vip", words(("a+b", "VIP")), None]
    await lane.write(*(put(f"{i}", note=note) for i, note in enumerate(notes)))
    for word, expected in {"vip": "0", "VIP": "4", "a.b": "0", "a+b": "4", "vipers": "1", "": ""}.items():
        assert await find_ids(documents, [Filter("note", "word", word)]) == list(expected), word
        async with documents.snapshot() as reader:
            assert await reader.count(GROUP, "deals", [Filter("note", "word", word)]) == len(expected)


async def test_columns_are_added_up_over_all_that_match(lane: Lane, documents: Documents) -> None:
    await lane.write(*(Put("deals", each, deal) for each, deal in ROWS.items()))
    async with documents.snapshot() as reader:
        whole = await reader.sums(GROUP, "deals", (), ("total", "closed"))
        assert whole == {"count": 5, "total": 65, "closed": 17}
        ann = await reader.sums(GROUP, "deals", [Filter("owner", "=", "ann"), Filter("total", ">", 10)], ("closed",))
        assert ann == {"count": 1, "closed": 0}
        assert await reader.sums(GROUP, "deals", [Filter("owner", "=", "?")], ("total",)) == {"count": 0, "total": 0}
        with pytest.raises(KeyError):
            await reader.sums(GROUP, "deals", (), ("missing",))


async def test_a_prefix_is_compared_by_characters(lane: Lane, documents: Documents) -> None:
    notes = [
        "a",
        "a\U0010ffff",
        "a\U0010ffffb",
        "b",
        "\ud7ff",
        "\ud7ffz",
        "\ue000",
        "\U0010ffff",
        "\U0010ffff\U0010ffff",
        "é",
    ]
    await lane.write(*(put(f"{i}", note=note) for i, note in enumerate(notes)))
    for prefix in ["a", "a\U0010ffff", "\ud7ff", "\U0010ffff", "é", "e", ""]:
        expected = [f"{i}" for i, note in enumerate(notes) if note.startswith(prefix)]
        assert await find_ids(documents, [Filter("note", "prefix", prefix)]) == expected, prefix


def in_order(rows: dict[str, Deal], sort: list[tuple[str, bool]]) -> list[str]:
    """The order of the port, said in another way: a rank among the present values, missing ones behind."""

    def key(id: str) -> Any:
        ranks = []
        for column, descending in sort:
            values = sorted({getattr(d, column) for d in rows.values()} - {None}, reverse=descending)
            value = getattr(rows[id], column)
            ranks.append(len(values) if value is None else values.index(value))
        return (*ranks, id)

    return sorted(rows, key=key)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    ">": lambda value, wanted: value > wanted,
    "<=": lambda value, wanted: value <= wanted,
    "in": lambda value, wanted: value in wanted,
    "not_null": lambda value, wanted: True,
    "word": lambda value, wanted: wanted in value.split("\x1f")[1:-1],
}


def fits(deal: Deal, where: list[Filter]) -> bool:
    for each in where:
        value = getattr(deal, each.column)
        if each.op == "null":
            fit = value is None
        elif value is None:
            fit = False
        else:
            fit = OPERATORS[each.op](value, each.value)
        if not fit:
            return False
    return True


@pytest.mark.parametrize("tiny", [False, True], ids=["usual", "tiny limits"])
async def test_pages_are_the_sorted_whole(
    tiny: bool, harness: Harness, lane: Lane, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tiny:
        harness.shrink(monkeypatch.setattr)
    chance = random.Random(4)
    rows = {
        f"{i:03}": Deal(
            "",
            chance.choice(["ann", "bob", "eve"]),
            chance.randrange(4),
            chance.choice([None, 1, 2, 3]),
            chance.choice([None, "x", "й", "", words(("x", "й"))]),
        )
        for i in range(60)
    }
    await lane.write(*(Put("deals", each, deal) for each, deal in rows.items()))
    filters = [
        Filter("owner", "=", "ann"),
        Filter("owner", "in", ("bob", "eve")),
        Filter("total", ">", 1),
        Filter("total", "=", 2),
        Filter("closed", "<=", 2),
        Filter("closed", "null"),
        Filter("closed", "not_null"),
        Filter("note", "=", "й"),
        Filter("note", "word", "й"),
        Filter("note", "null"),
    ]
    for _ in range(harness.rounds):
        sort = [(column, chance.random() < 0.5) for column in chance.sample(list(DEALS.columns), chance.randrange(4))]
        where = chance.sample(filters, chance.choice([0, 0, 1, 1, 2, 3]))
        expected = in_order({each: deal for each, deal in rows.items() if fits(deal, where)}, sort)
        got = await all_pages(documents, where, sort, limit=chance.choice([1, 3, 10, 100]))
        assert [row.id for row in got] == expected, (sort, where)
        async with documents.snapshot() as reader:
            assert await reader.count(GROUP, "deals", where) == len(expected), where
            added = await reader.sums(GROUP, "deals", where, ("total",))
        assert added == {"count": len(expected), "total": sum(rows[id].total for id in expected)}, where


@pytest.mark.parametrize("descending", [False, True])
async def test_few_rows_at_the_end_of_an_order_are_found(descending: bool, lane: Lane, documents: Documents) -> None:
    """However far an order is looked through for few that match: who comes last is found, and by id within a tie."""
    last = range(20) if descending else range(380, 400)
    rows = {f"{i:03}": Deal("", total=i // 3, note="last" if i in last else None) for i in range(400)}
    await lane.write(*(Put("deals", each, deal) for each, deal in rows.items()))
    where, sort = [Filter("note", "=", "last")], [("total", descending)]
    got = await all_pages(documents, where, sort, limit=1)
    assert [row.id for row in got] == in_order({id: deal for id, deal in rows.items() if deal.note}, sort)


async def test_only_the_wanted_columns_are_read(lane: Lane, documents: Documents) -> None:
    await lane.write(put("a", "A", total=4), put("b", "B", total=3, note="n"))
    rows = await all_pages(documents, sort=[("total", False)], limit=1, columns=("note", "owner"))
    assert rows == [
        Stored("b", 0, None, {"note": "n", "owner": "o"}),
        Stored("a", 0, None, {"note": None, "owner": "o"}),
    ]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["total", "closed", "note"])
async def test_a_cursor_is_stable_while_others_write(
    column: str, descending: bool, lane: Lane, documents: Documents
) -> None:
    def deal(i: int, title: str = "") -> Deal:
        return Deal(title, "o", i % 5, None if i % 3 == 0 else i % 4, None if i % 4 == 1 else f"n{i % 3}")

    await lane.write(*(Put("deals", f"{i:03}", deal(i)) for i in range(0, 90, 2)))
    seen: list[str] = []
    gone: set[str] = set()
    cursor, page_number = None, 0
    while True:
        async with documents.snapshot() as reader:
            page = await reader.find(GROUP, "deals", sort=[(column, descending)], cursor=cursor, limit=4)
        seen += [row.id for row in page.rows]
        if page.next is None:
            break
        cursor, page_number = page.next, page_number + 1
        last = page.rows[-1].id
        moved = f"{(page_number * 14) % 90:03}"
        gone |= {last, moved}
        new = range(page_number, 90, 11)
        await lane.write(
            Delete("deals", last),
            *(Put("deals", f"{i:03}", deal(i)) for i in new if i % 2),
            Put("deals", moved, deal(int(moved) + 1)),
            *(Put("deals", f"{i:03}", deal(i, "touched")) for i in (10, 40) if f"{i:03}" not in gone),
        )
    steady = {f"{i:03}" for i in range(0, 90, 2)} - gone
    assert len(steady) > 10
    assert sorted(each for each in seen if each in steady) == sorted(steady)


@pytest.mark.parametrize(
    "bad",
    ["", "x", "%%%", "é", "W10", "WzEsMiwzXQ", "eyJhIjoxfQ", "WyJkZWFscyIsW10sW10sMSwwXQ", "bnVsbA", "[" * 100_000],
)
async def test_a_bad_cursor_is_refused(bad: str, lane: Lane, documents: Documents) -> None:
    with pytest.raises(Invalid) as refusal:
        await find_ids(documents, cursor=bad)
    assert refusal.value.field == "cursor"


async def test_a_cursor_of_another_order_is_refused(lane: Lane, documents: Documents) -> None:
    await lane.write(put("a", total=1), put("b", total=2))
    async with documents.snapshot() as reader:
        cursor = (await reader.find(GROUP, "deals", sort=[("total", False)], limit=1)).next
        for sort in [[], [("total", True)], [("closed", False)], [("total", False), ("owner", False)]]:
            with pytest.raises(Invalid):
                await reader.find(GROUP, "deals", sort=sort, cursor=cursor)
        with pytest.raises(Invalid):
            await reader.find(GROUP, "visits", cursor=cursor)


async def test_undeclared_names_and_senseless_values_are_programming_errors(lane: Lane, documents: Documents) -> None:
    async with documents.snapshot() as reader:
        for where in [Filter("title", "=", "x"), Filter('owner" OR 1 --', "=", "x")]:
            with pytest.raises(KeyError):
                await reader.find(GROUP, "deals", [where])
        with pytest.raises(KeyError):
            await reader.find(GROUP, "deals", sort=[("title", False)])
        with pytest.raises(KeyError):
            await reader.find(GROUP, "deals", columns=["title"])
        with pytest.raises(KeyError):
            await reader.find(GROUP, "nothing")
        with pytest.raises(KeyError):
            await reader.counters(GROUP, "sums", by=["count"])
        for value in (None, 5):
            with pytest.raises(ValueError, match="owner"):
                await reader.find(GROUP, "deals", [Filter("owner", "=", value)])
        with pytest.raises(Invalid):
            await reader.find(GROUP, "deals", [Filter("total", "<", 2**63)])
        with pytest.raises(Invalid):
            await reader.find(GROUP, "deals", [Filter("owner", "=", "\ud800")])
        with pytest.raises(RuntimeError):
            await reader.get("nobody.1", "deals", "a")


async def test_counting_stops_one_above_most(lane: Lane, documents: Documents) -> None:
    await lane.write(*(put(f"{i}", total=i % 2) for i in range(20)))
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") == 20
        assert await reader.count(GROUP, "deals", most=5) == 6
        assert await reader.count(GROUP, "deals", [Filter("total", "=", 1)], most=10) == 10
