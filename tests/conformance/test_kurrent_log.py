"""What is in KurrentDB's log besides events of one process: other processes, other writers, ids, limits, notes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kurrentdbclient import AsyncKurrentDBClient, NewEvent, StreamState

from contracts.envelope import RecordedEvent
from contracts.problem import Invalid, VersionConflict
from contracts.registry import EVENTS, TOPICS
from services.kit.adapters import kurrent_newest
from services.kit.adapters.kurrent_events import FOREIGN, store_id
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.errors import Unusable
from services.kit.ports import Append, Appended
from tests.conformance.events import DEAL, everything, followed, ids, new, several
from tests.conformance.kurrent import double_of
from tests.doubles.kurrent.server import Double


@pytest.fixture
async def double(tmp_path: Path) -> Double:
    return await double_of(tmp_path)


@pytest.fixture
async def store(double: Double) -> AsyncIterator[KurrentEventStore]:
    opened = await KurrentEventStore.open(double.uri)
    yield opened
    await opened.close()


@pytest.fixture
async def client(double: Double) -> AsyncIterator[AsyncKurrentDBClient]:
    """Somebody else who writes to the same server."""
    async with AsyncKurrentDBClient(double.uri) as client:
        yield client


# ---------------------------------------------------------------- one log for many processes


async def test_processes_that_race_for_the_logs_id_agree(double: Double) -> None:
    code = (
        "import asyncio, sys; from services.kit.adapters.kurrent_store import KurrentEventStore as S\n"
        "async def main():\n"
        "    store = await S.open(sys.argv[1]); print(store.log_id); await store.close()\n"
        "asyncio.run(main())"
    )
    racers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, double.uri), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        for _ in range(3)
    ]
    here = [asyncio.ensure_future(KurrentEventStore.open(double.uri)) for _ in range(8)]
    found = {store.log_id for store in await asyncio.gather(*here)}
    said = {(await racer.communicate())[0].decode().strip() for racer in racers}
    assert len(found) == 1
    assert said == found
    for store in here:
        assert await everything(store.result()) == []
        await store.result().close()


async def test_two_stores_write_one_stream(double: Double, store: KurrentEventStore) -> None:
    other = await KurrentEventStore.open(double.uri)
    answers = await asyncio.gather(
        *(each.append("deal-1", [new(f"{n}")], 0) for n, each in enumerate([store, other] * 10)), return_exceptions=True
    )
    assert sum(isinstance(answer, Appended) for answer in answers) == 1
    assert sum(isinstance(answer, VersionConflict) for answer in answers) == 19
    await other.close()


# ---------------------------------------------------------------- what is stored


async def test_names_and_ids_may_be_anything(store: KurrentEventStore) -> None:
    odd = ["Ünï-☃", "a b\tc", "名前", "x" * 200, "{6F1C4A0E-7F0E-5B52-9A3E-2F4F0D7F9B11}", "%2F?&=", "'\"\\"]
    for name in odd:
        event = new(name, key=name)
        event.actor, event.command_id, event.correlation = name, name, name
        await store.append(f"deal-{name}", [event], 0)
        [stored] = await store.read(f"deal-{name}")
        assert (stored.id, stored.key, stored.actor, stored.command_id, stored.correlation) == (name,) * 5
    assert [event.stream for event in await everything(store)] == [f"deal-{name}" for name in odd]


def test_an_id_of_ours_is_the_same_in_the_store_for_ever() -> None:
    own = "0f7c7c1e-56b5-5f4e-8a34-0a4e1c1f7a11"
    assert str(store_id(own)) == own
    assert str(store_id("e1")) == "20bf148a-9f02-5444-84a7-f1f50ea66943"
    assert store_id(own.upper()) != store_id(own), "another text is another id"


@pytest.mark.parametrize("type", ["$metadata", "voronka.LogMade.v1", "Result", "PersistentConfig1"])
async def test_types_that_the_store_hides_are_refused(store: KurrentEventStore, type: str) -> None:
    with pytest.raises(ValueError, match="cannot be the type"):
        await store.append("deal-1", [new("a", type)], 0)


@pytest.mark.parametrize("stream", ["$all", "voronka-log", "$$deal-1"])
async def test_streams_that_the_store_keeps_are_refused(store: KurrentEventStore, stream: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        await store.append(stream, [new("a")], 0)


async def test_large_events_and_too_large_ones(tmp_path: Path) -> None:
    double = Double(tmp_path, max_append=1_200_000)
    await double.start()
    store = await KurrentEventStore.open(double.uri)
    large = new("large", data=b'"' + b"x" * 1_000_000 + b'"')
    appended = await store.append("deal-1", [large], 0)
    assert [event.data for event in appended.events] == [large.data]
    with pytest.raises(Invalid, match="larger than the event store takes"):
        await store.append("deal-1", [new("b"), new("c", data=large.data), new("d", data=large.data)], 1)
    assert ids(await everything(store)) == ["large"]
    await store.close()
    await double.stop()


async def test_positions_between_events_are_read_from_too(store: KurrentEventStore) -> None:
    for n in range(4):
        await store.append(f"deal-{n % 2}", several(f"e{n}", 2), n // 2 * 2)
    events = await everything(store)
    assert events[0].position > 0, "0 means nothing"
    places = {event.position + near for event in events for near in (-2, -1, 0, 1, 2)}
    for after in sorted(places | set(range(0, events[-1].position, 50))):
        expected = [event for event in events if event.position > after]
        assert await store.read_all(after, 3) == expected[:3]
    middle = (events[3].position + events[4].position) // 2
    assert await followed(store.follow(middle), 4) == events[4:]


async def test_the_newest_time_is_noted_for_later_processes(
    double: Double, store: KurrentEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kurrent_newest, "EVERY", 100)
    latest = new("latest")
    latest.occurred_at = 1_900_000_000_000
    await store.append("deal-0", [new("first"), latest], 0)
    await store.append_many([Append(f"deal-{n}", several(f"d{n}", 30), 0) for n in range(1, 10)])
    assert await store.newest() == latest.occurred_at
    other = await KurrentEventStore.open(double.uri)
    reads: list[int] = []
    read = other._newest._reads.log

    async def noted(after: int, limit: int, types: Any = None) -> list[RecordedEvent]:
        events = await read(after, limit, types)
        reads.append(len(events))
        return events

    monkeypatch.setattr(other._newest._reads, "log", noted)
    assert await other.newest() == latest.occurred_at
    assert sum(reads) == 0, "the note says it"
    later = new("later")
    later.occurred_at = latest.occurred_at + 1
    await store.append("deal-0", [later], 2)
    assert await other.newest() == await store.newest() == later.occurred_at
    assert len(await everything(store)) == 273, "the note is no event"
    await other.close()


# ---------------------------------------------------------------- others in the same server


@pytest.mark.parametrize("metadata", [b"", b"{}", b'{"voronka":1}', b'{"voronka":2,"key":"k"}', b"\xff"])
@pytest.mark.parametrize("type", ["OrderShipped", DEAL])
async def test_an_event_that_somebody_else_wrote_is_shown_as_one_that_nobody_knows(
    store: KurrentEventStore, client: AsyncKurrentDBClient, type: str, metadata: bytes
) -> None:
    await store.append("deal-1", [new("a")], 0)
    foreign = NewEvent(type=type, data=b"\x00not json", metadata=metadata, content_type="application/octet-stream")
    await client.append_to_stream("deal-1", events=[foreign], current_version=0)
    await store.append("deal-1", [new("b")], 2)
    for events in (
        await everything(store),
        await store.read("deal-1"),
        await followed(store.follow(0), 3),
    ):
        assert [(event.type, event.version) for event in events] == [(DEAL, 1), (FOREIGN, 2), (DEAL, 3)]
        poison = events[1]
        assert (poison.id, poison.stream, poison.key) == (str(foreign.id), "deal-1", "deal-1")
        assert f'"type":"{type}"'.encode() in poison.data
        assert poison.topic in TOPICS, "so it travels like any event"
    assert FOREIGN not in EVENTS, "so it stops its lane like any event that nobody can fold"
    assert ids(await store.read_types(frozenset({DEAL}), 0, 10)) == ["a", "b"]


async def test_a_stream_that_somebody_deleted_is_said(store: KurrentEventStore, client: AsyncKurrentDBClient) -> None:
    await store.append("deal-1", [new("a")], 0)
    await client.tombstone_stream("deal-1", current_version=StreamState.ANY)
    with pytest.raises(Unusable, match="deleted in the event store by somebody else"):
        await store.append("deal-1", [new("b")], 1)
    with pytest.raises(Unusable, match="deleted in the event store by somebody else"):
        await store.read("deal-1")
    assert ids(await everything(store)) == ["a"]


async def test_a_log_id_that_somebody_spoilt_is_said(double: Double, client: AsyncKurrentDBClient) -> None:
    event = NewEvent(type="voronka.LogMade.v1", data=b"{}")
    await client.append_to_stream("voronka-log", events=[event], current_version=StreamState.NO_STREAM)
    with pytest.raises(Unusable, match="does not hold the log's id"):
        await KurrentEventStore.open(double.uri)
