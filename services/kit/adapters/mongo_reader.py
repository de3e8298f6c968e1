"""Reads of the groups in MongoDB: of one consistent snapshot (a session, pinned when it is opened), or of what a
majority has at each read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from services.kit.adapters.document_shapes import folded
from services.kit.adapters.mongo_connection import Mongo, Rows, meaning
from services.kit.adapters.mongo_filters import Condition, conditions, together
from services.kit.adapters.mongo_find import Find
from services.kit.adapters.mongo_grams import near_pipeline, pipeline
from services.kit.adapters.mongo_lanes import state
from services.kit.adapters.mongo_shapes import LANES, Fields, Keys, MongoRows, MongoShape, MongoSums, id_of, place
from services.kit.adapters.near_names import Sought
from services.kit.documents import Cursor, Filter, LaneState, Page, Row, Stored

_BODY = {"_b": 1, "_l": 1}
_CHUNK = 1_000
_WHOLE = 1_000_000
"""Documents of a batch: an answer comes in one piece up to 16 MB. (The driver sends a snapshot's read concern along
with requests for more, of which we could not see whether every MongoDB takes it.)"""


@dataclass(frozen=True, slots=True)
class Known:
    """A group that this process defined: its shape and where it lives."""

    shape: MongoShape
    space: str


class Current:
    """The port Reader, and its own context manager: each read sees what a majority has by then."""

    _session: AsyncClientSession | None = None

    def __init__(self, mongo: Mongo, known: Mapping[str, Known]) -> None:
        self._mongo = mongo
        self._known = known
        self._lanes: dict[str, list[int]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if isinstance(error, PyMongoError):
            raise meaning(error) from error

    # ------------------------------------------------------------ documents

    async def get(self, group: str, collection: str, id: str) -> list[Stored]:
        """See the port."""
        shape, rows = self._collection(group, collection)
        found = await self._read(rows, {"_id": {"$gte": f"{id}\0", "$lt": f"{id}\1"}}, _BODY, [], 0)
        return [Stored(id, row["_l"], shape.decode(row["_b"])) for row in found if id_of(row["_id"]) == id]

    async def get_many(self, group: str, collection: str, ids: Sequence[str], lane: int | None = None) -> list[Stored]:
        """See the port."""
        shape, rows = self._collection(group, collection)
        lanes = [lane] if lane is not None else await self._lane_numbers(group)
        places = [place(id, each) for id in dict.fromkeys(ids) for each in lanes]
        found: list[Stored] = []
        for at in range(0, len(places), _CHUNK):
            asked = {"_id": {"$in": places[at : at + _CHUNK]}}
            found += [
                Stored(id_of(row["_id"]), row["_l"], shape.decode(row["_b"]))
                for row in await self._read(rows, asked, _BODY, [], 0)
            ]
        return found

    async def find(
        self,
        group: str,
        collection: str,
        where: Sequence[Filter] = (),
        sort: Sequence[tuple[str, bool]] = (),
        *,
        cursor: Cursor | None = None,
        limit: int = 50,
        lane: int | None = None,
        columns: Sequence[str] = (),
    ) -> Page:
        """See the port."""
        shape, rows = self._collection(group, collection)

        async def read(of: Condition, fields: Fields, order: Keys, most: int) -> list[Fields]:
            return await self._read(rows, of, fields, order, most)

        return await Find(read, shape, where, sort, lane, columns).page(cursor, limit)

    async def count(self, group: str, collection: str, where: Sequence[Filter] = (), most: int = 10_000) -> int:
        """See the port."""
        shape, rows = self._collection(group, collection)
        asked = together(conditions(shape, where))
        with self._mongo.bounded():
            return await rows.count_documents(asked, limit=most + 1, session=self._session)

    async def sums(self, group: str, collection: str, where: Sequence[Filter] = (), columns: Sequence[str] = ()) -> Row:
        """See the port."""
        shape, rows = self._collection(group, collection)
        added: dict[str, Any] = {f"v{at}": {"$sum": f"${shape.column(name)}"} for at, name in enumerate(columns)}
        group_by = {"$group": {"_id": None, "count": {"$sum": 1}, **added}}
        found = await self._aggregate(rows, [{"$match": together(conditions(shape, where))}, group_by])
        if not found:
            return dict.fromkeys(("count", *columns), 0)
        names = dict(zip(added, columns, strict=True))
        row = {name: _whole(f"{collection}.{name}", found[0][at]) for at, name in names.items()}
        return {"count": int(found[0]["count"]), **row}

    async def search(self, group: str, collection: str, text: str, limit: int = 20) -> list[Stored]:
        """See the port. Words of one or two letters alone look through 20,000 documents."""
        shape, rows = self._collection(group, collection)
        if shape.text is None:
            raise KeyError(f"collection {collection} declares no text to search")
        words = folded(text).split()
        if not words:
            return []
        found = await self._aggregate(rows, pipeline(words, limit, _BODY))
        return [Stored(id_of(row["_id"]), row["_l"], shape.decode(row["_b"])) for row in found]

    async def near(
        self, group: str, collection: str, text: str, where: Sequence[Filter] = (), limit: int = 20
    ) -> list[Stored]:
        """See the port."""
        shape, rows = self._collection(group, collection)
        if shape.names is None:
            raise KeyError(f"collection {collection} declares no names")
        sought = Sought.of(text)
        if not sought.guessable:
            return []
        found = await self._aggregate(rows, near_pipeline(sought, conditions(shape, where), {"_t": 1, "_w": 1}))
        nearest = sought.nearest(((row["_id"], row["_t"], row["_w"]) for row in found), limit)
        asked = {"_id": {"$in": [each for _, each in nearest]}}
        bodies = {row["_id"]: row for row in await self._read(rows, asked, _BODY, [], 0)}
        return [
            Stored(id_of(each), bodies[each]["_l"], shape.decode(bodies[each]["_b"]), slips=slips)
            for slips, each in nearest
        ]

    # ------------------------------------------------------------ counters and lanes

    async def counters(
        self,
        group: str,
        counter: str,
        where: Sequence[Filter] = (),
        by: Sequence[str] = (),
        *,
        sort: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """See the port."""
        shape, rows = self._counter(group, counter)
        keys = {f"k{at}": f"${shape.column(name)}" for at, name in enumerate(by)}
        if unknown := {each.removeprefix("-") for each in sort} - set(by):
            raise KeyError(f"counter {counter} is not grouped by {sorted(unknown)}")
        sums = {f"v{at}": {"$sum": f"${name}"} for at, name in enumerate(shape.values)}
        stages: list[dict[str, Any]] = [
            {"$match": together(conditions(shape, where))},
            {"$group": {"_id": keys or None, **sums}},
            {"$match": {"$or": [{name: {"$ne": 0}} for name in sums]}},
        ]
        if sort:
            order = {f"_id.k{list(by).index(each.removeprefix('-'))}": -1 if each[:1] == "-" else 1 for each in sort}
            stages.append({"$sort": order})
        if limit is not None:
            stages.append({"$limit": limit})
        return [_row(shape, by, each) for each in await self._aggregate(rows, stages)]

    async def lanes(self, group: str) -> list[LaneState]:
        """See the port."""
        found = await self._read(self._part(self._group(group), LANES), {}, {}, [("_id", 1)], 0)
        return [state(row) for row in found]

    async def _lane_numbers(self, group: str) -> list[int]:
        """Return all lanes that can have documents: those that were opened."""
        if group not in self._lanes:
            self._lanes[group] = [each.lane for each in await self.lanes(group)]
        return self._lanes[group]

    # ------------------------------------------------------------ reading

    async def _read(self, rows: Rows, of: Condition, fields: Fields, order: Keys, most: int) -> list[Fields]:
        with self._mongo.bounded():
            found = rows.find(
                of, fields or None, sort=order or None, limit=most, batch_size=_WHOLE, session=self._session
            )
            return await found.to_list()

    async def _aggregate(self, rows: Rows, stages: list[dict[str, Any]]) -> list[Fields]:
        with self._mongo.bounded():
            return await (await rows.aggregate(stages, batchSize=_WHOLE, session=self._session)).to_list()

    def _group(self, group: str) -> Known:
        known = self._known.get(group)
        if known is None:
            raise RuntimeError(f"the group {group} does not exist or was not defined when this was opened")
        return known

    def _part(self, known: Known, suffix: str) -> Rows:
        return self._mongo.database[f"{known.space}.{suffix}"]

    def _collection(self, group: str, name: str) -> tuple[MongoRows, Rows]:
        known = self._group(group)
        if name not in known.shape.collections:
            raise KeyError(f"{group} has no collection {name!r} known to this process")
        shape = known.shape.collections[name]
        return shape, self._part(known, shape.suffix)

    def _counter(self, group: str, name: str) -> tuple[MongoSums, Rows]:
        known = self._group(group)
        if name not in known.shape.counters:
            raise KeyError(f"{group} has no counter {name!r} known to this process")
        shape = known.shape.counters[name]
        return shape, self._part(known, shape.suffix)


class Snapshot(Current):
    """The same of one moment. Only groups that exist in it can be read."""

    _spaces: frozenset[str]

    async def __aenter__(self) -> Self:
        self._session = session = self._mongo.client.start_session(snapshot=True)
        try:
            with self._mongo.bounded():
                entries = self._mongo.database["catalogue"].find({"kind": "group"}, {"space": 1}, session=session)
                self._spaces = frozenset([each["space"] async for each in entries])
        except BaseException:
            await session.end_session()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.end_session()
        await super().__aexit__(kind, error, at)

    def _group(self, group: str) -> Known:
        known = super()._group(group)
        if known.space not in self._spaces:
            raise RuntimeError(f"the group {group} does not exist in this snapshot")
        return known


def _row(shape: MongoSums, by: Sequence[str], found: Fields) -> Row:
    row: Row = {name: found["_id"][f"k{at}"] for at, name in enumerate(by)}
    for at, name in enumerate(shape.values):
        row[name] = _whole(f"{shape.name}.{name}", found[f"v{at}"])
    return row


def _whole(name: str, value: Any) -> int:
    if isinstance(value, float):  # what MongoDB makes of a sum beyond 64 bits
        raise OverflowError(f"a sum of {name} does not fit into 64 bits")
    return int(value)
