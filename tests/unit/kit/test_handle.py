"""The handler: load, fold, decide, append; safe to repeat, right in time (DESIGN 4)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.analytics.commands import SetSalesRules
from contracts.analytics.events import SalesRulesSet
from contracts.base import Command
from contracts.clients.commands import RegisterClient
from contracts.gateway.commands import ReserveNumbers
from contracts.ids import event_id
from contracts.problem import Backdated, FutureDate, KeyReused, Overlap, Unavailable, VersionConflict
from services.analytics.domain.sales_rules import SALES_RULES
from services.gateway.domain.numbers import NUMBERS
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.handle import FUTURE_MS, Effect, Handler, Meta, command_hash
from services.kit.ports import Appended
from tests.unit.kit.support import workspace

NOW = 1_780_000_000_000
RULES = SetSalesRules(sources=["deals"], classes=[])


class Between:
    """An event store where others write just before our appends, so many times; or which is away."""

    def __init__(self, store: Any, others: int = 0, away: int = 0) -> None:
        self.store, self.others, self.away, self.appends = store, others, away, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def append(self, stream: str, events: Any, expected: int) -> Appended:
        self.appends += 1
        if self.away:
            self.away -= 1
            raise Unavailable("the store is away")
        if self.others:
            self.others -= 1
            other = await handler_of(self.store, self.codec).handle(NUMBERS, "deal", take(), meta())
            assert other.version == expected + 1
        return await self.store.append(stream, events, expected)


def handler_of(store: Any, codec: Codec, now: int = NOW) -> Handler:
    return Handler(store, codec, lambda: now)


async def opened(ports: Ports, **faults: int) -> tuple[Handler, Between]:
    codec = Codec(ports.keyring)
    store = Between(ports.store, **faults)
    store.codec = codec
    return handler_of(store, codec), store


_count = iter(range(10**6))


def meta(command_id: str | None = None, **more: Any) -> Meta:
    return Meta("tester", command_id or f"command-{next(_count)}", **more)


def take(count: int = 1, at: int | None = None) -> ReserveNumbers:
    return ReserveNumbers(kind="deal", count=count, at=at)


@pytest.fixture
async def ports(tmp_path: Path) -> Any:
    async with workspace(tmp_path) as opened_ports:
        yield opened_ports


async def test_what_is_answered_is_stored_with_its_envelope(ports: Ports) -> None:
    handler, _ = await opened(ports)
    told: list[Any] = []
    handler.listeners.append(told.append)
    effect = await handler.handle(NUMBERS, "deal", take(5), meta("k1", correlation="trace", origin="link"))
    stored = await ports.store.read("numbers-deal")
    assert stored == effect.events == told
    assert effect == Effect("numbers-deal", 1, stored[0].position, stored)
    event = stored[0]
    assert (event.id, event.actor, event.command_id, event.origin) == (event_id("k1", 0), "tester", "k1", "link")
    assert (event.correlation, event.occurred_at, event.key) == ("trace", NOW, "deal")
    assert event.command_hash == command_hash(take(5))


async def test_the_same_command_again_answers_alike_and_stores_nothing(ports: Ports) -> None:
    handler, store = await opened(ports)
    first = await handler.handle(NUMBERS, "deal", take(), meta("k1"))
    await handler.handle(NUMBERS, "deal", take(), meta("k2"))
    for each in (handler, handler_of(store, handler.codec)):  # from the cache, and read again
        again = await each.handle(NUMBERS, "deal", take(), meta("k1"))
        assert (again.version, again.position, again.events, again.repeated) == (1, first.position, [], True)
    assert await ports.store.head() == 2


async def test_the_same_key_for_another_command_is_refused(ports: Ports) -> None:
    handler, _ = await opened(ports)
    await handler.handle(NUMBERS, "deal", take(1), meta("k1"))
    with pytest.raises(KeyReused):
        await handler.handle(NUMBERS, "deal", take(2), meta("k1"))
    with pytest.raises(KeyReused):
        await handler.handle(NUMBERS, "deal", take(1, at=NOW), meta("k1"))
    assert await ports.store.head() == 1


async def test_the_digest_is_that_of_what_the_caller_sent(ports: Ports) -> None:
    handler, _ = await opened(ports)
    await handler.handle(NUMBERS, "deal", take(7), meta("k1"), digest="d")
    assert (await handler.handle(NUMBERS, "deal", take(9), meta("k1"), digest="d")).repeated


def test_a_hash_leaves_out_what_the_edge_fills_in() -> None:
    plain = RegisterClient(client_id="c1", name="A")
    assert command_hash(plain) == command_hash(plain.model_copy(update={"number": 9}))
    assert command_hash(plain) != command_hash(plain.model_copy(update={"name": "B"}))

    class Other(Command):
        kind: str
        count: int

    assert command_hash(Other(kind="deal", count=1)) != command_hash(take(1))


@pytest.mark.parametrize("others", [1, 2])
async def test_a_conflict_is_decided_again(ports: Ports, others: int) -> None:
    handler, store = await opened(ports, others=others)
    await handler.load(NUMBERS, "deal")
    effect = await handler.handle(NUMBERS, "deal", take(), meta())
    assert (effect.version, store.appends) == (others + 1, others + 1)
    data = [Codec(ports.keyring).decode(event) for event in await ports.store.read("numbers-deal")]
    assert [event.first for event in data] == list(range(1, others + 2)), "decided on what the others had taken"


async def test_the_third_conflict_is_told(ports: Ports) -> None:
    handler, store = await opened(ports, others=3)
    with pytest.raises(VersionConflict):
        await handler.handle(NUMBERS, "deal", take(), meta())
    assert store.appends == 3
    assert (await handler.handle(NUMBERS, "deal", take(), meta())).version == 4


async def test_a_store_that_is_away_is_told_and_the_command_can_be_repeated(ports: Ports) -> None:
    handler, _ = await opened(ports, away=1)
    with pytest.raises(Unavailable):
        await handler.handle(NUMBERS, "deal", take(), meta("k1"))
    effect = await handler.handle(NUMBERS, "deal", take(), meta("k1"))
    assert (effect.version, effect.repeated) == (1, False)


async def test_an_expected_version_must_be_the_present_one(ports: Ports) -> None:  # If-Match
    handler, _ = await opened(ports)
    await handler.handle(NUMBERS, "deal", take(), meta(expected=0))
    for wrong in (0, 2):
        with pytest.raises(VersionConflict) as refused:
            await handler.handle(NUMBERS, "deal", take(), meta(expected=wrong))
        assert refused.value.facts == {"stream": "numbers-deal", "expected": wrong, "actual": 1}
    assert (await handler.handle(NUMBERS, "deal", take(), meta("k", expected=1))).version == 2
    assert (await handler.handle(NUMBERS, "deal", take(), meta("k", expected=1))).repeated, "a repeat sees no conflict"


async def test_a_time_in_the_past_is_kept_but_none_before_the_last_change(ports: Ports) -> None:
    handler, _ = await opened(ports)
    effect = await handler.handle(NUMBERS, "deal", take(at=NOW - 1_000), meta())
    assert effect.events[0].occurred_at == NOW - 1_000
    await handler.handle(NUMBERS, "deal", take(at=NOW - 1_000), meta())
    with pytest.raises(Backdated) as refused:
        await handler.handle(NUMBERS, "deal", take(at=NOW - 1_001), meta())
    assert (refused.value.field, refused.value.facts) == ("at", {"last": NOW - 1_000})


async def test_a_time_in_the_future_is_refused(ports: Ports) -> None:
    handler, _ = await opened(ports)
    with pytest.raises(FutureDate) as refused:
        await handler.handle(NUMBERS, "deal", take(at=NOW + FUTURE_MS + 1), meta())
    assert refused.value.field == "at"
    effect = await handler.handle(NUMBERS, "deal", take(at=NOW + FUTURE_MS), meta())
    assert effect.events[0].occurred_at == NOW + FUTURE_MS


async def test_times_of_a_stream_never_go_back_though_clocks_do(ports: Ports) -> None:
    handler, store = await opened(ports)
    await handler.handle(NUMBERS, "deal", take(at=NOW + 30_000), meta())
    slow = handler_of(store, handler.codec, NOW)
    assert (await slow.handle(NUMBERS, "deal", take(), meta())).events[0].occurred_at == NOW + 30_000


async def test_nothing_to_do_is_no_event(ports: Ports) -> None:
    handler, _ = await opened(ports)
    first = await handler.handle(SALES_RULES, "sales", RULES, meta())
    again = await handler.handle(SALES_RULES, "sales", RULES, meta())
    assert (again.version, again.position, again.events) == (1, first.position, [])


async def test_a_refusal_stores_nothing(ports: Ports) -> None:
    handler, _ = await opened(ports)
    both = [{"funnel_id": "f", "stage_id": "A", "kind": kind} for kind in ("bought", "refused")]
    with pytest.raises(Overlap):
        await handler.handle(SALES_RULES, "sales", SetSalesRules(sources=[], classes=both), meta("k"))
    assert await ports.store.head() == 0
    assert (await handler.handle(SALES_RULES, "sales", RULES, meta("k"))).version == 1


async def test_commands_on_one_stream_run_one_after_the_other(ports: Ports) -> None:
    handler, store = await opened(ports)
    effects = await asyncio.gather(*(handler.handle(NUMBERS, "deal", take(2), meta()) for _ in range(40)))
    assert sorted(effect.version for effect in effects) == list(range(1, 41))
    assert store.appends == 40, "no conflict among them"
    loaded = await handler.load(NUMBERS, "deal")
    assert (loaded.state, loaded.version) == (80, 40)


async def test_a_stream_forgotten_is_read_again(ports: Ports) -> None:
    handler, store = await opened(ports)
    await handler.load(NUMBERS, "deal")
    await handler_of(store, handler.codec).handle(NUMBERS, "deal", take(3), meta())
    assert (await handler.load(NUMBERS, "deal")).state == 0
    handler.forget("numbers-deal")
    assert (await handler.load(NUMBERS, "deal")).state == 3
    handler.forget("numbers-deal")
    handler.forget_all()
    assert (await handler.load(NUMBERS, "deal")).version == 1
    assert SalesRulesSet.type
