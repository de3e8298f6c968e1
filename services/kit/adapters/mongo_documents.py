"""The document store in MongoDB (a replica set): each commit is one transaction, each read one snapshot.

What a commit promises rests on three things. The lane's document is the first thing its transaction changes, so a
commit of an older owner fails there. After a conflict, a lost connection or a restart of the server the transaction
runs again as a whole or not at all, and a commit without an answer is asked for again until it is known; if it stays
unknown the lane is given up (LaneUnsure) and opened anew. And nothing that was cancelled or failed is ever committed
in part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kit import clock
from services.kit.adapters.mongo_bulk import MongoBulk
from services.kit.adapters.mongo_catalogue import SPACE, Catalogue
from services.kit.adapters.mongo_commit import steps
from services.kit.adapters.mongo_compact import compact
from services.kit.adapters.mongo_connection import SECONDS, Mongo, connect
from services.kit.adapters.mongo_lanes import move_lane, open_lane
from services.kit.adapters.mongo_reader import Current, Known, Snapshot
from services.kit.adapters.mongo_shapes import LANES, MongoShape
from services.kit.adapters.mongo_transactions import Unsure, in_transaction
from services.kit.crash import passed
from services.kit.document_ports import BulkWriter, Reader
from services.kit.documents import Collection, Counter, LaneState, LaneUnsure, Positions, Write

LEASE = 120.0


class MongoDocuments:
    """The port Documents. Make it with `open`; it belongs to the event loop it was opened in. Any number of processes
    may have the same database open."""

    system = "mongodb"

    def __init__(self, mongo: Mongo, catalogue: Catalogue) -> None:
        self._mongo = mongo
        self._catalogue = catalogue
        self._known: dict[str, Known] = {}
        """Replaced, never changed: a snapshot keeps the one it was opened with."""
        self._building: set[str] = set()
        self._lock = asyncio.Lock()

    @classmethod
    async def open(
        cls, uri: str, database: str = "voronka", *, seconds: float = SECONDS, lease: float = LEASE
    ) -> MongoDocuments:
        """Connect to the replica set. `seconds`: how long one call may take; `lease`: seconds after which the builder
        of a group is taken for dead. Raises Unavailable, Unusable or NewerData."""
        mongo = await connect(uri, database, seconds=seconds)
        try:
            catalogue = Catalogue(mongo, lease)
            await catalogue.open()
        except BaseException:
            await mongo.client.close()
            raise
        return cls(mongo, catalogue)

    # ------------------------------------------------------------ groups

    async def define(self, group: str, collections: Sequence[Collection], counters: Sequence[Counter]) -> None:
        """See the port. Any number of processes may do it at once."""
        shape = MongoShape(collections, counters)
        async with self._lock:
            self._refuse_building(group)
            stored = (await self._catalogue.groups()).get(group)
            if stored is None:
                space = await self._catalogue.claim(group)
                await self._catalogue.create(space, shape)
                await self._catalogue.index(space, shape, self._mongo.seconds)
                if not await self._catalogue.enter(group, space, shape.declared):
                    await self._catalogue.discard(space)
                stored = (await self._catalogue.groups())[group]
            space, declared = stored
            if declared != shape.declared:
                raise RuntimeError(f"{group} is stored with other collections, columns or counters: raise its version")
            known = self._known.get(group)
            if known is None or known.space != space:
                self._known = {**self._known, group: Known(shape, space)}

    def _refuse_building(self, group: str) -> None:
        if group in self._building:
            raise RuntimeError(f"{group} is being built")

    def bulk(
        self, group: str, collections: Sequence[Collection], counters: Sequence[Counter]
    ) -> AbstractAsyncContextManager[BulkWriter]:
        """See the port."""
        shape = MongoShape(collections, counters)

        def begun() -> None:
            self._refuse_building(group)
            self._building.add(group)

        def ended(space: str | None) -> None:
            self._building.discard(group)
            if space is not None:
                self._known = {**self._known, group: Known(shape, space)}

        return MongoBulk(self._mongo, self._catalogue, group, shape, begun, ended)

    async def groups(self) -> list[str]:
        """See the port."""
        return list(await self._catalogue.groups())

    async def active(self, name: str) -> str | None:
        """See the port."""
        return await self._catalogue.active(name)

    async def activate(self, name: str, group: str) -> None:
        """See the port."""
        await self._catalogue.activate(name, group)

    async def drop(self, group: str) -> None:
        """See the port. Also takes the group out of service, if it serves reads."""
        async with self._lock:
            self._refuse_building(group)
            self._known = {name: of for name, of in self._known.items() if name != group}
            space = await self._catalogue.remove(group)
            if space is not None:
                await self._catalogue.discard(space)

    # ------------------------------------------------------------ lanes and commits

    async def open_lane(self, group: str, lane: int, log_id: str) -> LaneState:
        """See the port. Waits for a commit to the lane that is under way, as long as a call may take."""
        known = self._group(group)
        entry = (await self._catalogue.groups()).get(group)
        if entry is None or entry[0] != known.space:
            raise RuntimeError(f"{group} was dropped by another process")
        with self._mongo.bounded():
            return await open_lane(self._mongo.database[f"{known.space}.{LANES}"], lane, log_id)

    async def commit(
        self,
        group: str,
        lane: int,
        rev: int,
        positions: Positions,
        writes: Sequence[Write],
        *,
        incomplete: bool = False,
    ) -> None:
        """See the port. Raises LaneUnsure, which is a LaneMoved, if the server does not tell what became of it."""
        known = self._group(group)
        todo = steps(known.shape, known.space, lane, writes)
        lanes = self._mongo.database[f"{known.space}.{LANES}"]
        commit = clock.new_id()

        async def work(session: AsyncClientSession) -> None:
            if await move_lane(lanes, lane, rev, positions, incomplete, commit, session):
                await passed("commit.begin")
                for step in todo:
                    await step(self._mongo.database, session)
                await passed("commit.written")
            await passed("commit.positions")

        try:
            await in_transaction(self._mongo, work)
        except Unsure as error:
            raise LaneUnsure(f"lane {lane} of {group}: {error}") from error
        await passed("commit.done")

    def _group(self, group: str) -> Known:
        known = self._known.get(group)
        if known is None:
            raise RuntimeError(f"{group} does not exist or was not defined by this process")
        return known

    # ------------------------------------------------------------ reading, files

    def snapshot(self) -> AbstractAsyncContextManager[Reader]:
        """See the port."""
        return Snapshot(self._mongo, self._known)

    def current(self) -> AbstractAsyncContextManager[Reader]:
        """See the port."""
        return Current(self._mongo, self._known)

    async def compact(self) -> None:
        """See the port; what MongoDB gives is told by mongo_compact."""
        with self._mongo.bounded():
            names = await self._mongo.database.list_collection_names()
        await compact(self._mongo, (name for name in names if SPACE in name))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._mongo.client.close()
