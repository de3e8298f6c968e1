"""The double's server: connections, the handshake, and each command's way through sessions and faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import bson
from bson.int64 import Int64
from bson.timestamp import Timestamp

from tests.doubles.mongo import commands, wire
from tests.doubles.mongo.errors import Locked, MongoError
from tests.doubles.mongo.faults import Cut, Faults
from tests.doubles.mongo.options import FIRST_BATCH, KNOWN, READS, check_options
from tests.doubles.mongo.sessions import Sessions, Transaction, session_of
from tests.doubles.mongo.storage import Document, Storage
from tests.doubles.mongo.view import View

_WRITES: dict[str, Callable[[commands.Writes, str, Document], Document]] = {
    "insert": commands.insert,
    "update": commands.update,
    "delete": commands.delete,
    "findAndModify": commands.find_and_modify,
}


def hello(where: str, replica_set: bool = True) -> Document:
    """Return how a primary at this address introduces itself."""
    member = {"setName": "rs0", "setVersion": 1, "hosts": [where], "me": where, "primary": where}
    return {
        "helloOk": True,
        "isWritablePrimary": True,
        "ismaster": True,
        **(member if replica_set else {}),
        "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "logicalSessionTimeoutMinutes": 30,
        "minWireVersion": 0,
        "maxWireVersion": 21,
        "readOnly": False,
    }


class MongoDouble:
    """One server on one folder. `replica_set` False: it says it stands alone. `password` True: it wants one, and takes
    none that it is given."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        lifetime: float = 60.0,
        replica_set: bool = True,
        password: bool = False,
    ) -> None:
        self.faults = Faults()
        self.port = port
        self._folder = folder
        self._lifetime = lifetime
        self._replica_set = replica_set
        self._password = password
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._cursors: dict[int, tuple[str, list[Document]]] = {}
        self._numbers = count(1)

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"mongodb://127.0.0.1:{self.port}/"

    async def start(self) -> MongoDouble:
        """Serve, on the port of before if it was started before."""
        self._storage = Storage(self._folder)
        self._sessions = Sessions(self._storage, self._lifetime)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Close all connections, as a killed server would; what was acknowledged is in the folder."""
        if self._server is None:
            return
        self._server.close()
        self.faults.released.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None
        self.faults.released.clear()
        self._cursors.clear()
        self._sessions.close()
        self._storage.close()

    # ------------------------------------------------------------ connections

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                request = await wire.read(reader)
                reply = await self._answer(request.command)
                if not request.silent:
                    writer.write(wire.answer(request, reply))
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, Cut):
            pass
        except asyncio.CancelledError:
            if self._server is not None and self._server.is_serving():
                raise
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _answer(self, command: Document) -> Document:
        name = next(iter(command))
        self.faults.seen.append(name)
        handshake = name in {"hello", "ismaster", "isMaster"}
        try:
            if not handshake:
                await self.faults.passed("before", name, command)
            reply = hello(f"127.0.0.1:{self.port}", self._replica_set) if handshake else await self._run(name, command)
            if not handshake:
                await self.faults.passed("after", name, command)
        except MongoError as error:
            return error.reply()
        return {"ok": 1.0, **reply}

    # ------------------------------------------------------------ commands

    async def _run(self, name: str, command: Document) -> Document:
        if name == "saslStart":
            raise MongoError(18, "Authentication failed.")
        if name not in KNOWN:
            raise MongoError(59, f"no such command: '{name}'")
        check_options(name, command)
        if self._password and name != "ping":
            raise MongoError(13, f"Command {name} requires authentication")
        if name in {"commitTransaction", "abortTransaction"}:
            return self._end(name, command)
        if "autocommit" in command:
            return self._in_transaction(name, command)
        if name in _WRITES:
            return await self._write(name, command)
        if name in READS:
            return self._read(name, command, *self._view(command))
        return self._other(name, command)

    def _view(self, command: Document) -> tuple[View, int | None]:
        concern = command.get("readConcern", {})
        if concern.get("level") != "snapshot":
            return View(self._storage.db, self._storage.catalog), None
        asked = concern.get("atClusterTime")
        moment, view = self._sessions.snapshot(None if asked is None else asked.time << 32 | asked.inc)
        return view, moment

    def _read(self, name: str, command: Document, view: View, moment: int | None) -> Document:
        ns = f"{command['$db']}.{command[name]}"
        found = (commands.find if name == "find" else commands.aggregate)(view, ns, command)
        size = command.get("cursor", command).get("batchSize", FIRST_BATCH)
        reply = {"cursor": {"firstBatch": found[:size], "id": self._keep(ns, found[size:]), "ns": ns}}
        if moment is not None:
            reply["cursor"]["atClusterTime"] = Timestamp(moment >> 32, moment & 0xFFFFFFFF)
        return reply

    def _keep(self, ns: str, rest: list[Document]) -> Int64:
        if not rest:
            return Int64(0)
        number = next(self._numbers)
        self._cursors[number] = (ns, rest)
        return Int64(number)

    def _in_transaction(self, name: str, command: Document) -> Document:
        transaction = self._sessions.transaction(
            session_of(command), command["txnNumber"], bool(command.get("startTransaction"))
        )
        if name in _WRITES:
            return self._write_in(transaction, name, command)
        if name in READS:
            return self._read(name, command, transaction.view, None)
        if name in {"getMore", "killCursors"}:
            return self._other(name, command)
        raise MongoError(263, f"Cannot run '{name}' in a multi-document transaction.")

    def _write_in(self, transaction: Transaction, name: str, command: Document) -> Document:
        writes = commands.Writes(transaction.view, lambda place: self._sessions.lock(transaction, place))
        try:
            reply = _WRITES[name](writes, f"{command['$db']}.{command[name]}", command)
        except MongoError:
            self._sessions.abort(transaction)
            raise
        if "writeErrors" in reply:
            self._sessions.abort(transaction)
        return reply

    async def _write(self, name: str, command: Document) -> Document:
        session = session_of(command) if "txnNumber" in command else None
        number = command.get("txnNumber", 0)
        deadline = time.monotonic() + command.get("maxTimeMS", 1e9) / 1000
        while True:
            if session is not None and (known := self._storage.answered(session)) is not None:
                if known[0] == number:
                    return known[1]
                if known[0] > number:
                    raise MongoError(225, f"Retryable write with txnNumber {number} is too old.")
            view = View(self._storage.db, self._storage.catalog)
            reply = _WRITES[name](commands.Writes(view), f"{command['$db']}.{command[name]}", command)
            try:
                self._sessions.check_free(view.changes)
            except Locked:
                if time.monotonic() > deadline:
                    raise MongoError(50, "operation exceeded time limit") from None
                try:
                    await asyncio.wait_for(self._sessions.freed(), deadline - time.monotonic())
                except TimeoutError:
                    raise MongoError(50, "operation exceeded time limit") from None
                continue
            self._room()
            kept = None if session is None else (session, number, bson.encode(reply))
            if view.changes or kept is not None:
                self._storage.apply(view.changes, kept)
                self._sessions.note(view.changes)
            return reply

    def _end(self, name: str, command: Document) -> Document:
        session, number = session_of(command), command["txnNumber"]
        if name == "commitTransaction":
            self._room()
            return self._sessions.commit(session, number)
        self._sessions.abort(self._sessions.transaction(session, number, start=False))
        return {}

    def _room(self) -> None:
        if self.faults.full:
            raise MongoError(14031, "available disk space is less than the required minimum")

    def _other(self, name: str, command: Document) -> Document:
        storage, ns = self._storage, f"{command['$db']}.{command[name]}"
        match name:
            case "getMore":
                number = command["getMore"]
                if number not in self._cursors:
                    raise MongoError(43, f"cursor id {number} not found")
                ns, rest = self._cursors.pop(number)
                size = command.get("batchSize", 2_000)
                if rest[size:]:
                    self._cursors[number] = (ns, rest[size:])
                more = Int64(number if rest[size:] else 0)
                return {"cursor": {"nextBatch": rest[:size], "id": more, "ns": ns}}
            case "killCursors":
                for each in command["cursors"]:
                    self._cursors.pop(each, None)
            case "create":
                if ns in storage.catalog:
                    raise MongoError(48, f"Collection {ns} already exists.")
                storage.create(ns)
            case "createIndexes":
                for each in command["indexes"]:
                    if each.keys() - {"key", "name"} or any(way != 1 for way in each["key"].values()):
                        raise MongoError(2, f"the double does not make the index {each}")
                    storage.index(ns, each["name"], tuple(each["key"]))
            case "drop":
                if ns not in storage.catalog:
                    raise MongoError(26, "ns not found")
                storage.drop(ns)
            case "listCollections":
                return {"cursor": {"firstBatch": self._names(command), "id": Int64(0), "ns": ns}}
            case "compact":
                if ns not in storage.catalog:
                    raise MongoError(26, "ns not found")
                self._sessions.forget_snapshots()
                storage.compact()
        return {}

    def _names(self, command: Document) -> list[Any]:
        prefix = f"{command['$db']}."
        names = [ns.removeprefix(prefix) for ns in self._storage.catalog if ns.startswith(prefix)]
        return [{"name": name, "type": "collection"} for name in names]
