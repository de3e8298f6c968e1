"""One commit of a lane: the writes made few and encoded, then stored in one transaction with the lane's positions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from pymongo import DeleteOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.kit.adapters.mongo_filters import Condition
from services.kit.adapters.mongo_shapes import MongoRows, MongoShape, MongoSums, place
from services.kit.adapters.pending_writes import Pending, stretches
from services.kit.documents import Purge, Write

Database = AsyncDatabase[dict[str, Any]]
Step = Callable[[Database, AsyncClientSession], Awaitable[None]]
"""Some commands of a transaction."""
_IDS = 10_000


def steps(shape: MongoShape, space: str, lane: int, writes: Sequence[Write]) -> list[Step]:
    """Return what is to be done in this order. Encodes all bodies: nothing is left to fail but the server."""
    made: list[Step] = []
    for stretch in stretches(writes):
        for name, rows in stretch.documents.items():
            _documents(shape.collections[name], space, lane, rows, made)
        for name, sums in stretch.sums.items():
            kept = {key: deltas for key, deltas in sums.items() if any(deltas)}
            if kept:
                made.append(_addition(shape.counters[name], space, lane, kept))
        if stretch.purge is not None:
            part = shape.collections.get(stretch.purge.name) or shape.counters[stretch.purge.name]
            made.append(_purge(part, space, lane, stretch.purge))
    return made


def _documents(rows: MongoRows, space: str, lane: int, pending: dict[str, Pending], made: list[Step]) -> None:
    whole: list[ReplaceOne[dict[str, Any]] | DeleteOne] = []
    gone: list[ReplaceOne[dict[str, Any]] | DeleteOne] = []
    changes: list[UpdateOne] = []
    for id in sorted(pending):  # two commits that meet, meet in the same order
        of = pending[id]
        if of is None:
            gone.append(DeleteOne({"_id": place(id, lane)}))
        elif of[1] is None:
            row = rows.row(id, lane, of[0])
            whole.append(ReplaceOne({"_id": row["_id"]}, row, upsert=True))
        else:
            changes.append(UpdateOne({"_id": place(id, lane)}, {"$set": rows.change(of[1], of[0])}))
    collection = f"{space}.{rows.suffix}"

    async def step(database: Database, session: AsyncClientSession) -> None:
        into = database[collection]
        if whole or gone:
            await into.bulk_write([*whole, *gone], session=session)
        if changes:
            met = (await into.bulk_write(changes, session=session)).matched_count
            if met != len(changes):
                raise RuntimeError(f"{len(changes) - met} of {len(changes)} {rows.name} to be changed are not stored")

    made.append(step)


def _addition(sums: MongoSums, space: str, lane: int, kept: dict[tuple[Any, ...], tuple[int, ...]]) -> Step:
    changes: list[UpdateOne] = []
    touched: list[str] = []
    for key in sorted(kept):
        id = sums.place(key, lane)
        changes.append(UpdateOne({"_id": id}, sums.addition(key, lane, kept[key]), upsert=True))
        if min(kept[key]) < 0:  # else no sum becomes 0 but one that was below it, and zeros are no harm
            touched.append(id)
    collection = f"{space}.{sums.suffix}"

    async def step(database: Database, session: AsyncClientSession) -> None:
        await database[collection].bulk_write(changes, session=session)
        for some in _parts(touched):
            await database[collection].delete_many({"_id": {"$in": some}, **sums.zero}, session=session)

    return step


def _purge(part: MongoRows | MongoSums, space: str, lane: int, purge: Purge) -> Step:
    matching: Condition = {part.column(purge.column): purge.value, "_l": lane}
    collection = f"{space}.{part.suffix}"

    async def step(database: Database, session: AsyncClientSession) -> None:
        found = database[collection].find(matching, {"_id": 1}, limit=purge.most, session=session)
        ids = [each["_id"] async for each in found]
        for some in _parts(ids):
            await database[collection].delete_many({"_id": {"$in": some}}, session=session)

    return step


def _parts(ids: list[Any]) -> Iterator[list[Any]]:
    """Yield ids in parts that are far below the size of a command."""
    for at in range(0, len(ids), _IDS):
        yield ids[at : at + _IDS]
