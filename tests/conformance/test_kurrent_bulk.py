"""Many events at once, past the client: they are the client's, and no thread or connection outlives its reader."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from kurrentdbclient.common import construct_recorded_event
from kurrentdbclient.protos.v1 import streams_pb2
from kurrentdbclient.streams import AsyncStreamsService

from contracts.problem import Unavailable
from services.kit.adapters.kurrent_bulk import _request
from services.kit.adapters.kurrent_events import FOREIGN, HIDDEN, recorded, recorded_message
from services.kit.adapters.kurrent_reads import FEW
from services.kit.adapters.kurrent_store import KurrentEventStore
from tests.conformance.events import everything, ids, new, several, until
from tests.conformance.kurrent import double_of
from tests.doubles.kurrent.server import Double
from tests.support.patience import PATIENCE

MANY = 1_200
OURS = b'{"voronka":1,"key":"k","occurredAt":5,"actor":"a","commandId":"c","commandHash":"h"%s}'


@pytest.fixture
async def double(tmp_path: Path) -> Double:
    return await double_of(tmp_path / "one")


@pytest.fixture
async def store(double: Double) -> AsyncIterator[KurrentEventStore]:
    opened = await KurrentEventStore.open(double.uri, deadline=PATIENCE * 4)  # a test fails before
    await opened.append("deal-1", several("a", MANY), 0)
    yield opened
    await opened.close()


async def reading(store: KurrentEventStore) -> asyncio.Task[object]:
    """Return a read that a thread waits for, and that the server does not answer."""
    task: asyncio.Task[object] = asyncio.create_task(store.read_all(0, MANY))  # type: ignore[arg-type]
    await until(lambda: bool(threads()))
    return task


def threads() -> list[threading.Thread]:
    """Return those that read a log."""
    return [thread for thread in threading.enumerate() if thread.name == "reads the log"]


# ---------------------------------------------------------------- the same events


@pytest.mark.parametrize("more", [b"", b',"recordedAt":7', b',"id":"own"', b',"voronka":2', b"no JSON"])
@pytest.mark.parametrize("canonical", [True, False])
def test_a_message_is_the_event_that_the_client_makes_of_it(more: bytes, canonical: bool) -> None:
    id = str(uuid4())
    # The client rounds a time of 100 ns to microseconds, so what ends in 9999 is of the next millisecond, or not.
    for created in ("17000000000000000", "17000000000009994", "17000000000009995", "17000000000009999", "", "x"):
        message = streams_pb2.ReadResp.ReadEvent()
        event = message.event
        event.id.string = id if canonical else id.upper()
        event.stream_identifier.stream_name = "deal-1 ü".encode()
        event.stream_revision, event.prepare_position, event.commit_position = 6, 98, 99
        event.metadata["type"] = "pipeline.DealOpened.v1"
        event.metadata["content-type"] = "application/json"
        if created:
            event.metadata["created"] = created
        event.custom_metadata, event.data = OURS % more, b'{"a":1}'
        message.commit_position = 99
        told = construct_recorded_event(message)
        assert told is not None
        assert recorded_message(event) == recorded(told)
        assert (recorded(told).type == FOREIGN) == (b"voronka" in more or b"no" in more)


@pytest.mark.parametrize("position", [None, 0, 7])
@pytest.mark.parametrize("pattern", ["", "(?:a|b)"])
def test_the_question_is_the_clients(position: int | None, pattern: str) -> None:
    filters = {"filter_include": [pattern]} if pattern else {"filter_exclude": HIDDEN}
    theirs = AsyncStreamsService._construct_read_request(commit_position=position, limit=1_001, **filters)
    assert _request(position, 1_001, pattern).SerializeToString() == theirs.SerializeToString()


async def test_few_and_many_are_read_alike(store: KurrentEventStore) -> None:
    log = await everything(store)
    assert ids(log) == [f"a.{n}" for n in range(1, MANY + 1)]
    assert await store.read("deal-1") == log
    few = await store.read_all(0, FEW - 1)
    while part := await store.read_all(few[-1].position, FEW - 1):
        few += part
    assert few == log


# ---------------------------------------------------------------- ends


async def test_who_is_cancelled_leaves_no_thread(double: Double, store: KurrentEventStore) -> None:
    double.faults.hang()
    task = await reading(store)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not threads())
    double.faults.go_on()


async def test_a_store_that_is_closed_ends_its_reads(double: Double, store: KurrentEventStore) -> None:
    double.faults.hang()
    task = await reading(store)
    await store.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(task, PATIENCE)
    await until(lambda: not threads())
    double.faults.go_on()


async def test_a_read_that_goes_on_is_not_given_up(
    double: Double, store: KurrentEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends no second part before the deadline was moved for the first one."""
    moved = asyncio.Event()
    monkeypatch.setattr(store._connection, "_begin_anew", lambda _: moved.set())
    gates = 0

    async def gate() -> None:
        nonlocal gates
        gates += 1
        if gates == 3:  # the call, the first part
            await moved.wait()

    monkeypatch.setattr(double.faults, "gate", gate)
    async with asyncio.timeout(PATIENCE):
        assert len(await store.read_all(0, MANY)) == MANY
    assert gates > 3


async def test_a_server_that_is_back_is_read_at_once(double: Double, store: KurrentEventStore) -> None:
    """gRPC waits longer and longer before it looks again: what appends and short reads find again, long ones find."""
    await everything(store)
    for _ in range(3):
        await double.stop()
        for _ in range(20):
            with pytest.raises(Unavailable):
                await everything(store)
        await double.start()
        assert len(await everything(store)) == MANY


async def test_reads_go_where_the_client_goes(double: Double, store: KurrentEventStore, tmp_path: Path) -> None:
    """Another leader: what is under way is cut, what comes next is asked there."""
    other = await double_of(tmp_path / "two")
    there = await KurrentEventStore.open(other.uri)
    await there.append("deal-2", [new("elsewhere")], 0)
    double.faults.hang()
    cut = await reading(store)
    await store._connection._client.reconnect(f"127.0.0.1:{other.port}")
    assert ids(await everything(store)) == ["elsewhere"]
    with pytest.raises(Unavailable):
        await asyncio.wait_for(cut, PATIENCE)
    double.faults.go_on()
    await there.close()
