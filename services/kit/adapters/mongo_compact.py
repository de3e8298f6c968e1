"""Asks MongoDB to rewrite collections, so that what was deleted gives its blocks back (DESIGN 8)."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from pymongo.errors import OperationFailure

from services.kit.adapters.mongo_connection import Mongo

log = structlog.get_logger(__name__)
_SECONDS = 600.0
_NOT_FOUND = 26
_MAY_NOT = frozenset({13, 59, 115, 8000})
"""Unauthorized, CommandNotFound, CommandNotSupported, and what MongoDB's cloud answers."""


async def compact(mongo: Mongo, names: Iterable[str]) -> None:
    """Compact these collections, where the user may ask for it.

    What was deleted can be read by no query anyway; compacting gives its blocks back to the file system (MongoDB 8:
    where 20 MB or more are free). MongoDB does not overwrite them, and its oplog and journal keep changes until they
    are rolled over: against somebody who reads the disk only encryption at rest and a short oplog window help. The user
    needs the role dbAdmin besides readWrite."""
    for name in names:
        try:
            with mongo.bounded(_SECONDS):
                await mongo.database.command("compact", name, force=True)
        except OperationFailure as error:
            if error.code == _NOT_FOUND:  # dropped meanwhile
                continue
            if error.code not in _MAY_NOT:
                raise
            log.warning("MongoDB does not let this user compact; deleted data stays in its files until reused")
            return
