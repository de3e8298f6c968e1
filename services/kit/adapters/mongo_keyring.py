"""The keyring in a MongoDB collection of its own: keys of data subjects, and tombstones of the erased (DESIGN 8).

A subject is one document: `_id`, `owner`, `key` (null: a tombstone). No key stays in memory: each process reads those
it needs when it needs them (`hold`), so that a key destroyed by one process opens nothing in another. A new subject and
the end of its owner cannot miss each other, although they are not one transaction: the subject is stored before its
owner is looked at, and the owner is destroyed before its subjects are looked for, each durably.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from contracts.problem import Unavailable
from services.kit import clock
from services.kit.adapters.mongo_catalogue import check_format
from services.kit.adapters.mongo_compact import compact
from services.kit.adapters.mongo_connection import SECONDS, Mongo, connect
from services.kit.adapters.mongo_held import Held, Holding, Keys
from services.kit.errors import other_key
from services.kit.ports import SubjectKey

_FORMAT = 1
_LENGTH = 32
_CHUNK = 2_000
_DUPLICATE = 11000
Pairs = Sequence[tuple[str, str | None]]


class _Round:
    """Those who ask for keys while another write is going on: they share the next one."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str | None]] = []
        self.task: asyncio.Task[Keys] | None = None


class MongoKeyring:
    """The port Keyring. Make it with `open`; it belongs to one event loop. Many processes may use one keyring."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.database["keyring"]
        self._held = Held()
        self._round = _Round()
        self._writing = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, uri: str, database: str = "voronka", *, seconds: float = SECONDS) -> MongoKeyring:
        """Connect to the replica set. Raises Unavailable, Unusable or NewerData."""
        mongo = await connect(uri, database, seconds=seconds)
        try:
            keyring = cls(mongo)
            with mongo.bounded():
                await check_format(mongo.database["catalogue"], "keyring", _FORMAT, "keys of the keyring")
            await mongo.persistently(partial(keyring._rows.create_index, [("owner", 1)]))
        except BaseException:
            await mongo.client.close()
            raise
        return keyring

    # ------------------------------------------------------------ making

    async def ensure(self, subject: str, owner: str | None = None) -> bytes | None:
        """Return the subject's key, making it durably if it has none; None for a tombstone.

        A new subject whose owner was erased is born erased: its key would outlive the erasure."""
        return (await self.ensure_many([(subject, owner)]))[subject]

    async def ensure_many(self, subjects: Pairs) -> dict[str, bytes | None]:
        """Do `ensure` for many by few writes, which are shared with all who ask at the same time."""
        self._check_open()
        if not subjects:
            return {}
        mine = self._round
        mine.pairs += subjects
        if mine.task is None:
            mine.task = asyncio.create_task(self._make(mine))
        # Shielded: that one of them gives up must not take the key from the others.
        keys = await asyncio.shield(mine.task)
        return {subject: keys[subject] for subject, _ in subjects}

    async def _make(self, mine: _Round) -> Keys:
        async with self._writing:
            self._round = _Round()
            owners: dict[str, str | None] = {}
            for subject, owner in mine.pairs:
                owners[subject] = owner or owners.get(subject)
            keys: Keys = {}
            subjects = list(owners)
            for at in range(0, len(subjects), _CHUNK):
                keys |= await self._made({each: owners[each] for each in subjects[at : at + _CHUNK]})
            return keys

    async def _made(self, owners: dict[str, str | None]) -> Keys:
        known = await self._find(owners)
        await self._own({subject: owner for subject, owner in owners.items() if subject in known})
        new = [subject for subject in owners if subject not in known]
        if new:
            made = {subject: clock.new_bytes(_LENGTH) for subject in new}
            ours = await self._write(
                UpdateOne({"_id": subject}, {"$setOnInsert": {"key": key, "owner": owners[subject]}}, upsert=True)
                for subject, key in made.items()
            )
            known |= {subject: key for subject, key in made.items() if subject in ours}
            fallen = await self._fall_with_erased(new, owners)
            # What another process made first is the key.
            known |= await self._find(subject for subject in new if subject not in ours or subject in fallen)
        return known

    async def _own(self, owners: dict[str, str | None]) -> None:
        """Note the owners given of subjects that have keys."""
        changes = [
            UpdateOne({"_id": subject, "key": {"$ne": None}, "owner": {"$ne": owner}}, {"$set": {"owner": owner}})
            for subject, owner in owners.items()
            if owner is not None
        ]
        if changes:
            await self._write(changes)

    async def _fall_with_erased(self, subjects: list[str], owners: dict[str, str | None]) -> set[str]:
        """Erase those whose owner was erased; return them."""
        fallen: list[str] = []
        named = {owner for subject in subjects if (owner := owners[subject]) is not None}
        if named:
            found = await self._find(named)
            erased = {owner for owner, key in found.items() if key is None}
            fallen = [subject for subject in subjects if owners[subject] in erased]
            if fallen:
                await self._write(UpdateOne({"_id": subject}, {"$set": {"key": None}}) for subject in fallen)
        return set(fallen)

    async def link(self, subject: str, owner: str) -> None:
        """Make the subject's key fall with the owner's, if it has one."""
        self._check_open()
        await self._own({subject: owner})

    # ------------------------------------------------------------ reading

    def hold(self, subjects: Iterable[str]) -> AbstractAsyncContextManager[None]:
        """See the port: one read for all of them."""
        return Holding(self._held, self._find, subjects)

    def key(self, subject: str) -> bytes | None:
        """Return the key of a subject that is held; None for a tombstone. Raises MissingKey if there is neither."""
        self._check_open()
        return self._held.get(subject)

    # ------------------------------------------------------------ erasing

    async def destroy(self, owner: str) -> list[str]:
        """Destroy the keys of the owner and of all that it owns, owned ones' too; returns all these subjects."""
        self._check_open()
        tombstone: dict[str, Any] = {"$set": {"key": None}}
        with self._mongo.bounded():
            await self._rows.update_one({"_id": owner}, {**tombstone, "$setOnInsert": {"owner": None}}, upsert=True)
        gone = {owner}
        while True:
            found = await self._find_owned(gone)
            left = [subject for subject, key in found.items() if key is not None or subject not in gone]
            if not left:
                break
            await self._write(UpdateOne({"_id": subject}, tombstone) for subject in left)
            gone.update(left)
        await compact(self._mongo, ["keyring"])
        return sorted(gone)

    async def tombstones(self) -> list[str]:
        """Return the subjects that were erased, in order."""
        self._check_open()
        with self._mongo.bounded():
            rows = await self._rows.find({"key": None}, {"_id": 1}, sort=[("_id", 1)]).to_list()
        return [row["_id"] for row in rows]

    async def listed(self, after: str, limit: int) -> list[SubjectKey]:
        """Return up to `limit` subjects behind `after`, in order."""
        self._check_open()
        with self._mongo.bounded():
            rows = await self._rows.find({"_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit).to_list()
        return [SubjectKey(row["_id"], row["owner"], row["key"]) for row in rows]

    async def adopt(self, others: Sequence[SubjectKey]) -> None:
        """Take over what another keyring has. Raises Unusable if a subject has another key here."""
        self._check_open()
        known = await self._find(each.subject for each in others)
        for subject, _, key in others:
            if key is not None and known.get(subject) not in {None, key}:
                raise other_key(subject)
        if others:
            await self._write(
                UpdateOne({"_id": subject}, {"$setOnInsert": {"key": key, "owner": owner}}, upsert=True)
                for subject, owner, key in others
            )
        await self._own({subject: owner for subject, owner, _ in others})
        for subject, _, key in others:
            if key is None and known.get(subject) is not None:
                await self.destroy(subject)

    async def close(self) -> None:
        """Finish the write that is going on, then let go of the connections."""
        async with self._writing:
            if not self._closed:
                self._closed = True
                await self._mongo.client.close()

    # ------------------------------------------------------------ the collection

    async def _find(self, subjects: Iterable[str]) -> Keys:
        """Return what is there of these subjects, as a majority has it on disk."""
        self._check_open()
        wanted = list(subjects)
        found: Keys = {}
        for at in range(0, len(wanted), _CHUNK):
            with self._mongo.bounded():
                rows = await self._rows.find({"_id": {"$in": wanted[at : at + _CHUNK]}}, {"key": 1}).to_list()
            found.update((row["_id"], row["key"]) for row in rows)
        return found

    async def _find_owned(self, owners: set[str]) -> Keys:
        with self._mongo.bounded():
            rows = await self._rows.find({"owner": {"$in": sorted(owners)}}, {"key": 1}).to_list()
        return {row["_id"]: row["key"] for row in rows}

    async def _write(self, changes: Iterable[UpdateOne]) -> set[str]:
        """Write; return the subjects that are new by it, as far as that is known."""
        try:
            with self._mongo.bounded():
                done = await self._rows.bulk_write(list(changes), ordered=False)
                return {str(subject) for subject in (done.upserted_ids or {}).values()}
        except BulkWriteError as error:
            # Two processes made the same subject at the same moment: one of them did.
            if any(each["code"] != _DUPLICATE for each in (error.details or {}).get("writeErrors", [])):
                raise
            return set()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The keyring is closed.")
