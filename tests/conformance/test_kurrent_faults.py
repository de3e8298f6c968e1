"""What only a store behind a network must survive: lost answers, hangs, restarts, kills (TORTURE R1, R11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from statistics import median

import pytest

from contracts.problem import Unavailable, VersionConflict
from services.kit.adapters import kurrent_import
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.errors import Unusable
from services.kit.ports import Append, Appended
from tests.conformance.events import DEAL, check_log, everything, followed, ids, new, several
from tests.conformance.kurrent import back, double_of
from tests.doubles.kurrent.cutter import Cutter
from tests.doubles.kurrent.log import Outcome
from tests.doubles.kurrent.server import Double
from tests.doubles.kurrent.writer import Ask
from tests.support.patience import PATIENCE

SHORT = 1.0
"""Seconds of a deadline in tests of it."""


@pytest.fixture
async def double(tmp_path: Path) -> Double:
    return await double_of(tmp_path)


@pytest.fixture
async def store(double: Double) -> AsyncIterator[KurrentEventStore]:
    opened = await KurrentEventStore.open(double.uri)
    yield opened
    await opened.close()


async def waited(store: KurrentEventStore) -> float:
    """Return the seconds until the store says that its server is away."""
    begun = time.perf_counter()
    with pytest.raises(Unavailable, match="does not answer"):
        await store.append("deal-1", [new("never")], 0)
    return time.perf_counter() - begun


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


@pytest.mark.parametrize("seed", range(2))
async def test_connections_broken_at_any_byte_lose_and_double_nothing(double: Double, seed: int) -> None:  # R11
    chance = Random(seed)
    network = Cutter(double.port)
    await network.start()
    store = await KurrentEventStore.open(network.uri)
    writing = True

    async def write(name: str) -> None:
        for n in range(30):
            while True:
                try:
                    appended = await store.append(name, several(f"{name}.{n}", 2), 2 * n)
                    assert appended.version == 2 * n + 2
                    break
                except Unavailable:
                    await asyncio.sleep(0.01)

    async def bring_in() -> None:
        left = [Append(f"deal-{n}", several(f"d{n}", 3), 0) for n in range(100)]
        while left:
            answers = await store.append_many(left)
            assert all(isinstance(answer, Appended | Unavailable) for answer in answers)
            left = [part for part, answer in zip(left, answers, strict=True) if not isinstance(answer, Appended)]

    async def cut() -> None:
        while writing:
            await asyncio.sleep(chance.uniform(0.002, 0.06))
            network.cut()

    cutting = asyncio.ensure_future(cut())
    following = asyncio.ensure_future(followed(store.follow(0), 6 * 60 + 300))
    async with asyncio.timeout(PATIENCE * 3):
        await asyncio.gather(bring_in(), *(write(f"w{n}") for n in range(6)))
    writing = False
    await cutting
    await back(store)
    events = await everything(store)
    check_log(events, gapless=False)
    assert len(events) == 6 * 60 + 300
    assert await following == events
    assert network.cuts > 10
    await store.close()
    await network.stop()


async def test_an_import_is_given_up_while_the_server_stays_away(double: Double, store: KurrentEventStore) -> None:
    await double.stop()
    begun = time.perf_counter()
    answers = await store.append_many([Append(f"deal-{n}", [new(f"e{n}")], 0) for n in range(500)])
    assert [type(answer) for answer in answers] == [Unavailable] * 500
    assert time.perf_counter() - begun < 20


async def test_an_import_lets_live_appends_go_first(
    double: Double, store: KurrentEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kurrent_import, "GIVE_WAY", PATIENCE)
    asked: list[str] = []
    store_in_log = double.writer.store

    async def noted(ask: Ask) -> Outcome:
        asked.append(ask[0])
        return await store_in_log(ask)

    monkeypatch.setattr(double.writer, "store", noted)
    double.faults.delay = 0.1
    live = asyncio.ensure_future(store.append("live", [new("a")], 0))
    await asyncio.sleep(0)
    work = asyncio.ensure_future(store.append_many([Append(f"deal-{n}", [new(f"e{n}")], 0) for n in range(3)]))
    await live
    assert asked == ["live"]
    assert [type(answer) for answer in await work] == [Appended] * 3
    assert len(asked) == 4


async def test_a_read_that_was_cut_is_never_taken_for_whole(double: Double, store: KurrentEventStore) -> None:
    await store.append_many([Append(f"deal-{n}", several(f"d{n}", 50), 0) for n in range(12)])
    wanted = frozenset({DEAL})
    for read in (
        lambda: store.read_all(0, 999),
        lambda: store.read("deal-1"),
        lambda: store.read_types(wanted, 0, 999),
    ):
        double.faults.cut_reads = 1
        with pytest.raises(Unavailable):
            await read()
    # The client closes its channel under a read when it looks for another leader.
    await store.append("long", several("long", 600), 0)
    for pause in (0.0, 0.002, 0.005, 0.01, 0.02, 0.04):
        reading = asyncio.ensure_future(store.read("long"))
        await asyncio.sleep(pause)
        await store._connection._client.reconnect()
        try:
            assert len(await reading) == 600
        except Unavailable:
            double.faults.happened += 1
    assert double.faults.happened > 3, "no read was under way"


# ---------------------------------------------------------------- away and hanging


async def test_a_server_that_is_away_is_told_at_once_and_found_again(double: Double, store: KurrentEventStore) -> None:
    await store.append("deal-1", [new("a")], 0)
    await double.stop()
    await waited(store)  # The connection breaks now.
    # The median: this machine may be busy with other tests.
    assert median([await waited(store) for _ in range(5)]) < 0.2  # R11
    took: list[float] = []
    for read in (store.read("deal-1"), store.read_all(0, 10), store.read_types(frozenset({DEAL}), 0, 1), store.head()):
        begun = time.perf_counter()
        with pytest.raises(Unavailable):
            await read
        took.append(time.perf_counter() - begun)
    assert median(took) < 0.2
    begun = time.perf_counter()
    await double.start()
    await back(store)
    assert time.perf_counter() - begun < 20
    assert (await store.append("deal-1", [new("b")], 1)).version == 2
    assert ids(await everything(store)) == ["a", "b"]


async def test_a_hanging_server_is_given_up_in_time(double: Double) -> None:
    store = await KurrentEventStore.open(double.uri, deadline=SHORT)
    await store.append("deal-1", [new("a")], 0)
    double.faults.hang()
    assert SHORT <= await waited(store) < SHORT * 10
    for read in (store.read("deal-1"), store.read_all(0, 10), store.head(), store.newest()):
        with pytest.raises(Unavailable):
            await read
    # Sixty wait for the one before them on the same stream: no longer than the first two.
    begun = time.perf_counter()
    answers = await asyncio.gather(
        *(store.append("deal-1", [new(f"b{n}")], 1) for n in range(60)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {Unavailable}
    assert time.perf_counter() - begun < SHORT * 10
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
    assert time.perf_counter() - begun < 2 + SHORT * 10
    assert {type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)} == {Unavailable}
    assert await asyncio.wait_for(follower, PATIENCE) is None
    double.faults.go_on()


async def test_opening_says_that_the_server_is_away(double: Double) -> None:
    await double.stop()
    begun = time.perf_counter()
    with pytest.raises(Unavailable, match="does not answer"):
        await KurrentEventStore.open(double.uri)
    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize("uri", ["mongodb://u:secret@h", "kurrentdb://u:secret@h:1?colour=blue", "secret", ""])
async def test_an_address_that_is_none_is_said_without_its_password(uri: str) -> None:
    with pytest.raises(Unusable, match="looks like kurrentdb://") as refused:
        await KurrentEventStore.open(uri)
    assert "secret" not in str(refused.value)


async def test_a_cluster_is_asked_for_its_leader(double: Double) -> None:
    store = await KurrentEventStore.open(f"kurrentdb+discover://127.0.0.1:{double.port}?tls=false")
    await store.append("deal-1", [new("a")], 0)
    await double.restart()
    await back(store)
    assert (await store.append("deal-1", [new("b")], 1)).version == 2
    await store.close()
