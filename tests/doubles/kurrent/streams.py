"""The double's gRPC service `Streams`: BatchAppend, Read of streams and of all, catch-up subscriptions, Tombstone.

Everything else is answered UNIMPLEMENTED."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from kurrentdbclient.protos.v1 import shared_pb2, status_pb2, streams_pb2, streams_pb2_grpc

from tests.doubles.kurrent.faults import Faults
from tests.doubles.kurrent.log import (
    ANY,
    EXISTS,
    NO_STREAM,
    InvalidPosition,
    Keep,
    Log,
    Outcome,
    Proposed,
    Row,
    Stored,
    Tombstoned,
    Wrong,
    keeps,
)
from tests.doubles.kurrent.writer import Writer

Context = grpc.aio.ServicerContext[Any, Any]
Options = streams_pb2.ReadReq.Options


class Streams(streams_pb2_grpc.StreamsServicer):
    def __init__(self, log: Log, writer: Writer, faults: Faults, max_append: int) -> None:
        self._log = log
        self._writer = writer
        self._faults = faults
        self._max_append = max_append

    # ---------------------------------------------------------------- appending

    async def BatchAppend(  # noqa: N802 - named by the protocol
        self, request_iterator: AsyncIterator[streams_pb2.BatchAppendReq], context: Context
    ) -> AsyncIterator[streams_pb2.BatchAppendResp]:
        async for request in request_iterator:
            await self._faults.gate()
            if not request.is_final:
                await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this double takes an append in one message")
            if self._faults.take("cut_before"):
                await context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
            stream = request.options.stream_identifier.stream_name.decode()
            events = [
                Proposed(m.id.string, m.metadata["type"], m.metadata["content-type"], m.custom_metadata, m.data)
                for m in request.proposed_messages
            ]
            if sum(event.size for event in events) > self._max_append:
                error: Any = shared_pb2.MaximumAppendSizeExceeded(maxAppendSize=self._max_append)
                yield _refused(request, error)
                continue
            outcome = await self._writer.store((stream, _expected(request.options), events))
            if self._faults.take("cut_after"):
                await context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
            await self._faults.gate()
            yield _answer(request, outcome)

    async def Tombstone(  # noqa: N802
        self, request: streams_pb2.TombstoneReq, context: Context
    ) -> streams_pb2.TombstoneResp:
        options = request.options
        kind = options.WhichOneof("expected_stream_revision")
        expected = {"any": ANY, "no_stream": NO_STREAM, "stream_exists": EXISTS}.get(str(kind), options.revision)
        outcome = await self._writer.tombstone(options.stream_identifier.stream_name.decode(), expected)
        if not isinstance(outcome, Stored):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"cannot be deleted: {outcome}")
            raise AssertionError
        position = streams_pb2.TombstoneResp.Position(
            commit_position=outcome.position, prepare_position=outcome.position
        )
        return streams_pb2.TombstoneResp(position=position)

    # ---------------------------------------------------------------- reading

    async def Read(self, request: streams_pb2.ReadReq, context: Context) -> None:  # noqa: N802
        await self._faults.gate()
        options = request.options
        if options.resolve_links or options.uuid_option.WhichOneof("content") != "string":
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this double resolves no links and gives ids as text")
        backwards = options.read_direction == Options.Backwards
        subscribes = options.WhichOneof("count_option") == "subscription"
        if subscribes and (backwards or options.WhichOneof("stream_option") == "stream"):
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this double has subscriptions to $all alone")
        if subscribes:
            await self._subscription(options, context)
        elif options.WhichOneof("stream_option") == "stream":
            await self._stream(options, context, backwards=backwards)
        else:
            position = (
                options.all.position.commit_position if options.all.WhichOneof("all_option") == "position" else None
            )
            try:
                slices = self._log.all(position, backwards=backwards)
                await self._counted(slices, _filter(options), options.count, context)
            except InvalidPosition:
                text = "Unexpected FilteredReadAllResult: InvalidPosition"
                await context.abort(grpc.StatusCode.UNKNOWN, text)

    async def _stream(self, options: Options, context: Context, *, backwards: bool) -> None:
        if options.WhichOneof("filter_option") == "filter":
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a stream cannot be filtered")
        identifier = options.stream.stream_identifier
        name = identifier.stream_name.decode()
        if self._log.deleted(name):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Event stream '{name}' is deleted.")
        if not self._log.exists(name):
            missing = streams_pb2.ReadResp.StreamNotFound(stream_identifier=identifier)
            await context.write(streams_pb2.ReadResp(stream_not_found=missing))
            return
        known = options.stream.WhichOneof("revision_option") == "revision"
        slices = self._log.stream(name, options.stream.revision if known else None, backwards=backwards)
        await self._counted(slices, None, options.count, context)

    async def _counted(self, slices: Iterator[list[Row]], keep: Keep | None, count: int, context: Context) -> None:
        left = count
        for rows in slices:
            await self._faults.gate()
            for row in rows:
                if left == 0:
                    return
                if keep is None or keep(row):
                    if left == count - 10 and self._faults.take("cut_reads"):
                        await context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
                    left -= 1
                    await context.write(_event(row))

    async def _subscription(self, options: Options, context: Context) -> None:
        """Send all behind the position, then what comes; checkpoints after so many rows that were looked at."""
        start = options.all.WhichOneof("all_option")
        position = options.all.position.commit_position if start == "position" else -1
        if start == "end":
            position = max((row.position for rows in self._log.all(None, backwards=True) for row in rows), default=-1)
        confirmed = streams_pb2.ReadResp.SubscriptionConfirmation(subscription_id=_id())
        await context.write(streams_pb2.ReadResp(confirmation=confirmed))
        keep = _filter(options)
        every = options.filter.max * options.filter.checkpointIntervalMultiplier
        looked, live = 0, False
        while True:
            commits = self._writer.commits
            rows = self._log.after(position)
            await self._faults.gate()
            for row in rows:
                position = row.position
                looked += 1
                if keep is None or keep(row):
                    await context.write(_event(row))
                if every and looked % every == 0:
                    await context.write(streams_pb2.ReadResp(checkpoint=_checkpoint(position)))
            if not rows:
                if not live:
                    live = True
                    await context.write(streams_pb2.ReadResp(caught_up=streams_pb2.ReadResp.CaughtUp(timestamp=_now())))
                    if self._faults.take("mute"):
                        await asyncio.Event().wait()
                await self._writer.grown(commits)


# ---------------------------------------------------------------- messages


def _expected(options: streams_pb2.BatchAppendReq.Options) -> int:
    kind = options.WhichOneof("expected_stream_position")
    return {"any": ANY, "no_stream": NO_STREAM, "stream_exists": EXISTS}.get(str(kind), options.stream_position)


def _answer(request: streams_pb2.BatchAppendReq, outcome: Outcome) -> streams_pb2.BatchAppendResp:
    match outcome:
        case Stored(revision=revision, position=position):
            where = shared_pb2.AllStreamPosition(commit_position=position, prepare_position=position)
            return streams_pb2.BatchAppendResp(
                correlation_id=request.correlation_id,
                success=streams_pb2.BatchAppendResp.Success(current_revision=revision, position=where),
            )
        case Wrong(revision=revision) if revision == NO_STREAM:
            return _refused(request, shared_pb2.WrongExpectedVersion(current_no_stream=empty_pb2.Empty()))
        case Wrong(revision=revision):
            return _refused(request, shared_pb2.WrongExpectedVersion(current_stream_revision=revision))
        case Tombstoned():
            deleted = shared_pb2.StreamDeleted(stream_identifier=request.options.stream_identifier)
            return _refused(request, deleted)


def _refused(request: streams_pb2.BatchAppendReq, reason: Any) -> streams_pb2.BatchAppendResp:
    details = any_pb2.Any()
    details.Pack(reason)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=type(reason).__name__, details=details)
    return streams_pb2.BatchAppendResp(correlation_id=request.correlation_id, error=status)


def _filter(options: Options) -> Keep | None:
    if options.WhichOneof("filter_option") != "filter":
        return None
    if options.filter.WhichOneof("filter") == "stream_identifier":
        wanted = options.filter.stream_identifier
        return keeps(wanted.regex, wanted.prefix, lambda row: row.stream)
    wanted = options.filter.event_type
    return keeps(wanted.regex, wanted.prefix, lambda row: row.type)


def _event(row: Row) -> streams_pb2.ReadResp:
    # Filled in place: made of parts it would take four times as long, and every benchmark reads through it.
    response = streams_pb2.ReadResp()
    response.event.commit_position = row.position
    event = response.event.event
    event.id.string = row.id
    event.stream_identifier.stream_name = row.stream.encode()
    event.stream_revision = row.revision
    event.prepare_position = event.commit_position = row.position
    event.metadata["type"] = row.type
    event.metadata["created"] = str(row.created)
    event.metadata["content-type"] = row.content_type
    event.custom_metadata = row.metadata
    event.data = row.data
    return response


def _checkpoint(position: int) -> streams_pb2.ReadResp.Checkpoint:
    return streams_pb2.ReadResp.Checkpoint(commit_position=position, prepare_position=position, timestamp=_now())


def _now() -> Timestamp:
    return Timestamp(seconds=int(time.time()))


def _id() -> str:
    return str(uuid4())
