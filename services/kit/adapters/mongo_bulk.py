"""Builds a group in MongoDB for a rebuild: in a space of its own, indexes last, no entry until it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any

from pymongo.errors import BulkWriteError

from services.kit import clock
from services.kit.adapters.mongo_catalogue import Catalogue
from services.kit.adapters.mongo_connection import Mongo
from services.kit.adapters.mongo_lanes import new_row
from services.kit.adapters.mongo_shapes import LANES, Fields, MongoShape
from services.kit.crash import passed
from services.kit.documents import LaneState

_ROWS = 2_000
_SECONDS = 60.0
"""For one insert of so many rows."""
_INDEX_SECONDS = 3_600.0
_RENEW_MS = 10_000


class MongoBulk:
    """The port BulkWriter, and its own context manager."""

    def __init__(
        self,
        mongo: Mongo,
        catalogue: Catalogue,
        group: str,
        shape: MongoShape,
        begun: Callable[[], None],
        ended: Callable[[str | None], None],
    ) -> None:
        """`begun` may refuse; `ended` is called once: with the space if the group exists now."""
        self._mongo = mongo
        self._catalogue = catalogue
        self._group = group
        self._shape = shape
        self._begun = begun
        self._ended = ended
        self._space: str | None = None
        self._renewed = 0
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> MongoBulk:
        self._begun()
        try:
            if self._group in await self._catalogue.groups():
                raise RuntimeError(f"{self._group} exists: drop it first, or build a new version")
            self._space = await self._catalogue.claim(self._group)
            self._renewed = clock.now()
            await self._catalogue.create(self._space, self._shape)
        except BaseException:
            await self._discard()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._space is not None:
            await self._discard()

    async def put_many(self, collection: str, lane: int, rows: Sequence[tuple[str, Any]]) -> None:
        """See the port."""
        shape = self._shape.collections[collection]
        await self._insert(shape.suffix, (shape.row(id, lane, document) for id, document in rows))

    async def add_many(self, counter: str, lane: int, rows: Sequence[tuple[tuple[Any, ...], tuple[int, ...]]]) -> None:
        """See the port."""
        shape = self._shape.counters[counter]
        await self._insert(shape.suffix, (shape.row(key, lane, values) for key, values in rows if any(values)))

    async def finish(self, lanes: Sequence[LaneState]) -> None:
        """See the port."""
        await self._insert(LANES, (new_row(each) for each in lanes))
        async with self._lock:
            space = self._open()
            await passed("bulk.written")
            await self._catalogue.renew(space)
            await self._catalogue.index(space, self._shape, _INDEX_SECONDS)
            await self._catalogue.renew(space)
            await passed("bulk.synced")
            if not await self._catalogue.enter(self._group, space, self._shape.declared):
                raise RuntimeError(f"{self._group} exists: somebody else made it meanwhile")
            self._space = None
            self._ended(space)

    async def _insert(self, suffix: str, rows: Iterator[Fields]) -> None:
        async with self._lock:
            space = self._open()
            while some := list(islice(rows, _ROWS)):
                if clock.now() - self._renewed > _RENEW_MS:
                    await self._catalogue.renew(space)
                    self._renewed = clock.now()
                try:
                    with self._mongo.bounded(_SECONDS):
                        await self._mongo.database[f"{space}.{suffix}"].insert_many(some, ordered=False)
                except BulkWriteError as error:
                    raise RuntimeError(f"{self._group}: a document was put twice ({error})") from error

    def _open(self) -> str:
        if self._space is None:
            raise RuntimeError("this bulk is finished")
        return self._space

    async def _discard(self) -> None:
        async with self._lock:
            space, self._space = self._space, None
            try:
                if space is not None:
                    await self._catalogue.discard(space)
            finally:
                self._ended(None)
