"""The double of MongoDB itself: what it must do as MongoDB does it, and that it refuses what it does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

from tests.doubles.mongo import MongoDouble

Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
async def double(tmp_path: Path) -> AsyncIterator[MongoDouble]:
    made = await MongoDouble(tmp_path).start()
    yield made
    await made.stop()


@pytest.fixture
async def client(double: MongoDouble) -> AsyncIterator[Client]:
    opened: Client = AsyncMongoClient(double.uri, w="majority")
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"mapReduce": "a"}, "no such command"),
        ({"find": "a", "collation": {"locale": "de"}}, "find.collation"),
        ({"find": "a", "filter": {"x": {"$near": 1}}}, "near"),
        ({"find": "a", "filter": {"$where": "1"}}, "where"),
        ({"find": "a", "filter": {}, "projection": {"x": 0}}, "projects"),
        ({"aggregate": "a", "pipeline": [{"$lookup": {}}], "cursor": {}}, "lookup"),
        ({"update": "a", "updates": [{"q": {"_id": 1}, "u": {"$push": {"x": 1}}, "upsert": True}]}, None),
        ({"update": "a", "updates": [{"q": {}, "u": {}, "arrayFilters": []}]}, "arrayFilters"),
        ({"createIndexes": "a", "indexes": [{"key": {"x": -1}, "name": "x"}]}, "index"),
        ({"createIndexes": "a", "indexes": [{"key": {"x": 1}, "name": "x", "unique": True}]}, "index"),
    ],
)
async def test_what_it_does_not_know_it_refuses(command: Any, words: str | None, client: Client) -> None:
    if words is None:
        reply = await client["t"].command(command)
        assert "push" in reply["writeErrors"][0]["errmsg"]
        return
    with pytest.raises(OperationFailure, match=words):
        await client["t"].command(command)


async def test_two_transactions_on_one_document_conflict(client: Client) -> None:
    rows = client["t"]["a"]
    await rows.insert_one({"_id": 1, "n": 0})
    async with client.start_session() as one, client.start_session() as two:
        await one.start_transaction(ReadConcern("snapshot"))
        await two.start_transaction(ReadConcern("snapshot"))
        assert (await rows.find_one({"_id": 1}, session=two)) == {"_id": 1, "n": 0}
        await rows.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=one)
        assert (await rows.find_one({"_id": 1}, session=one)) == {"_id": 1, "n": 1}
        assert (await rows.find_one({"_id": 1})) == {"_id": 1, "n": 0}
        with pytest.raises(OperationFailure) as conflict:
            await rows.update_one({"_id": 1}, {"$inc": {"n": 10}}, session=two)
        assert conflict.value.code == 112
        assert conflict.value.has_error_label("TransientTransactionError")
        await one.commit_transaction()
        await two.abort_transaction()
    assert (await rows.find_one({"_id": 1})) == {"_id": 1, "n": 1}


async def test_a_transaction_does_not_change_what_changed_since_it_began(client: Client) -> None:
    rows = client["t"]["a"]
    await rows.insert_one({"_id": 1, "n": 0})
    async with client.start_session() as session:
        await session.start_transaction(ReadConcern("snapshot"))
        await rows.find_one({"_id": 1}, session=session)
        await rows.update_one({"_id": 1}, {"$set": {"n": 5}})
        with pytest.raises(OperationFailure) as conflict:
            await rows.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
        assert conflict.value.code == 112


async def test_a_write_waits_for_the_transaction_that_holds_its_document(double: MongoDouble, client: Client) -> None:
    rows = client["t"]["a"]
    double._sessions.lifetime = 0.1
    await rows.insert_one({"_id": 1, "n": 0})
    session = client.start_session()
    await session.start_transaction(ReadConcern("snapshot"))
    await rows.update_one({"_id": 1}, {"$set": {"n": 1}}, session=session)
    await rows.update_one({"_id": 1}, {"$inc": {"n": 7}})
    assert (await rows.find_one({"_id": 1})) == {"_id": 1, "n": 7}
    with pytest.raises(OperationFailure) as gone:
        await session.commit_transaction()
    assert gone.value.code == 251
    assert gone.value.has_error_label("TransientTransactionError")
    await session.end_session()


async def test_a_write_whose_answer_was_lost_is_answered_and_not_done_again(
    double: MongoDouble, client: Client
) -> None:
    rows = client["t"]["a"]
    await rows.insert_one({"_id": 1, "n": 0})
    for times in (1, 2):
        double.faults.plan("update", "cut", when="after", times=1)
        await rows.update_one({"_id": 1}, {"$inc": {"n": 1}})
        assert (await rows.find_one({"_id": 1})) == {"_id": 1, "n": times}
    assert double.faults.seen.count("update") == 4


async def test_an_answer_is_remembered_over_a_restart(double: MongoDouble, client: Client) -> None:
    command = {"update": "a", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}, "upsert": True}]}
    async with client.start_session() as session:
        sent: dict[str, Any] = {**command, "$db": "t", "lsid": session.session_id, "txnNumber": 5}
        first = await double._answer(dict(sent))
        await double.stop()
        await double.start()
        assert await double._answer(dict(sent)) == first
        old = await double._answer({**sent, "txnNumber": 4})
        assert old["code"] == 225
    assert (await client["t"]["a"].find_one({"_id": 1})) == {"_id": 1, "n": 1}


async def test_doubles_are_told_and_the_others_of_an_unordered_insert_stored(client: Client) -> None:
    rows = client["t"]["a"]
    await rows.insert_one({"_id": 1})
    with pytest.raises(DuplicateKeyError):
        await rows.insert_one({"_id": 1})
    with pytest.raises(BulkWriteError) as told:
        await rows.insert_many([{"_id": 1}, {"_id": 2}], ordered=False)
    assert [each["index"] for each in told.value.details["writeErrors"]] == [0]
    assert await rows.count_documents({}) == 2


async def test_long_answers_come_in_parts(client: Client) -> None:
    rows = client["t"]["a"]
    await rows.insert_many([{"_id": n, "x": n % 3} for n in range(1000)])
    found = [row["_id"] async for row in rows.find({"x": 1}, sort=[("_id", -1)], batch_size=100)]
    assert found == [n for n in reversed(range(1000)) if n % 3 == 1]


async def test_a_snapshot_that_was_let_go_is_too_old(double: MongoDouble, client: Client) -> None:
    await client["t"]["a"].insert_one({"_id": 1})
    async with client.start_session(snapshot=True) as session:
        assert await client["t"]["a"].count_documents({}, session=session) == 1
        double._sessions.forget_snapshots()
        await client["t"]["a"].insert_one({"_id": 2})
        with pytest.raises(OperationFailure) as old:
            await client["t"]["a"].find_one({}, session=session)
        assert old.value.code == 239


async def test_faults_happen_where_they_were_planned(double: MongoDouble, client: Client) -> None:
    rows = client["t"]["a"]
    slow = double.faults.plan("insert", "slow", seconds=0.01)
    cut = double.faults.plan("insert", "cut")
    await rows.insert_one({"_id": 1})
    await rows.insert_one({"_id": 2})
    assert (slow.times, cut.times) == (0, 0)
    double.faults.full = True
    with pytest.raises(OperationFailure) as full:
        await rows.insert_one({"_id": 3})
    assert full.value.code == 14031
    assert await rows.count_documents({}) == 2
