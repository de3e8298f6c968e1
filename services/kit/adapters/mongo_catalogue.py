"""The catalogue of the document store in MongoDB: which groups exist, where each lives, which serve reads.

One collection, `catalogue`, with documents of three kinds: `group` (exists; its space and shape), `building` (a space
that is being filled; `at`: when its builder was last seen, UTC ms) and `active` (which group serves a name). A space
without an entry is rubbish, and is swept away when a process opens the store.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, OperationFailure

from contracts.problem import Unavailable
from services.kit import clock
from services.kit.adapters.mongo_connection import Mongo, Rows
from services.kit.adapters.mongo_shapes import FORMAT, LANES, MongoShape
from services.kit.adapters.mongo_transactions import Unsure, in_transaction
from services.kit.errors import NewerData

SPACE = "~"
"""In the name of a space's collections, and in no other's."""
_RANDOM = 8
_EXISTS = 48


async def check_format(rows: Rows, id: str, format: int, what: str) -> None:
    """Note this format in the document of this id, or check the one that is there. Raises NewerData."""
    await rows.update_one({"_id": id}, {"$setOnInsert": {"format": format}}, upsert=True)
    found = await rows.find_one({"_id": id})
    if found is not None and found["format"] > format:
        raise NewerData(
            f"the {what} in the MongoDB database {rows.database.name} have format {found['format']}, this Voronka "
            f"knows format {format}: start the newer version, or use another database."
        )


class Catalogue:
    """All entries are durable before a call returns."""

    def __init__(self, mongo: Mongo, lease: float) -> None:
        """`lease`: seconds after which a builder that was not heard of is taken for dead."""
        self._mongo = mongo
        self._lease = lease
        self._rows = mongo.database["catalogue"]

    async def open(self) -> None:
        """Check the format and sweep. Raises NewerData."""
        with self._mongo.bounded():
            await check_format(self._rows, "format", FORMAT, "read models")
        await self._sweep()

    # ------------------------------------------------------------ spaces

    async def claim(self, group: str) -> str:
        """Return a new space for the group, to be filled and then entered by `enter`."""
        if SPACE in group or "$" in group:
            raise ValueError(f"a group must not be named {group!r}")
        space = f"{group}{SPACE}{clock.new_id()[:_RANDOM]}"
        row = {"_id": f"building:{space}", "kind": "building", "space": space, "at": clock.now()}
        with self._mongo.bounded():
            await self._rows.insert_one(row)
        return space

    async def renew(self, space: str) -> None:
        """Show that the builder lives. Raises RuntimeError if it was taken for dead."""
        with self._mongo.bounded():
            at = {"$set": {"at": clock.now()}}
            if not (await self._rows.update_one({"_id": f"building:{space}"}, at)).matched_count:
                raise RuntimeError(f"{space} was given up: its builder was not heard of for {self._lease} s")

    async def create(self, space: str, shape: MongoShape) -> None:
        """Make the bare collections of a space."""
        for name in (LANES, *(each.suffix for each in shape.parts)):
            try:
                await self._mongo.persistently(
                    partial(self._mongo.database.create_collection, f"{space}.{name}", check_exists=False)
                )
            except OperationFailure as error:
                if error.code != _EXISTS:  # made by an attempt that got no answer
                    raise

    async def index(self, space: str, shape: MongoShape, seconds: float) -> None:
        """Index the collections, empty or full; each within this time."""
        for each in shape.parts:
            for keys in each.indexes:
                rows = self._mongo.database[f"{space}.{each.suffix}"]
                await self._mongo.persistently(partial(rows.create_index, keys), seconds)

    async def discard(self, space: str) -> None:
        """Delete a space that is no group's."""
        with self._mongo.bounded():
            names = await self._mongo.database.list_collection_names()
        for name in names:
            if name.startswith(f"{space}."):
                await self._mongo.persistently(self._mongo.database[name].drop)
        with self._mongo.bounded():
            await self._rows.delete_one({"_id": f"building:{space}"})

    async def _sweep(self) -> None:
        """Discard what dead builders left, and what nobody knows of."""
        oldest = clock.now() - int(self._lease * 1000)
        with self._mongo.bounded():
            names = await self._mongo.database.list_collection_names()
            rows = await self._rows.find({"kind": {"$in": ["group", "building"]}}).to_list()  # after the names
        alive = {row["space"] for row in rows if row["kind"] == "group" or row["at"] > oldest}
        seen = {name[: name.index(SPACE) + 1 + _RANDOM] for name in names if SPACE in name}
        for space in sorted((seen | {row["space"] for row in rows}) - alive):
            await self.discard(space)

    # ------------------------------------------------------------ groups

    async def groups(self) -> dict[str, tuple[str, str]]:
        """Return space and declared shape of every group."""
        with self._mongo.bounded():
            rows = await self._rows.find({"kind": "group"}, sort=[("_id", 1)]).to_list()
        return {row["group"]: (row["space"], row["shape"]) for row in rows}

    async def enter(self, group: str, space: str, shape: str) -> bool:
        """Make the group exist in a space that is complete; False if it exists already, elsewhere.

        Raises RuntimeError if the builder was taken for dead meanwhile."""
        row = {"_id": f"group:{group}", "kind": "group", "group": group, "space": space, "shape": shape}
        found: list[str] = []

        async def work(session: AsyncClientSession) -> None:
            found.clear()
            old = await self._rows.find_one({"_id": row["_id"]}, session=session)
            if old is not None:
                found.append(old["space"])
                return
            claimed = await self._rows.delete_one({"_id": f"building:{space}"}, session=session)
            if not claimed.deleted_count:
                raise RuntimeError(f"{space} was given up: its builder was not heard of for {self._lease} s")
            await self._rows.insert_one(row, session=session)

        try:
            await self._surely(work)
        except DuplicateKeyError:
            return False
        return not found or found == [space]

    async def remove(self, group: str) -> str | None:
        """Strike a group out, also where it serves reads; return its space, which is to be discarded."""
        spaces: list[str] = []

        async def work(session: AsyncClientSession) -> None:
            old = await self._rows.find_one({"_id": f"group:{group}"}, session=session)
            if old is None:
                return
            left = {"kind": "building", "space": old["space"], "at": 0}
            building = {"_id": f"building:{old['space']}"}
            spaces[:] = [old["space"]]
            await self._rows.delete_many({"kind": "active", "group": group}, session=session)
            await self._rows.delete_one({"_id": f"group:{group}"}, session=session)
            await self._rows.update_one(building, {"$set": left}, upsert=True, session=session)

        await self._surely(work)
        return spaces[0] if spaces else None

    async def active(self, name: str) -> str | None:
        """Return the group that serves `name`."""
        with self._mongo.bounded():
            row = await self._rows.find_one({"_id": f"active:{name}"})
        return None if row is None else str(row["group"])

    async def activate(self, name: str, group: str) -> None:
        """Let the group serve `name`."""
        serving: dict[str, Any] = {"$set": {"kind": "active", "group": group}}

        async def work(session: AsyncClientSession) -> None:
            # A change of the group's entry: a drop that happens at the same time conflicts with it.
            entry = await self._rows.update_one({"_id": f"group:{group}"}, {"$inc": {"activated": 1}}, session=session)
            if not entry.matched_count:
                raise RuntimeError(f"{group} does not exist and cannot serve {name}")
            await self._rows.update_one({"_id": f"active:{name}"}, serving, upsert=True, session=session)

        await self._surely(work)

    async def _surely(self, work: Any) -> None:
        """Do a transaction that may as well be done twice."""
        try:
            await in_transaction(self._mongo, work)
        except Unsure as error:
            raise Unavailable(f"MongoDB gave no answer in time; this may be done or not: {error}") from error
