"""Many events of KurrentDB's log at once: read by a thread, over a channel of its own, past the client (ADR 0038).

The client hands over each event through a queue and several turns of the event loop. Here the thread that waits for
messages makes our events of them, and the loop gets one list: half the CPU. It uses the client's public names alone:
where it is connected, its certificates, its protocol and its errors."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from kurrentdbclient import AsyncKurrentDBClient
from kurrentdbclient.common import (
    DEFAULT_CHECKPOINT_INTERVAL_MULTIPLIER,
    DEFAULT_WINDOW_SIZE,
    construct_filter_exclude_regex,
    construct_filter_include_regex,
)
from kurrentdbclient.exceptions import ServiceUnavailableError
from kurrentdbclient.protos.v1 import shared_pb2, streams_pb2, streams_pb2_grpc
from kurrentdbclient.streams import handle_streams_rpc_error

from contracts.envelope import RecordedEvent
from services.kit.adapters.kurrent_errors import Lost
from services.kit.adapters.kurrent_events import HIDDEN, recorded_message

Options = streams_pb2.ReadReq.Options
# The thread that iterates is the one that waits for the network: no other one has to wake it for each event. gRPC calls
# it experimental; where it does not know it, it is slower and nothing else.
_ONE_THREAD = ("SingleThreadedUnaryStream", 1)
_LOOK = 0.2
"""Seconds after which the loop looks how far the thread is."""


class Bulk:
    """Reads of one client. Its channel goes where the client is connected to."""

    def __init__(self, client: AsyncKurrentDBClient) -> None:
        self._client = client
        spec = client.connection_spec
        self._credentials = client.construct_call_credentials(spec.username, spec.password)
        self._metadata = (
            ("connection-name", spec.options.connection_name),
            ("requires-leader", "true" if spec.options.node_preference == "leader" else "false"),
        )
        self._channel: grpc.Channel | None = None
        self._target = ""
        self._closed = False
        self._reading: set[asyncio.Future[Exception | None]] = set()

    async def read(
        self, position: int | None, limit: int, pattern: str, progressed: Callable[[], None]
    ) -> list[RecordedEvent]:
        """Return up to `limit` events of the port from the one at this position on (None: from the start).

        `pattern`: only of types that it matches as a whole. `progressed` is called now and then while events come.
        Raises the client's errors, and Lost when closed."""
        request = _request(position, limit, pattern)
        found: list[RecordedEvent] = []
        try:
            await self._take(request, found, progressed)
        except ServiceUnavailableError:
            if found:
                raise
            # The server may be back, and this channel wait before it looks again: a new one looks at once.
            self._forget()
            await self._take(request, found, progressed)
        return found

    async def close(self) -> None:
        """End what is being read; bounded in time."""
        self._closed = True
        if self._channel is not None:
            self._channel.close()
        if self._reading:
            await asyncio.wait(set(self._reading), timeout=1.0)

    async def _take(
        self, request: streams_pb2.ReadReq, found: list[RecordedEvent], progressed: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        stub: Any = streams_pb2_grpc.StreamsStub(self._connected())  # type: ignore[no-untyped-call]
        call = stub.Read(request, metadata=self._metadata, credentials=self._credentials)
        done: asyncio.Future[Exception | None] = loop.create_future()
        self._reading.add(done)
        done.add_done_callback(self._reading.discard)
        threading.Thread(target=_work, args=(call, found, loop, done), name="reads the log", daemon=True).start()
        seen = 0
        try:
            while not done.done():
                await asyncio.wait({done}, timeout=_LOOK)
                if len(found) > seen:
                    seen = len(found)
                    progressed()
        finally:
            call.cancel()  # does nothing to one that has ended; else it ends the thread
        error = done.result()
        if isinstance(error, grpc.RpcError):
            raise handle_streams_rpc_error(error) from error
        if error is not None:
            raise error

    def _connected(self) -> grpc.Channel:
        if self._closed:
            raise Lost("it is closed")
        target = self._client.connection_target
        if self._channel is None or target != self._target:
            if self._channel is not None:
                self._channel.close()
            self._channel, self._target = self._connect(target), target
        return self._channel

    def _forget(self) -> None:
        """Connect anew for the next reading, unless others are reading."""
        if self._channel is not None and not self._reading:
            self._channel.close()
            self._channel = None

    def _connect(self, target: str) -> grpc.Channel:
        client, options = self._client, [*self._client.grpc_options, _ONE_THREAD]
        if client.connection_spec.options.tls is not True:
            return grpc.insecure_channel(target, options)
        credentials = grpc.ssl_channel_credentials(
            client.root_certificates, client.private_key, client.certificate_chain
        )
        return grpc.secure_channel(target, credentials, options)


def _work(
    call: Iterator[streams_pb2.ReadResp],
    found: list[RecordedEvent],
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[Exception | None],
) -> None:
    """Take all there is; then tell the loop, with the error that ended it."""
    error: Exception | None = None
    try:
        for response in call:
            if response.HasField("event") and response.event.event.id.string:
                found.append(recorded_message(response.event.event))  # noqa: PERF401 - it is counted meanwhile
    except Exception as raised:  # noqa: BLE001 - raised again where it is awaited
        error = raised
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(done.set_result, error)


def _request(position: int | None, limit: int, pattern: str) -> streams_pb2.ReadReq:
    regex = construct_filter_include_regex([pattern]) if pattern else construct_filter_exclude_regex(HIDDEN)
    nothing = shared_pb2.Empty()
    begin = (
        Options.AllOptions(start=nothing)
        if position is None
        else Options.AllOptions(position=Options.Position(commit_position=position, prepare_position=position))
    )
    options = Options(
        all=begin,
        read_direction=Options.Forwards,
        count=limit,
        filter=Options.FilterOptions(
            event_type=Options.FilterOptions.Expression(regex=regex),
            max=DEFAULT_WINDOW_SIZE,
            checkpointIntervalMultiplier=DEFAULT_CHECKPOINT_INTERVAL_MULTIPLIER,
        ),
        uuid_option=Options.UUIDOption(string=nothing),
    )
    return streams_pb2.ReadReq(options=options)
