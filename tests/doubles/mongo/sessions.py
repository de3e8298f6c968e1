"""Transactions and snapshots: who sees which moment, who may change what, what was answered already."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import bson

from tests.doubles.mongo.errors import TRANSIENT, Locked, MongoError
from tests.doubles.mongo.storage import Changes, Document, Storage
from tests.doubles.mongo.view import View

Place = tuple[str, bytes]
"""Namespace and key of `_id`."""
IDLE = 30.0
"""Seconds a snapshot is kept after its last use."""


@dataclass(eq=False)
class Transaction:
    """An open transaction of a session."""

    session: bytes
    number: int
    view: View
    moment: int
    expires: float
    locks: set[Place] = field(default_factory=set)


@dataclass(eq=False)
class Snapshot:
    """A moment that is kept for readers."""

    view: View
    used: float


class Sessions:
    """All transactions and snapshots of the double."""

    def __init__(self, storage: Storage, lifetime: float) -> None:
        """`lifetime`: seconds after which an open transaction is given up."""
        self.storage = storage
        self.lifetime = lifetime
        self.open: dict[bytes, Transaction] = {}
        self._given_up: dict[bytes, int] = {}
        self._locks: dict[Place, Transaction] = {}
        self._changed: dict[Place, int] = {}
        """When documents were changed, as long as a transaction is open that began before."""
        self._snapshots: dict[int, Snapshot] = {}
        self._freed = asyncio.Event()

    # ------------------------------------------------------------ transactions

    def transaction(self, session: bytes, number: int, start: bool) -> Transaction:
        """Return the session's open transaction, begun if asked. Raises NoSuchTransaction."""
        self.expire()
        current = self.open.get(session)
        if start:
            if current is not None and current.number >= number:
                raise MongoError(251, f"Transaction {number} was begun already", TRANSIENT)
            if current is not None:
                self.abort(current)
            db = self.storage.reader()
            view = View(db, self.storage.catalog, {})
            current = Transaction(session, number, view, self.storage.moment, time.monotonic() + self.lifetime)
            self.open[session] = current
        elif current is None or current.number != number:
            raise MongoError(251, f"Given transaction number {number} does not match any in-progress one.", TRANSIENT)
        return current

    def expire(self) -> None:
        """Give up transactions that are open for too long."""
        now = time.monotonic()
        for each in [each for each in self.open.values() if each.expires < now]:
            self.abort(each)

    def abort(self, transaction: Transaction) -> None:
        """Forget all it did."""
        self._end(transaction)
        self._given_up[transaction.session] = transaction.number

    def commit(self, session: bytes, number: int) -> Document:
        """Make the transaction's changes durable; answer a committed one again."""
        known = self.storage.answered(session)
        if known is not None and known[0] == number:
            return known[1]
        transaction = self.transaction(session, number, start=False)
        reply: Document = {"ok": 1.0}
        changes = {ns: rows for ns, rows in transaction.view.changes.items() if rows}
        self.storage.apply(changes, (session, number, bson.encode(reply)))
        self.note(changes)
        self._end(transaction)
        return reply

    def _end(self, transaction: Transaction) -> None:
        if self.open.get(transaction.session) is not transaction:
            return  # it was given up before
        del self.open[transaction.session]
        for place in transaction.locks:
            self._locks.pop(place, None)
        self.storage.release(transaction.view.db)
        if not self.open:
            self._changed.clear()
        self._freed.set()
        self._freed = asyncio.Event()

    def lock(self, transaction: Transaction, place: Place) -> None:
        """Let only this transaction change the document. Raises WriteConflict, which ends the transaction."""
        holder = self._locks.get(place)
        if (holder is not None and holder is not transaction) or self._changed.get(place, 0) > transaction.moment:
            self.abort(transaction)
            raise MongoError(112, "Write conflict: please retry your operation or transaction.", TRANSIENT)
        self._locks[place] = transaction
        transaction.locks.add(place)

    def note(self, changes: Changes) -> None:
        """Remember for open transactions what was changed just now."""
        if self.open:
            for ns, rows in changes.items():
                self._changed.update(dict.fromkeys(((ns, id) for id in rows), self.storage.moment))

    def check_free(self, changes: Changes) -> None:
        """Raises Locked if an open transaction changed one of the documents."""
        self.expire()
        if self._locks and any((ns, id) in self._locks for ns, rows in changes.items() for id in rows):
            raise Locked

    async def freed(self) -> None:
        """Wait until some transaction ended."""
        waiting = self._freed
        ends = min((each.expires for each in self.open.values()), default=0.0) - time.monotonic()
        try:
            await asyncio.wait_for(waiting.wait(), max(ends, 0.0) + 0.001)
        except TimeoutError:
            self.expire()

    # ------------------------------------------------------------ snapshots

    def snapshot(self, moment: int | None) -> tuple[int, View]:
        """Return the view of this moment (None: now), which is kept for a while. Raises SnapshotTooOld."""
        now = time.monotonic()
        while self._snapshots and (old := next(iter(self._snapshots.items())))[1].used + IDLE < now:
            self.storage.release(self._snapshots.pop(old[0]).view.db)
        at = self.storage.moment if moment is None else moment
        known = self._snapshots.pop(at, None)
        if known is None:
            if moment is not None:
                raise MongoError(239, "Read timestamp is older than the oldest available timestamp.")
            known = Snapshot(View(self.storage.reader(), self.storage.catalog), now)
        known.used = now
        self._snapshots[at] = known  # the last used is the last
        return at, known.view

    def forget_snapshots(self) -> None:
        """Let go of all of them."""
        for each in self._snapshots.values():
            self.storage.release(each.view.db)
        self._snapshots.clear()

    def close(self) -> None:
        """Give up all that is open."""
        for each in list(self.open.values()):
            self.abort(each)
        self.forget_snapshots()


def session_of(command: dict[str, Any]) -> bytes:
    """Return the id of the command's session."""
    id = command["lsid"]["id"]
    return id.bytes if isinstance(id, UUID) else bytes(id)
