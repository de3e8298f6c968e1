"""The connection to MongoDB: opened with words a person understands, every wait bounded, errors in the kit's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from contracts.problem import Unavailable
from services.kit.errors import Unusable

Rows = AsyncCollection[dict[str, Any]]
SECONDS = 10.0
"""How long one call may take, retries of the driver included."""
_PAUSE = 0.05
_REFUSED = frozenset({13, 18})
"""Unauthorized, AuthenticationFailed."""
_PASSING = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        24,  # LockTimeout
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        112,  # WriteConflict
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        211,  # KeyNotFound of the cluster's clock
        239,  # SnapshotTooOld
        246,  # SnapshotUnavailable
        251,  # NoSuchTransaction
        262,  # ExceededTimeLimit
        290,  # TransactionExceededLifetimeLimitSeconds
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
    }
)
_REPLICA_SET = (
    "MongoDB at {where} runs without a replica set, and so without transactions. Start it with `--replSet rs0` and run "
    "`rs.initiate()` in mongosh once; a set of one member is enough."
)


@dataclass(frozen=True)
class Mongo:
    """A client and the database of this workspace."""

    client: AsyncMongoClient[dict[str, Any]]
    database: AsyncDatabase[dict[str, Any]]
    seconds: float

    @contextmanager
    def bounded(self, seconds: float | None = None) -> Iterator[None]:
        """Limit what is awaited inside, and say errors in the kit's words."""
        try:
            with pymongo.timeout(self.seconds if seconds is None else seconds), never_deaf():
                yield
        except PyMongoError as error:
            meant = meaning(error)
            if meant is error:
                raise
            raise meant from error

    async def persistently(self, work: Callable[[], Awaitable[Any]], seconds: float | None = None) -> None:
        """Do what the driver does not retry and what may be done twice, until it is answered or the time is over."""
        limit = self.seconds if seconds is None else seconds
        deadline = asyncio.get_running_loop().time() + limit
        with self.bounded(limit):
            while True:
                try:
                    await work()
                    return
                except ConnectionFailure:
                    if asyncio.get_running_loop().time() + _PAUSE > deadline:
                        raise
                await asyncio.sleep(_PAUSE)


@contextmanager
def never_deaf() -> Iterator[None]:
    """Raise CancelledError at the end if this task was cancelled inside: the driver (4.20) swallows a cancellation that
    comes while an answer is there already."""
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


async def connect(uri: str, database: str, *, seconds: float = SECONDS) -> Mongo:
    """Connect. Raises Unavailable if the server is not there (trying again later may help), Unusable if it answers but
    cannot be used: the message says what to do."""
    try:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            uri,
            appname="voronka",
            w="majority",
            journal=True,
            readConcernLevel="majority",
            retryWrites=True,
            retryReads=True,
            serverSelectionTimeoutMS=int(seconds * 500),
            connectTimeoutMS=int(seconds * 500),
        )
        mongo = Mongo(client, client[database], seconds)
    except (ConfigurationError, InvalidURI, PyMongoError, ValueError) as error:
        raise Unusable(
            f"the address of MongoDB cannot be read: {error}. It looks like "
            "mongodb://user:password@host:27017/?replicaSet=rs0 (special characters percent-encoded)."
        ) from error
    try:
        with pymongo.timeout(seconds):
            hello = await client.admin.command("hello")
            if "setName" in hello:
                await mongo.database.list_collection_names()
    except BaseException as error:
        await client.close()
        if isinstance(error, PyMongoError):
            raise _at_start(error, _where(client)) from error
        raise
    if "setName" not in hello:
        await client.close()
        raise Unusable(_REPLICA_SET.format(where=_where(client)))
    return mongo


def _where(client: AsyncMongoClient[dict[str, Any]]) -> str:
    seeds = client.topology_description.server_descriptions()
    return ", ".join(f"{host}:{port}" for host, port in seeds) or "this address"


def _at_start(error: PyMongoError, where: str) -> Exception:
    if isinstance(error, OperationFailure) and error.code in _REFUSED:
        return Unusable(
            f"MongoDB at {where} refuses the user or password ({error.details and error.details.get('errmsg')}). Check "
            "them and the database they belong to (authSource) in the address, and that the user may readWrite."
        )
    if isinstance(error, ConfigurationError):
        return Unusable(f"MongoDB at {where} cannot be used: {error}.")
    return Unavailable(
        f"MongoDB at {where} cannot be reached ({_short(error)}). Check that it runs, that its address is right and "
        "that it is the primary of the replica set named in the address."
    )


def meaning(error: PyMongoError) -> Exception:
    """Return what to raise instead of an error of the driver."""
    if isinstance(error, BulkWriteError):
        return _of_a_write(error)
    if isinstance(error, OperationFailure) and not isinstance(error, DuplicateKeyError):
        if error.code in _REFUSED:
            return Unavailable(f"MongoDB does not let this user do that ({_short(error)}); check its rights.")
        if error.code in _PASSING or error.timeout:
            return Unavailable(f"MongoDB cannot be used now: {_short(error)}.")
        if error.code == 2 and "$inc" in str(error):
            return OverflowError(f"A number does not fit into 64 bits: {_short(error)}")
        return error
    if isinstance(error, ConnectionFailure | WaitQueueTimeoutError) or error.timeout:
        return Unavailable(f"MongoDB is not there now: {_short(error)}.")
    if isinstance(error, DocumentTooLarge):
        return ValueError(f"A document is too large for MongoDB: {_short(error)}")
    return error


def _of_a_write(error: BulkWriteError) -> Exception:
    for each in (error.details or {}).get("writeErrors", ()):
        code, text = each.get("code"), str(each.get("errmsg", ""))
        if code == 2 and "$inc" in text:
            return OverflowError(f"A number does not fit into 64 bits: {text}")
        if code in _PASSING:
            return Unavailable(f"MongoDB cannot be written now: {text}.")
    return error


def _short(error: Exception) -> str:
    """Return the error without the description of the whole topology."""
    return str(error).split(", Timeout:", 1)[0].split(", full error", 1)[0].split(" (configured timeouts", 1)[0]
