"""The connection to KurrentDB: every call with a deadline, every failure as an error of the port or as Lost.

The client's own retries are left out (its methods are unwrapped): they take a second to tell that nobody listens, and
they close the channel under all other calls. The channel finds a server that came back by itself; a cluster is asked
again for its leader."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from grpc import aio
from kurrentdbclient import AsyncKurrentDBClient, AsyncReadResponse, NewEvent, RecordedEvent, StreamState
from kurrentdbclient import exceptions as errors

from contracts.envelope import RecordedEvent as Recorded
from services.kit.adapters.kurrent_bulk import Bulk
from services.kit.adapters.kurrent_errors import InvalidPosition, Lost, WrongVersion, translated
from services.kit.adapters.kurrent_events import HIDDEN
from services.kit.errors import Unusable

DEADLINE: Final = 5.0
"""Seconds a call may take, and a read without a next event."""
_OPTIONS = (
    # Nobody waits longer than this for a server that is back; others are told at once that it is away.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 500),
    # A server that vanished without a word is noticed.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.use_local_subchannel_pool", 1),
)
_PROGRESS = 50
"""Events after which the deadline of a read begins anew."""

# Before the first channel: at its own level gRPC writes a line of its own to stderr for every server that stops.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
# The client's own calls without the retries around them.
_append = inspect.unwrap(AsyncKurrentDBClient.append_to_stream)
_read_all = inspect.unwrap(AsyncKurrentDBClient.read_all)
_read_stream = inspect.unwrap(AsyncKurrentDBClient.read_stream)
_subscribe = inspect.unwrap(AsyncKurrentDBClient.subscribe_to_all)


class Connection:
    """Calls of the store. `deadline` in seconds."""

    def __init__(self, uri: str, deadline: float = DEADLINE) -> None:
        """Connect lazily. Raises Unusable for an address that is none."""
        self.deadline = deadline
        try:
            self._client = AsyncKurrentDBClient(uri=uri)
        except (ValueError, OSError) as error:
            # The address may hold a password: it is not repeated.
            raise Unusable(
                f"the address of the event store cannot be used ({type(error).__name__}). It looks like "
                "kurrentdb://user:password@host:2113?tls=true or kurrentdb://host:2113?tls=false."
            ) from None
        given = {name for name, _ in self._client.grpc_options}
        self._client.grpc_options += tuple(option for option in _OPTIONS if option[0] not in given)
        self._bulk = Bulk(self._client)
        spec = self._client.connection_spec
        self._cluster = spec.scheme.endswith("+discover") or len(spec.targets) > 1
        self._seeking: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> int:
        """Store all events or none if the stream is at this version; return the position the server tells.

        Raises WrongVersion, Lost, Invalid (too large), Unusable."""
        current = expected - 1 if expected else StreamState.NO_STREAM
        try:
            position: int = await self._call(
                _append, stream, events=events, current_version=current, timeout=self.deadline
            )
        except errors.WrongCurrentVersionError as error:
            raise WrongVersion(error.actual_version + 1 if isinstance(error.actual_version, int) else 0) from None
        return position

    async def read_stream(
        self, stream: str, after: int = 0, limit: int = 1, *, backwards: bool = False
    ) -> list[RecordedEvent]:
        """Return up to `limit` events with version > after, or its newest ones backwards; [] for an unknown stream."""
        position = None if backwards else after
        try:
            return await self._listed(_read_stream, stream, stream_position=position, backwards=backwards, limit=limit)
        except errors.NotFoundError:
            return []

    async def read_all(
        self, position: int | None, limit: int, *, pattern: str = "", backwards: bool = False
    ) -> list[RecordedEvent]:
        """Return up to `limit` events of the port from the one at this position on (None: from the start or end).

        `pattern`: only of types that it matches as a whole. Raises InvalidPosition, Lost, Unusable."""
        try:
            return await self._listed(
                _read_all,
                commit_position=position,
                limit=limit,
                backwards=backwards,
                filter_include=[pattern] if pattern else (),
                filter_exclude=HIDDEN,
            )
        except errors.InvalidCommitPositionError:
            raise InvalidPosition from None

    async def read_log(self, position: int | None, limit: int, pattern: str = "") -> list[Recorded]:
        """Return the same as `read_all` forwards, but as the port's events, and cheaper where there are many."""
        try:
            async with self._in_time() as time:
                found: list[Recorded] = await self._call(
                    lambda _: self._bulk.read(position, limit, pattern, lambda: self._begin_anew(time))
                )
        except errors.InvalidCommitPositionError:
            raise InvalidPosition from None
        return found

    async def subscribe(self, position: int | None) -> AsyncReadResponse:
        """Return all events behind the one at this position, as they come. To be stopped with `stopped`."""
        async with self._in_time():
            subscription: AsyncReadResponse = await self._call(
                _subscribe, commit_position=position, filter_exclude=HIDDEN
            )
        return subscription

    async def close(self) -> None:
        """Close the channel; bounded in time whatever the server does."""
        self._closed = True
        if self._seeking is not None:
            self._seeking.cancel()
        with contextlib.suppress(TimeoutError, errors.KurrentDBClientError, errors.ProgrammingError, aio.AioRpcError):
            async with asyncio.timeout(2):
                await self._bulk.close()
                await self._client.close()

    # ---------------------------------------------------------------- inside

    async def _listed(
        self, call: Callable[..., Awaitable[AsyncReadResponse]], *args: Any, **options: Any
    ) -> list[RecordedEvent]:
        found: list[RecordedEvent] = []
        async with self._in_time() as limit:
            response = await self._call(call, *args, **options)
            async with stopped(response):
                with translated():
                    async for event in response:
                        found.append(event)
                        if len(found) % _PROGRESS == 0:
                            self._begin_anew(limit)
        return found

    async def _call(self, call: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        for last in (False, True):
            if self._closed:
                raise Lost("it is closed")
            try:
                with translated():
                    await self._client.connect()
                    return await call(self._client, *args, **options)
            except errors.NodeIsNotLeaderError as error:
                if last:
                    raise Lost(f"no leader: {error}") from error
                leader = f"{error.host}:{error.port}" if error.host and error.port else None
                with translated():
                    await self._client.reconnect(leader)
            except Lost:
                if self._cluster:
                    self._seek()
                raise
        raise AssertionError

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[asyncio.Timeout]:
        try:
            async with asyncio.timeout(self.deadline) as limit:
                yield limit
        except TimeoutError:
            raise Lost(f"no answer within {self.deadline:g} s", late=True) from None

    def _begin_anew(self, limit: asyncio.Timeout) -> None:
        limit.reschedule(asyncio.get_running_loop().time() + self.deadline)

    def _seek(self) -> None:
        """Ask the cluster for its leader, once at a time, beside the calls."""
        if self._seeking is None or self._seeking.done():
            self._seeking = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        with contextlib.suppress(errors.KurrentDBClientError, errors.ProgrammingError, aio.AioRpcError):
            await self._client.reconnect()


@contextlib.asynccontextmanager
async def stopped(response: AsyncReadResponse) -> AsyncIterator[None]:
    """End the reading afterwards. (The client's own context manager hides that a reading was cut.)"""
    try:
        yield
    finally:
        with contextlib.suppress(errors.KurrentDBClientError, aio.AioRpcError):
            await response.stop()
