"""A multi-document transaction: snapshot, majority, journalled; retried where that is safe, never committed in part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.kit.adapters.mongo_connection import Mongo, never_deaf

Work = Callable[[AsyncClientSession], Awaitable[None]]
_SNAPSHOT = ReadConcern("snapshot")
_DURABLE = WriteConcern("majority", j=True)
_ABORT_SECONDS = 2.0
_TRANSIENT = "TransientTransactionError"
_UNKNOWN = "UnknownTransactionCommitResult"


class Unsure(Exception):
    """The commit was sent, and whether it was done could not be found out in time."""


async def in_transaction(mongo: Mongo, work: Work, seconds: float | None = None) -> None:
    """Do `work` and commit it, all within this time. It is repeated after a conflict: it must only use its session.

    Whatever `work` raises, a cancellation too, aborts: the driver would commit what a cancelled operation left. Raises
    Unsure, Unavailable (then nothing was stored) and what `work` raises."""
    limit = mongo.seconds if seconds is None else seconds
    deadline = asyncio.get_running_loop().time() + limit
    with mongo.bounded(limit):
        async with mongo.client.start_session() as session:
            pause = 0.001
            while True:
                try:
                    await _once(session, work, deadline)
                    return
                except PyMongoError as error:
                    if not error.has_error_label(_TRANSIENT) or _passed(deadline - pause):
                        raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.1)


async def _once(session: AsyncClientSession, work: Work, deadline: float) -> None:
    await session.start_transaction(read_concern=_SNAPSHOT, write_concern=_DURABLE)
    try:
        with never_deaf():
            await work(session)
    except BaseException:
        await _abort(session)
        raise
    pause = 0.01
    while True:
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if not error.has_error_label(_UNKNOWN):
                raise
            if _passed(deadline - pause):
                raise Unsure(f"a commit got no answer: {error}") from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.2)


async def _abort(session: AsyncClientSession) -> None:
    """Abort, also when time is up or this task is being cancelled; a server that does not hear of it gives the
    transaction up by itself."""

    async def abort() -> None:
        try:
            with pymongo.timeout(_ABORT_SECONDS):
                await session.abort_transaction()
        except PyMongoError:
            pass

    aborting = asyncio.create_task(abort(), context=Context())  # where no time limit holds
    await asyncio.wait([aborting])


def _passed(deadline: float) -> bool:
    return asyncio.get_running_loop().time() >= deadline
