"""The document store's promises on groups, bulk writes and erasing (DESIGN 5, 8), run on every adapter."""

# ruff: noqa: F401, F811 - pytest finds fixtures by the names of parameters

from __future__ import annotations

import random
from pathlib import Path

import pytest

from services.kit.document_ports import Documents
from services.kit.documents import Add, Delete, Filter, LaneState, Purge, Put
from services.kit.errors import NewerData
from tests.conformance.documents_fixtures import (
    BEFORE,
    DEALS,
    GROUP,
    SUMS,
    TOPIC,
    VISITS,
    Deal,
    Harness,
    Lane,
    Visit,
    add,
    documents,
    everything,
    find_ids,
    found,
    get,
    harness,
    killed_at,
    lane,
    put,
    sums,
)

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


async def test_a_bulk_takes_many_small_puts(documents: Documents) -> None:
    async with documents.bulk("built.1", [DEALS, VISITS], [SUMS]) as bulk:
        for n in range(1_500):
            await bulk.put_many("visits", 0, [(f"v{n}.{k}", Visit(f"{n}", k)) for k in range(10)])
        await bulk.finish([LaneState(0, 1, "log-1", {}, False)])
    await documents.define("built.1", [DEALS, VISITS], [SUMS])
    async with documents.snapshot() as reader:
        assert await reader.count("built.1", "visits", (), 20_000) == 15_000


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
    if not harness.overwrites:
        await documents.compact()
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
