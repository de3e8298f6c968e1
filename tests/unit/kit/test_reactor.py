"""Reactions: from the head on, live events only, a failing one is parked, a repeat has no second effect (P18)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.base import Command
from contracts.clients.commands import ChangeClientStatus
from contracts.envelope import Origin, RecordedEvent
from contracts.ids import reaction_id
from contracts.pipeline.events import DealOpened, DealTouched
from contracts.problem import NotFound, Unavailable
from services.kit.codec import Codec
from services.kit.engine import Ports
from services.kit.handle import Effect, Meta
from services.kit.reaction import Reaction
from services.kit.reactor import PARKED, Reactor
from services.kit.service import Known
from tests.support.patience import PATIENCE
from tests.unit.kit.support import FaultyBus, new, workspace

GROUP = "test-reactions.1"


def promote(data: Any, event: RecordedEvent) -> Sequence[Command]:
    if data.client_id == "bad":
        raise ValueError("no such thing")
    return [ChangeClientStatus(client_id=data.client_id, status=status) for status in ("potential", "current")]


PROMOTE = Reaction("promote", (DealOpened,), promote)


class Desk:
    """Takes commands; refuses some, is away for others."""

    def __init__(self) -> None:
        self.sent: list[tuple[Command, Meta]] = []
        self.away = 0

    async def send(self, command: Command, meta: Meta) -> Effect:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        if getattr(command, "client_id", "") == "refused":
            raise NotFound("there is no such client")
        self.sent.append((command, meta))
        return Effect("", 1, 1)

    @property
    def clients(self) -> list[str]:
        return [command.client_id for command, _ in self.sent[::2]]  # type: ignore[attr-defined]


class Running:
    """A reactor at work."""

    def __init__(self, ports: Ports, desk: Desk, *reactions: Reaction, known: Any = None, bus: Any = None) -> None:
        self.ports, codec = ports, Codec(ports.keyring)
        self.bus = bus or ports.bus
        self._made = (reactions or (PROMOTE,), codec, desk, known or {})
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Running:
        reactions, codec, desk, known = self._made
        head, log_id = await self.ports.store.head(), self.ports.store.log_id
        self.reactor = Reactor("test", reactions, self.bus, self.ports.documents, codec, desk.send, known, head, log_id)
        self.task = asyncio.create_task(self.reactor.run())
        await self.until(lambda: self.bus.passed(GROUP) >= 0)
        return self

    async def __aexit__(self, *_: Any) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def until(self, condition: Callable[[], bool]) -> None:
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.001)


async def open_deal(ports: Ports, id: str, client: str = "c1", origin: Origin = "live") -> None:
    event = DealOpened(deal_id=id, client_id=client, funnel_id="f", stage_id="A", number=1, occurred_at=5)
    await ports.store.append(f"deal-{id}", [new(event, f"opened-{id}", origin)], 0)


@pytest.fixture
async def ports(tmp_path: Path) -> Any:
    async with workspace(tmp_path) as opened:
        yield opened


async def parked(ports: Ports) -> list[Any]:
    async with ports.documents.snapshot() as reader:
        return [row.document for row in (await reader.find(GROUP, PARKED.name, (), [("position", False)])).rows]


async def test_a_reaction_begins_at_the_head_of_the_log(ports: Ports) -> None:
    desk = Desk()
    await open_deal(ports, "d1", "before")
    async with Running(ports, desk) as running:
        await open_deal(ports, "d2", "after")
        await running.until(lambda: len(desk.sent) == 2)
    assert desk.clients == ["after"]


async def test_its_commands_have_ids_of_the_event_and_its_trace(ports: Ports) -> None:
    desk = Desk()
    async with Running(ports, desk) as running:
        await open_deal(ports, "d1")
        await running.until(lambda: len(desk.sent) == 2)
    assert [meta for _, meta in desk.sent] == [
        Meta(
            "system:promote",
            reaction_id("opened-d1", "promote", "ChangeClientStatus", ordinal),
            correlation="",
            origin="system",
        )
        for ordinal in (0, 1)
    ]


async def test_imported_events_are_silent(ports: Ports) -> None:  # P18
    desk = Desk()
    async with Running(ports, desk) as running:
        await open_deal(ports, "d1", "imported", "import")
        await open_deal(ports, "d2", "linked", "link")
        await running.until(lambda: len(desk.sent) == 2)
    assert desk.clients == ["linked"]


async def test_what_fails_is_parked_and_the_rest_goes_on(ports: Ports) -> None:
    desk = Desk()
    async with Running(ports, desk) as running:
        await open_deal(ports, "d1", "bad")
        await open_deal(ports, "d2", "refused")
        await open_deal(ports, "d3", "good")
        await ports.store.append("deal-x", [broken()], 0)
        await open_deal(ports, "d4", "better")
        await running.until(lambda: len(desk.sent) == 4)
        await running.until(lambda: ports.bus.passed(GROUP) >= 5)
    assert desk.clients == ["good", "better"]
    letters = await parked(ports)
    assert [(letter.reaction, letter.event_id) for letter in letters] == [
        ("promote", "opened-d1"), ("promote", "opened-d2"), ("promote", "broken"),
    ]  # fmt: skip
    assert [letter.reason.split(":")[0] for letter in letters] == [
        "ValueError", "there is no such client", "DecodeError",
    ]  # fmt: skip


def broken() -> Any:
    event = new(DealOpened(deal_id="x", funnel_id="f", stage_id="A", number=1), "broken")
    event.data = b"{"
    return event


async def test_one_reaction_that_fails_does_not_stop_another_on_the_same_event(ports: Ports) -> None:
    desk = Desk()
    second = Reaction("second", (DealOpened, DealTouched), lambda data, event: promote_of("other"))
    async with Running(ports, desk, PROMOTE, second) as running:
        await open_deal(ports, "d1", "bad")
        await running.until(lambda: len(desk.sent) == 1)
    assert [letter.reaction for letter in await parked(ports)] == ["promote"]


def promote_of(client: str) -> list[Command]:
    return [ChangeClientStatus(client_id=client, status="current")]


async def test_a_repeat_after_a_restart_sends_the_same_command_ids(ports: Ports) -> None:
    desk = Desk()
    async with Running(ports, desk) as running:
        await open_deal(ports, "d1")
        await running.until(lambda: len(desk.sent) == 2)
    async with Running(ports, desk) as running:  # the position was not stored yet: it comes again
        await running.until(lambda: len(desk.sent) == 4)
    ids = [meta.command_id for _, meta in desk.sent]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


async def test_a_new_reaction_begins_now_and_the_others_where_they_were(ports: Ports) -> None:
    desk = Desk()
    async with Running(ports, desk):
        await open_deal(ports, "d1", "one")
    async with Running(ports, desk):
        pass
    late = Reaction("late", (DealOpened,), lambda data, event: promote_of("late"))
    desk.sent.clear()
    async with Running(ports, desk, PROMOTE, late) as running:
        await open_deal(ports, "d2", "two")
        await running.until(lambda: any(m.actor == "system:late" for _, m in desk.sent))
    assert [m.actor for _, m in desk.sent].count("system:late") == 1, "nothing for the deal before"
    assert "two" in [command.client_id for command, _ in desk.sent]  # type: ignore[attr-defined]


async def test_lost_deliveries_are_asked_for_again(tmp_path: Path) -> None:
    desk = Desk()
    async with workspace(tmp_path) as ports:
        bus: Any = FaultyBus(ports.bus, lose=4, repeat=2, faults=5)
        async with Running(ports, desk, bus=bus) as running:
            for n in range(30):
                await open_deal(ports, f"d{n}", f"c{n}")
            await running.until(lambda: len({m.command_id for _, m in desk.sent}) == 60)
        assert bus.lost
        assert bus.resent


async def test_what_the_edge_knows_is_passed_on(ports: Ports) -> None:
    class Counted(Known):
        wanted = "known"

    asking = Reaction("asking", (DealOpened,), lambda data, event, known: promote_of(known.wanted), known="test")
    desk = Desk()
    async with Running(ports, desk, asking, known={"test": Counted()}) as running:
        await open_deal(ports, "d1")
        await running.until(lambda: len(desk.sent) == 1)
    assert desk.clients == ["known"]
