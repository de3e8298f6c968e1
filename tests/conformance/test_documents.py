"""The document store's promises (DESIGN 5, 8), run on every adapter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.problem import Invalid, Unavailable
from services.kit import crash
from services.kit.documents import Add, Delete, Filter, LaneMoved, LaneState, Purge, Put, Stored
from services.kit.errors import NewerData
from services.kit.ports import Documents
from tests.conformance.documents_fixtures import (
    BEFORE,
    DEALS,
    GROUP,
    HARNESSES,
    KILLED,
    SUMS,
    TOPIC,
    VISITS,
    Deal,
    Harness,
    Lane,
    Visit,
    add,
    all_pages,
    everything,
    find_ids,
    found,
    killed_at,
    put,
    sums,
)

POINTS = ["commit.begin", "commit.written", "commit.positions"]


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Harness:
    return HARNESSES[request.param](tmp_path)


@pytest.fixture
async def documents(harness: Harness) -> AsyncIterator[Documents]:
    opened = await harness.open()
    yield opened
    crash.install(None)
    await opened.close()


@pytest.fixture
async def lane(documents: Documents) -> Lane:
    return await Lane.take(documents)


async def get(documents: Documents, id: str) -> Any:
    async with documents.snapshot() as reader:
        rows = await reader.get(GROUP, "deals", id)
    assert len(rows) <= 1
    return rows[0].document if rows else None


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


# ---------------------------------------------------------------- find

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
            chance.choice([None, "x", "й", ""]),
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
    ]
    for _ in range(400):
        sort = [(column, chance.random() < 0.5) for column in chance.sample(list(DEALS.columns), chance.randrange(4))]
        where = chance.sample(filters, chance.choice([0, 0, 1, 1, 2, 3]))
        expected = in_order({each: deal for each, deal in rows.items() if fits(deal, where)}, sort)
        got = await all_pages(documents, where, sort, limit=chance.choice([1, 3, 10, 100]))
        assert [row.id for row in got] == expected, (sort, where)


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


# ---------------------------------------------------------------- lanes and the atomic commit


async def test_a_lane_keeps_positions_of_each_topic_its_log_and_what_was_skipped(documents: Documents) -> None:
    await documents.define(GROUP, [DEALS, VISITS], [SUMS])
    first = await documents.open_lane(GROUP, 2, "log-1")
    assert (first.lane, first.log_id, first.positions, first.incomplete) == (2, "log-1", {}, False)
    await documents.commit(GROUP, 2, first.rev, {"a": (3, "e3"), "b": (9, "e9")}, [])
    await documents.commit(GROUP, 2, first.rev, {"a": (5, "e5")}, [], incomplete=True)
    await documents.commit(GROUP, 2, first.rev, {}, [put("x")])
    second = await documents.open_lane(GROUP, 2, "log-2")
    assert second.rev > first.rev
    assert (second.log_id, second.incomplete) == ("log-1", True)
    assert second.positions == {"a": (5, "e5"), "b": (9, "e9")}
    await documents.open_lane(GROUP, 0, "log-1")
    async with documents.snapshot() as reader:
        lanes = await reader.lanes(GROUP)
    assert [(each.lane, each.rev) for each in sorted(lanes, key=lambda each: each.lane)] == [(0, 1), (2, second.rev)]
    assert next(each for each in lanes if each.lane == 2) == second


@pytest.mark.parametrize("count", [1, 1000])
async def test_an_older_owner_is_refused_and_nothing_of_it_is_stored(
    count: int, lane: Lane, documents: Documents
) -> None:
    await lane.write(*BEFORE)
    newer = await Lane.take(documents)
    before = await everything(documents)
    with pytest.raises(LaneMoved):
        await lane.write(*(put(f"{i}") for i in range(count)), add("new", 1, 1), Delete("deals", "a"))
    with pytest.raises(LaneMoved):
        await documents.commit(GROUP, 5, 1, {TOPIC: (1, "e")}, [put("a")])
    assert await everything(documents) == before
    await newer.write(put("n"))
    assert await find_ids(documents) == ["a", "b", "n"]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("more", [0, 1000])
async def test_an_error_inside_a_commit_stores_nothing(point: str, more: int, lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)
    before = await everything(documents)

    def fail(passed: str) -> None:
        if passed == point:
            raise ZeroDivisionError

    crash.install(fail)
    with pytest.raises(ZeroDivisionError):
        await lane.write(*KILLED, *(put(f"{i}") for i in range(more)))
    crash.install(None)
    assert await everything(documents) == before
    await lane.write(*KILLED)
    assert await find_ids(documents) == ["a", "b", "c"]


@pytest.mark.parametrize("point", [*POINTS, "commit.done"])
async def test_a_kill_inside_a_commit_stores_all_or_nothing(point: str, harness: Harness, tmp_path: Path) -> None:
    assert killed_at(harness.name, tmp_path, point) == -9
    documents = await harness.open()
    lane = await Lane.take(documents)
    deals, _, counted, lanes = await everything(documents)
    if point == "commit.done":
        assert [(row.id, row.document.title) for row in deals] == [("a", "Altered"), ("b", "Beta"), ("c", "Gamma")]
        assert counted == [{"stage": "new", "day": 1, "count": 3, "amount": 35}]
        assert lanes == [(0, "log-1", {TOPIC: (2, "e2")}, False)]
    else:
        assert [(row.id, row.document.title) for row in deals] == [("a", "Alpha"), ("b", "Beta")]
        assert counted == [{"stage": "new", "day": 1, "count": 2, "amount": 30}]
        assert lanes == [(0, "log-1", {TOPIC: (1, "e1")}, False)]
    assert await found(documents, "altered") == (["a"] if point == "commit.done" else [])
    await lane.write(*KILLED)
    assert await find_ids(documents) == ["a", "b", "c"]
    await documents.close()


async def test_a_full_disk_is_unavailable_and_nothing_is_stored(
    harness: Harness, lane: Lane, documents: Documents
) -> None:
    await lane.write(*BEFORE)
    before = await everything(documents)
    for count in (1, 1000):
        with harness.full(), pytest.raises(Unavailable):
            await lane.write(*(put(f"{i}", "x" * 5000) for i in range(count)))
    assert await everything(documents) == before
    await lane.write(put("z"))
    assert await find_ids(documents) == ["a", "b", "z"]


async def test_commits_of_all_sizes_at_once_are_all_stored(
    harness: Harness, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.shrink(monkeypatch.setattr)
    lanes = [await Lane.take(documents, number) for number in range(4)]

    async def work(lane: Lane) -> None:
        for i in range(60):
            await lane.write(add("s", lane.lane, 1), *(put(f"{lane.lane}-{i}-{j}") for j in range(i % 5)))

    await asyncio.gather(*map(work, lanes))
    assert [row["count"] for row in await sums(documents)] == [60] * 4
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") == 4 * sum(i % 5 for i in range(60))
        assert [state.positions[TOPIC][0] for state in await reader.lanes(GROUP)] == [60] * 4


async def test_a_cancelled_big_commit_ends_before_the_next_begins(lane: Lane, documents: Documents) -> None:
    big = asyncio.create_task(lane.write(*(put(f"{i}", "x" * 100) for i in range(3000))))
    await asyncio.sleep(0)
    big.cancel()
    with pytest.raises(asyncio.CancelledError):
        await big
    await lane.write(put("z"))
    async with documents.snapshot() as reader:
        assert await reader.count(GROUP, "deals") in (1, 3001)


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize("more", [0, 1000])
async def test_a_snapshot_does_not_see_later_commits(more: int, lane: Lane, documents: Documents) -> None:
    other = await Lane.take(documents, group="other.1")
    await lane.write(*BEFORE)
    async with documents.snapshot() as reader:
        await lane.write(*KILLED, *(put(f"{i}") for i in range(more)))
        await other.write(put("q", "Quiet"))
        assert [row.id for row in (await reader.find(GROUP, "deals")).rows] == ["a", "b"]
        assert await reader.search(GROUP, "deals", "altered") == []
        assert (await reader.counters(GROUP, "sums"))[0]["count"] == 2
        assert (await reader.lanes(GROUP))[0].positions[TOPIC] == (1, "e1")
        assert await reader.get("other.1", "deals", "q") == []
        async with documents.snapshot() as later:
            assert len(await later.get(GROUP, "deals", "c")) == 1
            assert len(await later.get("other.1", "deals", "q")) == 1
    assert len(await find_ids(documents, limit=5000)) == 3 + more


async def test_a_snapshot_taken_during_a_big_commit_does_not_change(lane: Lane, documents: Documents) -> None:
    big = asyncio.create_task(lane.write(*(put(f"{i}") for i in range(3000))))
    await asyncio.sleep(0)
    async with documents.snapshot() as reader:
        await big
        assert await reader.count(GROUP, "deals") in (0, 3000)
        before = await reader.count(GROUP, "deals")
        await lane.write(put("z"))
        assert await reader.count(GROUP, "deals") == before


async def test_many_snapshots_at_once_and_in_threads(lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)

    async def read() -> list[str]:
        async with documents.snapshot() as reader:
            await asyncio.sleep(0)
            return [row.id for row in (await reader.find(GROUP, "deals")).rows]

    assert await asyncio.gather(*(read() for _ in range(20))) == [["a", "b"]] * 20


# ---------------------------------------------------------------- groups


async def test_reads_are_switched_by_one_write_and_groups_dropped(lane: Lane, documents: Documents) -> None:
    await Lane.take(documents, group="sales.2")
    assert await documents.active("sales") is None
    await documents.activate("sales", GROUP)
    assert await documents.active("sales") == GROUP
    await documents.activate("sales", "sales.2")
    assert await documents.active("sales") == "sales.2"
    with pytest.raises(RuntimeError):
        await documents.activate("sales", "sales.3")
    assert sorted(await documents.groups()) == [GROUP, "sales.2"]
    await lane.write(*BEFORE)
    await documents.drop(GROUP)
    assert await documents.groups() == ["sales.2"]
    with pytest.raises(RuntimeError):
        await lane.write(put("x"))
    again = await Lane.take(documents)
    assert (await everything(documents))[:3] == ([], [], [])
    assert again.at == 0
    await documents.drop("never.1")


async def test_a_snapshot_outlives_the_drop_of_its_group(lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE)
    async with documents.snapshot() as reader:
        assert len(await reader.get(GROUP, "deals", "a")) == 1
        await documents.drop(GROUP)
        assert len(await reader.get(GROUP, "deals", "b")) == 1
    assert await documents.groups() == []


async def test_a_group_cannot_change_its_shape(lane: Lane, documents: Documents) -> None:
    await documents.define(GROUP, [VISITS, DEALS], [SUMS])
    with pytest.raises(RuntimeError, match="version"):
        await documents.define(GROUP, [DEALS], [SUMS])
    with pytest.raises(RuntimeError, match="version"):
        await documents.define(GROUP, [DEALS, VISITS], [])


async def test_everything_is_there_after_reopening(harness: Harness, lane: Lane, documents: Documents) -> None:
    await lane.write(*BEFORE, Put("visits", "v", Visit("a", 5)))
    await documents.activate("sales", GROUP)
    before = await everything(documents)
    await documents.close()
    opened = await harness.open()
    assert await opened.active("sales") == GROUP
    assert await opened.groups() == [GROUP]
    await opened.define(GROUP, [DEALS, VISITS], [SUMS])
    assert await everything(opened) == before
    await opened.close()


async def test_data_of_a_newer_format_is_refused(harness: Harness, lane: Lane, documents: Documents) -> None:
    await documents.close()
    harness.make_newer()
    with pytest.raises(NewerData):
        await harness.open()


# ---------------------------------------------------------------- bulk


async def test_a_bulk_equals_the_same_rows_by_commits(harness: Harness, lane: Lane, documents: Documents) -> None:
    chance = random.Random(2)
    deals = [(f"{chance.random()}", Deal(f"Угода {i}", f"o{i % 3}", i, i % 5 or None)) for i in range(500)]
    visits = [(f"v{i}", Visit(f"{i % 9}", i)) for i in range(50)]
    counted = [(("s", i % 7 - 3), (1, i)) for i in range(7)] + [(("zero", 1), (0, 0)), (("", 5), (-1, 2**60))]
    other = await Lane.take(documents, 4)
    await lane.write(*(Put("deals", *row) for row in deals), *(Add("sums", *row) for row in counted))
    await other.write(*(Put("visits", *row) for row in visits), put("lone", "Самотня"))
    async with documents.bulk("built.1", [DEALS, VISITS], [SUMS]) as bulk:
        await bulk.put_many("deals", 0, deals[:200])
        await bulk.put_many("visits", 4, visits)
        await bulk.put_many("deals", 4, [("lone", Deal("Самотня"))])
        await bulk.put_many("deals", 0, deals[200:])
        await bulk.add_many("sums", 0, counted)
        assert await documents.groups() == [GROUP]
        await lane.write(Delete("deals", "none"))  # live commits go on
        lane.at = 1
        moved = {TOPIC: (1, "e1")}
        await bulk.finish([LaneState(4, 3, "log-1", moved), LaneState(0, 0, "log-1", {TOPIC: (2, "e2")}, False)])
    assert sorted(await documents.groups()) == ["built.1", GROUP]
    assert await everything(documents, "built.1") == await everything(documents)
    async with documents.snapshot() as reader:
        assert [row.id for row in await reader.search("built.1", "deals", "самот")] == ["lone"]
        sort = [("closed", True), ("total", False)]
        built = await reader.find("built.1", "deals", [Filter("owner", "=", "o1")], sort, limit=999)
        assert built.rows == (await reader.find(GROUP, "deals", [Filter("owner", "=", "o1")], sort, limit=999)).rows
        assert len(built.rows) == 167
    live = await Lane.take(documents, 4, "built.1")
    assert (live.rev, live.at) == (4, 1)
    await live.write(put("lone", "Разом"), add("zero", 1, 1))
    async with documents.snapshot() as reader:
        assert await reader.search("built.1", "deals", "самот") == []
    await documents.close()
    opened = await harness.open()
    await opened.define("built.1", [DEALS, VISITS], [SUMS])
    async with opened.snapshot() as reader:
        assert await reader.count("built.1", "deals") == 501
    await opened.close()


async def test_an_unfinished_bulk_leaves_nothing(documents: Documents) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - what is raised inside is the case
        async with documents.bulk(GROUP, [DEALS, VISITS], [SUMS]) as bulk:
            await bulk.put_many("deals", 0, [("a", Deal("A"))])
            with pytest.raises(RuntimeError):
                await documents.define(GROUP, [DEALS, VISITS], [SUMS])
            with pytest.raises(RuntimeError):
                async with documents.bulk(GROUP, [DEALS, VISITS], [SUMS]):
                    pass
            raise ZeroDivisionError
    assert await documents.groups() == []
    with pytest.raises(RuntimeError):  # noqa: PT012 - the last of them raises
        async with documents.bulk(GROUP, [DEALS], []) as bulk:
            await bulk.put_many("deals", 0, [("a", Deal("A")), ("a", Deal("B"))])
            await bulk.finish([])
    assert await documents.groups() == []
    lane = await Lane.take(documents)
    assert await find_ids(documents) == []
    await lane.write(*BEFORE)
    with pytest.raises(RuntimeError):
        async with documents.bulk(GROUP, [DEALS, VISITS], [SUMS]):
            pass
    assert await find_ids(documents) == ["a", "b"]


@pytest.mark.parametrize("point", ["bulk.written", "bulk.synced"])
async def test_a_bulk_killed_before_its_end_is_no_group(point: str, harness: Harness, tmp_path: Path) -> None:
    assert killed_at(harness.name, tmp_path, point) == -9
    documents = await harness.open()
    assert await documents.groups() == [GROUP]
    await Lane.take(documents, group="built.1")
    async with documents.snapshot() as reader:
        assert await reader.count("built.1", "deals") == 0
    await documents.close()
    assert not any(b"Half built" in path.read_bytes() for path in harness.files())


# ---------------------------------------------------------------- erasing


async def test_after_compacting_no_deleted_text_is_in_any_file(
    harness: Harness, lane: Lane, documents: Documents
) -> None:
    secret, kept = "Таємниченко", "Лишайко"
    await lane.write(*(put(f"{i}", f"{secret} {i}", note=secret) for i in range(300)), put("k", kept, note=kept))
    await lane.write(*(put(f"{i}", "", note=None) for i in range(100)), Purge("deals", "note", secret, 150))
    await lane.write(*(Delete("deals", f"{i}") for i in range(300)))

    def holds(text: str) -> bool:
        forms = [text.encode(), text.lower().encode(), text.lower()[:3].encode(), text.lower()[-3:].encode()]
        return any(form in path.read_bytes() for form in forms for path in harness.files())

    assert holds(secret)  # else this test could not fail
    await documents.compact()
    assert not holds(secret)
    assert holds(kept)
    assert await found(documents, kept) == ["k"]
    await lane.write(put("n", "Нове"))
    assert await found(documents, "нове") == ["n"]
