"""Short numbers: none twice, however many ask at once (P21)."""

import asyncio
from pathlib import Path

import pytest

from contracts.clients.commands import CaptureLead, RegisterClient
from contracts.problem import AlreadyExists, FutureDate, Refusal, UnknownReference, VersionConflict
from services.cli.workspace import engine as workspace_engine
from services.gateway.domain.numbers import NUMBERS
from services.kit.engine import Engine
from services.kit.handle import Meta
from tests.unit.kit.support import workspace


async def test_numbers_are_unique_under_concurrency(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        engine = Engine([], ports, NUMBERS)
        asked = await asyncio.gather(*(engine.numbers.next(kind) for _ in range(70) for kind in ("deal", "client")))
        assert sorted(asked[::2]) == sorted(asked[1::2]) == list(range(1, 71))
        assert await ports.store.head() == 2 * 4, "blocks, not one event a number"


async def test_several_processes_share_no_number(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        engines = [Engine([], ports, NUMBERS) for _ in range(3)]
        asked = await asyncio.gather(*(engine.numbers.next("order") for _ in range(50) for engine in engines))
        assert len(set(asked)) == len(asked) == 150


async def test_a_restart_goes_on_behind_the_last_block(tmp_path: Path) -> None:
    seen: list[int] = []
    for _ in range(3):
        async with workspace(tmp_path) as ports:
            engine = Engine([], ports, NUMBERS)
            seen += [await engine.numbers.next("lead") for _ in range(3)]
    assert len(set(seen)) == 9
    assert seen == sorted(seen)


FUTURE = 4_000_000_000_000


@pytest.mark.parametrize(
    ("command", "meta", "why"),
    [
        (RegisterClient(client_id="c1", name="Acme"), {}, AlreadyExists),
        (RegisterClient(client_id="c2", name="Acme", at=FUTURE), {}, FutureDate),
        (RegisterClient(client_id="c2", name="Acme", owner_id="nobody"), {}, UnknownReference),
        (RegisterClient(client_id="c2", name="Acme"), {"expected": 3}, VersionConflict),
        (CaptureLead(lead_id="l1", name="Ivan", at=FUTURE), {}, FutureDate),
    ],
)
async def test_what_is_refused_takes_no_number(
    tmp_path: Path, command: RegisterClient | CaptureLead, meta: dict[str, int], why: type[Refusal]
) -> None:
    async with workspace_engine(tmp_path) as engine:
        sent = [RegisterClient(client_id="c1", name="First"), command, RegisterClient(client_id="c9", name="Second")]
        await engine.send(sent[0], Meta("tester", "1"))
        head = await engine.ports.store.head()
        with pytest.raises(why):
            await engine.send(sent[1], Meta("tester", "2", **meta))
        assert await engine.ports.store.head() == head, "not even a block was reserved"
        effect = await engine.send(sent[2], Meta("tester", "3"))
        assert engine.codec.decode(effect.events[0]).number == 2
