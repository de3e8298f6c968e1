"""The id of a log in KurrentDB: one event in a stream of its own, made by whoever comes first."""

from __future__ import annotations

import contextlib

import msgspec
from kurrentdbclient import NewEvent

from services.kit import clock
from services.kit.adapters.kurrent_connection import Connection
from services.kit.adapters.kurrent_errors import WrongVersion
from services.kit.adapters.kurrent_events import INTERNAL, store_id
from services.kit.errors import Unusable

STREAM = f"{INTERNAL}-log"


class LogMade(msgspec.Struct, rename="camel"):
    """What that event says."""

    log_id: str


async def log_id(connection: Connection) -> str:
    """Return the log's id, making it if there is none: of many processes at once one makes it, all get that one.

    Raises Lost and Unusable."""
    found = await connection.read_stream(STREAM)
    if not found:
        made = clock.new_id()
        event = NewEvent(
            type=f"{INTERNAL}.LogMade.v1", data=msgspec.json.encode(LogMade(made)), id=store_id(f"{STREAM}/{made}")
        )
        with contextlib.suppress(WrongVersion):
            await connection.append(STREAM, [event], 0)
        found = await connection.read_stream(STREAM)
    try:
        return msgspec.json.decode(found[0].data, type=LogMade).log_id
    except (msgspec.DecodeError, IndexError) as error:
        raise Unusable(f"the stream {STREAM!r} of the event store does not hold the log's id: {error}") from error
