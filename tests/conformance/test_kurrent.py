"""What only a store behind a network must do: lost answers, hangs, restarts, other writers (TORTURE R1, R11)."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kurrentdbclient import AsyncKurrentDBClient, NewEvent, StreamState

from contracts.envelope import RecordedEvent
from contracts.problem import Invalid, Unavailable, VersionConflict
from services.kit.adapters import kurrent_newest
from services.kit.adapters.kurrent_events import FOREIGN, store_id
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.errors import Unusable
from services.kit.ports import Append, Appended
from tests.conformance.events import DEAL, PATIENCE, check_log, everything, followed, ids, new, several
from tests.conformance.kurrent import double_of
from tests.doubles.kurrent.server import Double

SHORT = 0.3
"""Seconds of a deadline in tests of it."""


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


async def waited(store: KurrentEventStore) -> float:
    """Return the seconds until the store says that its server is away."""
    begun = time.perf_counter()
    with pytest.raises(Unavailable, match="does not answer"):
        await store.append("deal-1", [new("never")], 0)
    return time.perf_counter() - begun


async def back(store: KurrentEventStore) -> None:
    """Wait until the store is reached again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.head()
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


# ---------------------------------------------------------------- lost answers


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
async def test_an_append_that_lost_its_connection_is_stored_once(
    double: Double, store: KurrentEventStore, cut: str
) -> None:
    setattr(double.faults, cut, 1)
    first = await store.append("deal-1", several("a", 3), 0)
    assert (first.version, ids(first.events)) == (3, ["a.1", "a.2", "a.3"])
    setattr(double.faults, cut, 1)
    assert (await store.append("deal-1", [new("b")], 3)).version == 4
    assert double.faults.happened == 2
    assert ids(await everything(store)) == ["a.1", "a.2", "a.3", "b"]


async def test_an_unknown_outcome_is_unavailable_and_the_same_again_is_done(
    double: Double, store: KurrentEventStore
) -> None:
    double.faults.cut_after = 2
    with pytest.raises(Unavailable, match="does not answer"):
        await store.append("deal-1", several("a", 2), 0)
    again = await store.append("deal-1", several("a", 2), 0)
    assert again.version == 2
    assert ids(again.events) == ids(await everything(store)) == ["a.1", "a.2"]
    # Somebody else's events at that place are a conflict, not a retry.
    with pytest.raises(VersionConflict):
        await store.append("deal-1", several("b", 2), 0)


async def test_an_import_goes_on_over_lost_answers_and_a_restart(double: Double, store: KurrentEventStore) -> None:
    double.faults.cut_after, double.faults.cut_before = 10, 10
    appends = [Append(f"deal-{n}", several(f"d{n}", 5), 0) for n in range(400)]
    work = asyncio.ensure_future(store.append_many(appends))
    while double.faults.happened < 20:
        await asyncio.sleep(0.01)
    await double.restart()
    answers = await work
    assert [type(answer) for answer in answers] == [Appended] * 400
    events = await everything(store)
    check_log(events, gapless=False)
    assert len(events) == 2_000


async def test_an_import_is_given_up_while_the_server_stays_away(double: Double, store: KurrentEventStore) -> None:
    await double.stop()
    begun = time.perf_counter()
    answers = await store.append_many([Append(f"deal-{n}", [new(f"e{n}")], 0) for n in range(500)])
    assert [type(answer) for answer in answers] == [Unavailable] * 500
    assert time.perf_counter() - begun < 10


# ---------------------------------------------------------------- away and hanging


async def test_a_server_that_is_away_is_told_at_once_and_found_again(double: Double, store: KurrentEventStore) -> None:
    await store.append("deal-1", [new("a")], 0)
    await double.stop()
    await waited(store)  # The connection breaks now.
    assert max([await waited(store) for _ in range(5)]) < 0.2  # R11
    for read in (store.read("deal-1"), store.read_all(0, 10), store.read_types(frozenset({DEAL}), 0, 1), store.head()):
        begun = time.perf_counter()
        with pytest.raises(Unavailable):
            await read
        assert time.perf_counter() - begun < 0.2
    begun = time.perf_counter()
    await double.start()
    await back(store)
    assert time.perf_counter() - begun < 5
    assert (await store.append("deal-1", [new("b")], 1)).version == 2
    assert ids(await everything(store)) == ["a", "b"]


async def test_a_hanging_server_is_given_up_in_time(double: Double) -> None:
    store = await KurrentEventStore.open(double.uri, deadline=SHORT)
    await store.append("deal-1", [new("a")], 0)
    double.faults.hang()
    assert SHORT <= await waited(store) < SHORT * 3
    for read in (store.read("deal-1"), store.read_all(0, 10), store.head(), store.newest()):
        with pytest.raises(Unavailable):
            await read
    # Sixty wait for the one before them on the same stream: no longer than the first two.
    begun = time.perf_counter()
    answers = await asyncio.gather(
        *(store.append("deal-1", [new(f"b{n}")], 1) for n in range(60)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {Unavailable}
    assert time.perf_counter() - begun < SHORT * 4
    double.faults.go_on()
    # What hung may have been stored after all: the same again is done then, or it was another one's turn.
    outcomes = await asyncio.gather(
        *(store.append("deal-1", [new(f"b{n}")], 1) for n in range(60)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 1
    assert len(await store.read("deal-1")) == 2
    await store.close()


async def test_closing_is_bounded_while_the_server_hangs(double: Double) -> None:
    store = await KurrentEventStore.open(double.uri, deadline=SHORT)
    follower = asyncio.ensure_future(anext(store.follow(0), None))
    double.faults.hang()
    asked = [asyncio.ensure_future(store.append(f"deal-{n}", [new(f"e{n}")], 0)) for n in range(5)]
    await asyncio.sleep(0)
    begun = time.perf_counter()
    await store.close()
    assert time.perf_counter() - begun < 2 + SHORT * 3
    assert {type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)} == {Unavailable}
    assert await asyncio.wait_for(follower, PATIENCE) is None
    double.faults.go_on()


async def test_opening_says_that_the_server_is_away(double: Double) -> None:
    await double.stop()
    begun = time.perf_counter()
    with pytest.raises(Unavailable, match="does not answer"):
        await KurrentEventStore.open(double.uri)
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("uri", ["mongodb://u:secret@h", "kurrentdb://u:secret@h:1?colour=blue", "secret", ""])
async def test_an_address_that_is_none_is_said_without_its_password(uri: str) -> None:
    with pytest.raises(Unusable, match="looks like kurrentdb://") as refused:
        await KurrentEventStore.open(uri)
    assert "secret" not in str(refused.value)


# ---------------------------------------------------------------- following over faults


async def test_a_follower_survives_restarts_and_cuts(double: Double, store: KurrentEventStore) -> None:
    writer = await KurrentEventStore.open(double.uri)
    await writer.append_many([Append(f"old-{n}", several(f"o{n}", 50), 0) for n in range(50)])
    double.faults.cut_reads = 3
    total = 2_500 + 4 * 25
    following = asyncio.ensure_future(followed(store.follow(0), total))
    for round in range(4):
        for n in range(25):
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        await writer.append(f"live-{round}", [new(f"l{round}.{n}")], n)
                        break
                    except Unavailable:
                        await asyncio.sleep(0.01)
        await double.restart()
    got = await following
    await back(writer)
    assert double.faults.happened == 3
    assert got == await everything(writer)
    await writer.close()


async def test_a_subscription_that_died_without_a_word_is_noticed(double: Double) -> None:
    store = await KurrentEventStore.open(double.uri, idle=0.2)
    double.faults.mute = 2
    following = asyncio.ensure_future(followed(store.follow(0), 3))
    for n in range(3):
        await store.append(f"deal-{n}", [new(f"e{n}")], 0)
        await asyncio.sleep(0.1)
    assert ids(await following) == ["e0", "e1", "e2"]
    assert double.faults.happened > 0
    await store.close()


async def test_acknowledged_is_kept_by_a_server_that_is_killed(tmp_path: Path) -> None:  # R1
    port = 0
    acknowledged: dict[str, int] = {}
    server, uri = await _process(tmp_path, port)
    port = int(uri.split(":")[2].split("?")[0])
    store = await KurrentEventStore.open(uri)
    stop = asyncio.Event()

    async def write(name: str) -> None:
        n = 0
        answered = True
        while not (answered and stop.is_set()):
            try:
                await store.append(name, [new(f"{name}.{n}")], n)
            except Unavailable:
                answered = False
                await asyncio.sleep(0.02)
            else:
                answered = True
                n += 1
                acknowledged[name] = n

    got: list[RecordedEvent] = []

    async def follow() -> None:
        async for events in store.follow(0):
            got.extend(events)

    work = [asyncio.ensure_future(write(f"w{n}")) for n in range(6)]
    following = asyncio.ensure_future(follow())
    try:
        async with asyncio.timeout(PATIENCE * 3):
            for goal in (60, 150, 240):
                while sum(acknowledged.values()) < goal:
                    await asyncio.sleep(0.01)
                server.kill()
                await server.wait()
                server, _ = await _process(tmp_path, port)
            stop.set()
            await asyncio.gather(*work)
            await back(store)
            events = await everything(store)
            while len(got) < len(events):
                await asyncio.sleep(0.01)
        check_log(events, gapless=False)
        stored = {name: sum(event.stream == name for event in events) for name in acknowledged}
        assert stored == acknowledged
        assert got == events
    finally:
        stop.set()
        await store.close()
        await asyncio.gather(following, *work, return_exceptions=True)
        server.kill()
        await server.wait()


async def _process(folder: Path, port: int) -> tuple[asyncio.subprocess.Process, str]:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.doubles.kurrent", "--data", str(folder), "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdout is not None
    return server, (await server.stdout.readline()).decode().split()[-1]


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
        assert poison.topic == "gateway.events", "so it travels like any event"
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


async def test_a_cluster_is_asked_for_its_leader(double: Double) -> None:
    store = await KurrentEventStore.open(f"kurrentdb+discover://127.0.0.1:{double.port}?tls=false")
    await store.append("deal-1", [new("a")], 0)
    await double.restart()
    await back(store)
    assert (await store.append("deal-1", [new("b")], 1)).version == 2
    await store.close()
