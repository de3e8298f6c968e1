"""What every event store must do (DESIGN 5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable, VersionConflict
from services.kit.ports import Append, Appended, EventStore
from tests.conformance.cases import StoreCase
from tests.conformance.events import check_log, everything, followed, ids, new, several
from tests.support.patience import PATIENCE

# ---------------------------------------------------------------- append and read


async def test_what_is_appended_is_read_back_whole(store: EventStore) -> None:
    event = new("e1", data='{"name":"Łucja"}'.encode())
    event.origin, event.imputed, event.correlation = "import", True, "trace"
    appended = await store.append("deal-1", [event, new("e2")], 0)
    assert (appended.stream, appended.version) == ("deal-1", 2)
    [first, second] = await store.read("deal-1")
    assert [first, second] == appended.events == await everything(store)
    assert first == RecordedEvent(
        id="e1",
        type=event.type,
        key="client-1",
        occurred_at=1_700_000_000_000,
        actor="employee-1",
        command_id="command-e1",
        command_hash="hash",
        correlation="trace",
        origin="import",
        imputed=True,
        data='{"name":"Łucja"}'.encode(),
        stream="deal-1",
        version=1,
        position=first.position,
        recorded_at=first.recorded_at,
    )
    assert (second.version, second.position) == (2, appended.position)
    assert await store.head() == appended.position


async def test_an_event_of_a_moved_log_keeps_all_but_its_position(store: EventStore) -> None:
    await store.append("deal-0", [new("other")], 0)
    [moved] = (await store.append("deal-1", [new("e1")], 0)).events
    moved.stream, moved.version, moved.position, moved.recorded_at, moved.id = "deal-2", 1, 77, 1_500_000_000_123, "e2"
    [stored] = (await store.append("deal-2", [moved], 0)).events
    assert [stored] == await store.read("deal-2")
    assert stored.position != 77
    moved.position = stored.position
    assert stored == moved


async def test_an_unknown_stream_is_empty(store: EventStore) -> None:
    assert await store.read("deal-1") == []
    assert await everything(store) == []
    assert await store.head() == 0


async def test_reading_begins_after_a_version(store: EventStore) -> None:
    await store.append("deal-1", several("a", 3), 0)
    assert ids(await store.read("deal-1", 1)) == ["a.2", "a.3"]
    assert await store.read("deal-1", 3) == []


async def test_a_long_stream_is_read_whole(store: EventStore) -> None:
    await store.append("deal-0", [new("other")], 0)
    for start in range(0, 4_500, 500):
        await store.append("deal-1", [new(f"e{n}") for n in range(start, start + 500)], start)
    assert ids(await store.read("deal-1")) == [f"e{n}" for n in range(4_500)]
    assert ids(await store.read("deal-1", 4_300)) == [f"e{n}" for n in range(4_300, 4_500)]


async def test_positions_order_all_streams(stores: StoreCase, store: EventStore) -> None:
    for n in range(1, 4):
        for stream in ("deal-1", "note-1"):
            await store.append(stream, [new(f"{stream}.{n}")], n - 1)
    events = await everything(store)
    assert ids(events) == ["deal-1.1", "note-1.1", "deal-1.2", "note-1.2", "deal-1.3", "note-1.3"]
    check_log(events, gapless=stores.gapless)
    assert ids(await store.read_all(events[1].position, 2)) == ["deal-1.2", "note-1.2"]
    assert await store.read_all(events[-1].position, 10) == []


async def test_events_of_some_types_are_found_among_others(stores: StoreCase, store: EventStore) -> None:
    types = ["clients.NoteAdded.v1", "pipeline.ProductAdded.v1", "pipeline.DealStageChanged.v1", "later.Unheard.v9"]
    await store.append_many([Append(f"s-{n}", [new(f"e{n}", types[n % 4])], 0) for n in range(4_000 // stores.volume)])
    log = await everything(store)
    wanted = frozenset({types[0], types[3], "gateway.EmployeeAdded.v1"})
    assert ids(await store.read_types(wanted, 0, 10_000)) == [event.id for event in log if event.type in wanted]
    assert ids(await store.read_types(wanted, log[99].position, 3)) == ["e100", "e103", "e104"]
    assert await store.read_types(wanted, log[-1].position, 3) == []
    assert await store.read_types(frozenset(), 0, 3) == []


async def test_the_newest_business_time_is_not_the_last_events(store: EventStore) -> None:
    assert await store.newest() == 0
    for n, at in enumerate((1_000, 3_000, 2_000)):
        event = new(f"e{n}")
        event.occurred_at = at
        await store.append(f"deal-{n}", [event], 0)
        assert await store.newest() == (1_000, 3_000, 3_000)[n]


async def test_an_append_of_nothing_is_a_mistake(store: EventStore) -> None:
    with pytest.raises(ValueError, match="at least one event"):
        await store.append("deal-1", [], 0)


# ---------------------------------------------------------------- expected versions


@pytest.mark.parametrize("expected", [0, 1, 3, 7])
async def test_another_version_than_expected_is_refused(store: EventStore, expected: int) -> None:
    await store.append("deal-1", several("a", 2), 0)
    with pytest.raises(VersionConflict) as refused:
        await store.append("deal-1", [new("b")], expected)
    assert refused.value.facts == {"stream": "deal-1", "expected": expected, "actual": 2}
    assert ids(await everything(store)) == ["a.1", "a.2"]
    assert (await store.append("deal-1", [new("b")], 2)).version == 3


async def test_a_version_too_high_is_refused_for_a_stream_that_does_not_exist(store: EventStore) -> None:
    with pytest.raises(VersionConflict):
        await store.append("deal-1", [new("a")], 1)
    assert await everything(store) == []


async def test_a_stream_of_an_earlier_session_is_known(stores: StoreCase, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    log_id = store.log_id
    await store.append("deal-1", several("a", 2), 0)
    await store.close()
    store = await stores.open(tmp_path)
    assert store.log_id == log_id != ""
    with pytest.raises(VersionConflict):
        await store.append("deal-1", [new("b")], 0)
    with pytest.raises(VersionConflict):
        await store.append("deal-1", [new("b")], 3)
    await store.append("deal-1", [new("b")], 2)
    check_log(await everything(store), gapless=stores.gapless)
    await store.close()


async def test_every_log_has_its_own_id(stores: StoreCase, tmp_path: Path) -> None:
    opened = [await stores.open(tmp_path / name) for name in "ab"]
    assert opened[0].log_id != opened[1].log_id
    for store in opened:
        await store.close()


# ---------------------------------------------------------------- retries


async def test_the_same_append_again_is_answered_as_done(store: EventStore) -> None:
    first = await store.append("deal-1", several("a", 2), 0)
    await store.append("deal-1", [new("b")], 2)
    assert await store.append("deal-1", several("a", 2), 0) == first
    assert len(await everything(store)) == 3


async def test_the_same_append_again_is_done_after_a_restart(stores: StoreCase, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    first = await store.append("deal-1", several("a", 2), 0)
    await store.close()
    store = await stores.open(tmp_path)
    assert await store.append("deal-1", several("a", 2), 0) == first
    assert len(await everything(store)) == 2
    await store.close()


async def test_the_same_append_twice_at_once_is_stored_once(store: EventStore) -> None:
    answers = await asyncio.gather(*(store.append("deal-1", several("a", 2), 0) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await everything(store)) == 2


@pytest.mark.parametrize(
    ("again", "expected"),
    [(["a.1", "x"], 0), (["a.2", "a.1"], 0), (["a.1", "a.2", "a.3"], 0), (["a.1"], 1), (["a.2"], 0)],
    ids=["another event", "another order", "one more", "another place", "another start"],
)
async def test_only_the_same_events_at_the_same_place_are_a_retry(
    store: EventStore, again: list[str], expected: int
) -> None:
    await store.append("deal-1", several("a", 2), 0)
    with pytest.raises(VersionConflict):
        await store.append("deal-1", [new(id) for id in again], expected)
    assert len(await everything(store)) == 2


# ---------------------------------------------------------------- many at once


async def test_64_writers_on_one_stream_lose_and_double_nothing(stores: StoreCase, store: EventStore) -> None:
    conflicts = 0

    async def write(id: str) -> Appended:
        nonlocal conflicts
        while True:
            version = len(await store.read("deal-1"))
            try:
                return await store.append("deal-1", [new(id)], version)
            except VersionConflict:
                conflicts += 1

    async with asyncio.timeout(PATIENCE * stores.volume):
        answers = await asyncio.gather(*(write(f"w{n}") for n in range(64)))
    events = await everything(store)
    assert sorted(answer.version for answer in answers) == list(range(1, 65))
    assert {e.id: (e.version, e.position) for e in events} == {a.events[0].id: (a.version, a.position) for a in answers}
    check_log(events, gapless=stores.gapless)
    assert conflicts > 0, "the writers never met: nothing was tested"


async def test_a_conflict_does_not_hurt_its_neighbours(stores: StoreCase, store: EventStore) -> None:
    await store.append("deal-0", [new("first")], 0)
    # All 60 are queued before the event loop lets the store answer the first: they share few commits.
    answers = await asyncio.gather(
        *(store.append(f"deal-{n}", [new(f"e{n}")], 0 if n % 3 else 5) for n in range(60)), return_exceptions=True
    )
    assert [isinstance(answer, VersionConflict) for answer in answers] == [n % 3 == 0 for n in range(60)]
    events = await everything(store)
    assert ids(events) == ["first", *(f"e{n}" for n in range(60) if n % 3)]
    check_log(events, gapless=stores.gapless)


async def test_an_event_that_cannot_be_stored_does_not_hurt_its_neighbours(store: EventStore) -> None:
    broken = new("broken")
    broken.occurred_at = 1 << 70
    parts = [several(f"d{n}", 10) for n in range(20)]
    parts[17][5] = broken
    jobs = [store.append(f"deal-{n}", part, 0) for n, part in enumerate(parts)]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert [n for n, answer in enumerate(answers) if not isinstance(answer, Appended)] == [17]
    assert ids(await everything(store)) == [event.id for n, part in enumerate(parts) for event in part if n != 17]


async def test_appends_on_one_stream_in_a_row_need_not_wait_for_each_other(store: EventStore) -> None:
    answers = await asyncio.gather(*(store.append("deal-1", [new(f"e{n}")], n) for n in range(50)))
    assert [answer.version for answer in answers] == list(range(1, 51))


async def test_a_caller_who_gives_up_hurts_nobody(store: EventStore) -> None:
    impatient = asyncio.ensure_future(store.append("deal-1", [new("a")], 0))
    other = asyncio.ensure_future(store.append("deal-2", [new("b")], 0))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await other).version == 1
    assert (await store.append("deal-3", [new("c")], 0)).version == 1


# ---------------------------------------------------------------- append_many


async def test_many_streams_are_stored_each_by_itself(stores: StoreCase, store: EventStore) -> None:
    await store.append("deal-7", [new("old")], 0)
    appends = [Append(f"deal-{n}", several(f"d{n}", 3), 0) for n in range(1_000)]
    answers = await store.append_many(appends)
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Exception)] == [7]
    assert isinstance(answers[7], VersionConflict)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert len(events) == 1 + 3 * 999
    assert ids(await store.read("deal-7")) == ["old"]
    by_stream = {event.stream: event.position for event in events}
    for n, answer in enumerate(answers):
        if isinstance(answer, Appended):
            assert (answer.stream, answer.version, answer.position) == (f"deal-{n}", 3, by_stream[f"deal-{n}"])


async def test_an_import_again_is_answered_as_done(store: EventStore) -> None:
    appends = [Append(f"deal-{n}", several(f"d{n}", 3), 0) for n in range(400)]
    first = await store.append_many(appends)
    assert await store.append_many(appends) == first
    assert len(await everything(store)) == 1_200


async def test_an_import_may_hold_a_stream_twice_and_a_long_one(stores: StoreCase, store: EventStore) -> None:
    parts = [Append("deal-1", several("a", 3), 0), Append("deal-2", several("b", 5_000), 0)]
    parts += [Append("deal-1", several("c", 2), 3), Append("deal-1", several("d", 2), 3)]
    answers = await store.append_many(parts)
    assert [answer.version if isinstance(answer, Appended) else None for answer in answers] == [3, 5_000, 5, None]
    check_log(await everything(store), gapless=stores.gapless)


async def test_an_empty_import_does_nothing(store: EventStore) -> None:
    assert await store.append_many([]) == []


async def test_live_appends_overtake_an_import(stores: StoreCase, store: EventStore) -> None:
    appends = [Append(f"deal-{n}", several(f"d{n}", 10), 0) for n in range(2_000 // stores.volume)]
    work = asyncio.ensure_future(store.append_many(appends))
    follower = store.follow(0)
    await anext(follower)  # The import has begun.
    live = 0
    async with asyncio.timeout(PATIENCE):
        while not work.done():
            await store.append(f"live-{live}", [new(f"live{live}")], 0)
            live += 1
    answers = await work
    assert all(isinstance(answer, Appended) for answer in answers)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    places = [n for n, event in enumerate(events) if event.id.startswith("live")]
    assert len(places) == live
    # They were acknowledged while the import went on, and lie amid it.
    assert sum(place < len(events) - live for place in places) >= 5


# ---------------------------------------------------------------- following


async def test_a_follower_gets_everything_from_anywhere_while_others_write(
    stores: StoreCase, store: EventStore
) -> None:
    total, writers = 6_000 // stores.volume, 8
    followers: list[tuple[int, asyncio.Future[list[RecordedEvent]]]] = []

    async def follow(after: int) -> list[RecordedEvent]:
        got: list[RecordedEvent] = []
        async with asyncio.timeout(PATIENCE):
            async for events in store.follow(after):
                assert events, "a follower never gets an empty batch"
                got += events
                if got[-1].id == "last":
                    break
        return got

    async def write(writer: int) -> None:
        for n in range(0, total // writers, 5):
            appended = await store.append(f"deal-{writer}", [new(f"{writer}-{n + k}") for k in range(5)], n)
            if n % 150 == 0:
                # Mostly no event is at this position where they have gaps.
                behind = appended.position // 2
                followers.append((behind, asyncio.ensure_future(follow(behind))))

    followers.append((0, asyncio.ensure_future(follow(0))))
    await asyncio.gather(*(write(n) for n in range(writers)))
    await store.append("last", [new("last")], 0)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert len(events) == total + 1
    assert len(followers) > 30 // stores.volume
    for after, got in followers:
        assert ids(await got) == [event.id for event in events if event.position > after]


async def test_a_follower_far_behind_reads_what_memory_has_not(stores: StoreCase, store: EventStore) -> None:
    total = 30_000 // stores.volume
    await store.append_many([Append(f"deal-{n}", several(f"d{n}", 100), 0) for n in range(total // 100)])
    events = await everything(store)
    assert len(events) == total
    for after in (0, 1, 9_999, total - 20_001, total - 15_000, total - 2):
        if not 0 <= after < total:
            continue
        assert ids(await followed(store.follow(events[after].position), total - after - 1)) == ids(
            events[after + 1 :]
        ), after
        assert ids(await store.read_all(events[after].position, 5_000)) == ids(events[after + 1 : after + 5_001])


async def test_a_follower_is_woken_by_an_append(stores: StoreCase, store: EventStore) -> None:
    await store.append("deal-1", [new("a")], 0)
    head = await store.head()
    waiting = [asyncio.ensure_future(followed(store.follow(head), 1)) for _ in range(3)]
    from_the_future = asyncio.ensure_future(followed(store.follow(head + 1), 1))
    given_up = asyncio.ensure_future(followed(store.follow(head), 1))
    await asyncio.sleep(0)
    given_up.cancel()
    await store.append("deal-1", [new("b")], 1)
    assert [ids(await task) for task in waiting] == [["b"]] * 3
    await store.append("deal-1", [new("c")], 2)
    # Where positions have gaps the next event is behind the next position too.
    assert ids(await from_the_future)[:1] == (["c"] if stores.gapless else ["b"])


async def test_a_follower_of_an_earlier_session_goes_on(stores: StoreCase, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    middle = (await store.append("deal-1", several("a", 2), 0)).position
    await store.append("deal-2", several("b", 2), 0)
    await store.close()
    store = await stores.open(tmp_path)
    follower = store.follow(middle)
    assert ids(await followed(follower, 2)) == ["b.1", "b.2"]
    await store.append("deal-3", [new("c")], 0)
    assert ids(await followed(store.follow(middle), 3)) == ["b.1", "b.2", "c"]
    await store.close()


# ---------------------------------------------------------------- closing


async def test_closing_answers_what_was_asked_before(stores: StoreCase, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    asked = [asyncio.ensure_future(store.append(f"deal-{n}", [new(f"e{n}")], 0)) for n in range(100)]
    follower = asyncio.ensure_future(anext(store.follow(1_000_000), None))
    await asyncio.sleep(0)
    await store.close()
    assert [(await answer).version for answer in asked] == [1] * 100
    assert await follower is None
    with pytest.raises(Unavailable):
        await store.append("deal-1", [new("late")], 1)
    await store.close()
    store = await stores.open(tmp_path)
    assert len(await everything(store)) == 100
    await store.close()


async def test_closing_gives_up_an_import_in_whole_streams(stores: StoreCase, tmp_path: Path) -> None:
    store = await stores.open(tmp_path)
    appends = [Append(f"deal-{n}", several(f"d{n}", 7), 0) for n in range(3_000)]
    work = asyncio.ensure_future(store.append_many(appends))
    await anext(store.follow(0))
    await store.close()
    answers = await work
    stored = [answer for answer in answers if isinstance(answer, Appended)]
    assert all(isinstance(answer, Appended | Unavailable) for answer in answers)
    assert 0 < len(stored) < 3_000, "it was not in the middle: nothing was tested"
    store = await stores.open(tmp_path)
    events = await everything(store)
    check_log(events, gapless=stores.gapless)
    assert len(events) == 7 * len(stored)
    await store.close()
