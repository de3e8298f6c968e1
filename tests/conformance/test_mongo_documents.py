"""What the MongoDB document store promises beyond the port: many processes at once, and plain words when it cannot be
used (issue 4, bad input)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.problem import Unavailable
from services.kit.adapters.mongo_documents import MongoDocuments
from services.kit.adapters.mongo_keyring import MongoKeyring
from services.kit.documents import Filter, LaneMoved, LaneState
from services.kit.errors import NewerData, Unusable
from tests.conformance.documents_fixtures import (
    DEALS,
    GROUP,
    SUMS,
    VISITS,
    Deal,
    Lane,
    add,
    find_ids,
    found,
    put,
    sums,
)
from tests.conformance.mongo_commits import FIRST, at_command, stores
from tests.doubles.mongo import MongoDouble

# ---------------------------------------------------------------- what is wrong with the server


@pytest.mark.parametrize("port", [MongoDocuments, MongoKeyring], ids=["documents", "keyring"])
@pytest.mark.parametrize(
    ("how", "uri", "kind", "words"),
    [
        ({}, "mongodb://127.0.0.1:9/", Unavailable, ["127.0.0.1:9", "cannot be reached", "runs"]),
        ({}, "mongodb://nowhere.invalid/?replicaSet=rs0", Unavailable, ["nowhere.invalid", "address"]),
        ({}, "{uri}?replicaSet=other", Unavailable, ["cannot be reached", "replica set"]),
        ({}, "postgres://x", Unusable, ["mongodb://"]),
        ({}, "mongodb://a:p@ss@b/", Unusable, ["percent-encoded"]),
        ({"replica_set": False}, "{uri}", Unusable, ["--replSet", "rs.initiate()"]),
        ({"password": True}, "{uri}", Unusable, ["user or password", "authSource"]),
        ({"password": True}, "mongodb://me:secret@{host}/", Unusable, ["user or password", "authSource"]),
    ],
)
async def test_a_server_that_cannot_be_used_is_told_with_the_remedy(
    how: Any, uri: str, kind: type[Exception], words: list[str], port: Any, tmp_path: Path
) -> None:
    double = await MongoDouble(tmp_path, **how).start()
    address = uri.replace("{uri}", double.uri).replace("{host}", f"127.0.0.1:{double.port}")
    with pytest.raises(kind) as told:
        await port.open(address, "test", seconds=0.5)
    assert [word for word in words if word not in str(told.value)] == []
    assert "secret" not in str(told.value)
    await double.stop()


async def test_newer_data_names_its_format_and_nothing_is_changed(tmp_path: Path) -> None:
    async with stores(tmp_path) as (double, documents):
        rows = documents._mongo.database["catalogue"]
        await rows.update_one({"_id": "format"}, {"$set": {"format": 7}})
        await rows.insert_one({"_id": "building:x~12345678", "kind": "building", "space": "x~12345678", "at": 0})
        with pytest.raises(NewerData, match="format 7"):
            await MongoDocuments.open(double.uri, "test", lease=0)
        assert await rows.count_documents({"kind": "building"}) == 1
        await (await MongoKeyring.open(double.uri, "test")).close()
        await rows.update_one({"_id": "keyring"}, {"$set": {"format": 7}})
        with pytest.raises(NewerData, match=r"keys of the keyring .* have format 7"):
            await MongoKeyring.open(double.uri, "test")


# ---------------------------------------------------------------- many processes


async def test_processes_that_define_a_group_at_once_share_it(tmp_path: Path) -> None:
    async with stores(tmp_path, 4) as (_, *opened):
        await asyncio.gather(*(each.define(GROUP, [DEALS, VISITS], [SUMS]) for each in opened))
        lanes = [await Lane.take(each, number) for number, each in enumerate(opened)]
        await asyncio.gather(*(lane.write(put(f"{lane.lane}"), add("s", 1, 1)) for lane in lanes))
        for each in opened:
            assert await find_ids(each) == ["0", "1", "2", "3"]
            assert (await sums(each))[0]["count"] == 4
        names = await opened[0]._mongo.database.list_collection_names()
        assert len({name.split("~")[1][:8] for name in names if "~" in name}) == 1, "nothing is left of the others"


async def test_a_living_builder_is_left_alone_and_a_dead_one_swept(tmp_path: Path) -> None:
    async with stores(tmp_path, 2) as (double, here, there):
        async with here.bulk("built.1", [DEALS], []) as bulk:
            await bulk.put_many("deals", 0, [("a", Deal("A"))])
            await (await MongoDocuments.open(double.uri, "test", lease=60)).close()
            await bulk.finish([LaneState(0, 1, "log-1", {})])
        assert await there.groups() == ["built.1"]
        with pytest.raises(RuntimeError, match="given up"):  # noqa: PT012 - the last of them raises
            async with here.bulk("built.2", [DEALS], []) as bulk:
                await bulk.put_many("deals", 0, [("a", Deal("A"))])
                await (await MongoDocuments.open(double.uri, "test", lease=0)).close()
                await bulk.put_many("deals", 0, [("b", Deal("B"))])
                await bulk.finish([])
        assert await there.groups() == ["built.1"]
        await (await MongoDocuments.open(double.uri, "test", lease=0)).close()
        names = await there._mongo.database.list_collection_names()
        assert not [name for name in names if name.startswith("built.2")]
        assert [name for name in names if name.startswith("built.1")]


async def test_a_group_built_twice_at_once_is_one_of_them(tmp_path: Path) -> None:
    async with stores(tmp_path, 2) as (_, here, there):

        async def build(documents: MongoDocuments, title: str) -> None:
            async with documents.bulk(GROUP, [DEALS, VISITS], [SUMS]) as bulk:
                await bulk.put_many("deals", 0, [("a", Deal(title))])
                await bulk.finish([LaneState(0, 1, "log-1", {})])

        ends = await asyncio.gather(build(here, "Here"), build(there, "There"), return_exceptions=True)
        assert sorted(type(end) for end in ends if end is not None) == [RuntimeError]
        winner = here if ends[0] is None else there
        await there.define(GROUP, [DEALS, VISITS], [SUMS])
        assert await found(there, "here") == (["a"] if winner is here else [])
        names = await here._mongo.database.list_collection_names()
        assert len({name.split("~")[1][:8] for name in names if "~" in name}) == 1


async def test_a_group_dropped_elsewhere_takes_no_more_commits(tmp_path: Path) -> None:
    async with stores(tmp_path, 2) as (_, here, there):
        lane = await Lane.take(here)
        await lane.write(*FIRST)
        await there.activate("sales", GROUP)
        assert await here.active("sales") == GROUP
        await there.drop(GROUP)
        assert await here.active("sales") is None
        with pytest.raises(LaneMoved):
            await lane.write(put("late"))
        with pytest.raises(RuntimeError, match="dropped"):
            await here.open_lane(GROUP, 0, "log-1")
        with pytest.raises(RuntimeError, match="does not exist"):
            await find_ids(here)
        again = await Lane.take(there)
        await again.write(put("new"))
        await here.define(GROUP, [DEALS, VISITS], [SUMS])
        assert await find_ids(here) == ["new"]


async def test_a_group_does_not_come_to_serve_while_it_is_dropped(tmp_path: Path) -> None:
    async with stores(tmp_path, 2) as (_, here, there):
        for turns in range(0, 40, 4):
            await here.define(GROUP, [DEALS], [])
            dropping = asyncio.create_task(here.drop(GROUP))
            for _ in range(turns):
                await asyncio.sleep(0)
            await asyncio.gather(there.activate("sales", GROUP), return_exceptions=True)
            await dropping
            assert await there.active("sales") is None


async def test_bulk_and_definition_survive_cuts(tmp_path: Path) -> None:
    for when in ("before", "after"):
        for number in range(0, 24, 3):
            async with stores(tmp_path / f"{number}-{when}") as (double, documents):
                double.faults.plan(None, "cut", when=when, where=at_command(number))
                await documents.define("other.1", [DEALS, VISITS], [SUMS])
                async with documents.bulk(GROUP, [DEALS, VISITS], [SUMS]) as bulk:
                    await bulk.put_many("deals", 0, [(f"{n}", Deal(f"Deal {n}")) for n in range(10)])
                    await bulk.add_many("sums", 0, [(("s", 1), (1, 2))])
                    await bulk.finish([LaneState(0, 1, "log-1", {})])
                assert len(await find_ids(documents)) == 10
                assert await sums(documents) == [{"stage": "s", "day": 1, "count": 1, "amount": 2}]
                assert sorted(await documents.groups()) == ["other.1", GROUP]


# ---------------------------------------------------------------- what only this store does


async def test_ids_are_found_by_any_condition_in_any_lane(tmp_path: Path) -> None:
    async with stores(tmp_path) as (_, documents):
        lane, other = await Lane.take(documents), await Lane.take(documents, 5)
        await lane.write(*(put(id) for id in ("a", "ab", "b", "", "ж")))
        await other.write(put("a"))
        for where, ids in [
            (Filter("id", "=", "a"), ["a", "a"]),
            (Filter("id", "=", ""), [""]),
            (Filter("id", "<", "ab"), ["", "a", "a"]),
            (Filter("id", "<=", "ab"), ["", "a", "a", "ab"]),
            (Filter("id", ">", "a"), ["ab", "b", "ж"]),
            (Filter("id", ">=", "b"), ["b", "ж"]),
            (Filter("id", "in", ("ж", "a", "no")), ["a", "a", "ж"]),
            (Filter("id", "in", ()), []),
            (Filter("id", "prefix", "a"), ["a", "a", "ab"]),
            (Filter("id", "null"), []),
            (Filter("id", "not_null"), ["", "a", "a", "ab", "b", "ж"]),
        ]:
            assert await find_ids(documents, [where]) == ids, where
        async with documents.snapshot() as reader:
            assert [(row.id, row.lane) for row in await reader.get(GROUP, "deals", "a")] == [("a", 0), ("a", 5)]


async def test_a_read_that_was_cut_is_read_again(tmp_path: Path) -> None:
    async with stores(tmp_path) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        for when in ("before", "after"):
            for number in range(2):
                cut = double.faults.plan(None, "cut", when=when, times=2, where=at_command(number))
                assert await find_ids(documents) == ["a", "b", "d"]
                assert cut.times == 0


async def test_a_cancelled_read_ends_at_once(tmp_path: Path) -> None:
    async with stores(tmp_path) as (double, documents):
        lane = await Lane.take(documents)
        await lane.write(*FIRST)
        double.faults.plan("find", "hang", times=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await find_ids(documents)
        assert await find_ids(documents) == ["a", "b", "d"]
