"""Short numbers: none twice, however many ask at once (P21)."""

import asyncio
from pathlib import Path

from services.gateway.domain.numbers import NUMBERS
from services.kit.engine import Engine
from tests.unit.kit.support import workspace


async def test_numbers_are_unique_under_concurrency(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        engine = Engine([], ports, NUMBERS)
        asked = await asyncio.gather(*(engine.desk.numbers(kind) for _ in range(70) for kind in ("deal", "client")))
        assert sorted(asked[::2]) == sorted(asked[1::2]) == list(range(1, 71))
        assert await ports.store.head() == 2 * 4, "blocks, not one event a number"


async def test_several_processes_share_no_number(tmp_path: Path) -> None:
    async with workspace(tmp_path) as ports:
        engines = [Engine([], ports, NUMBERS) for _ in range(3)]
        asked = await asyncio.gather(*(engine.desk.numbers("order") for _ in range(50) for engine in engines))
        assert len(set(asked)) == len(asked) == 150


async def test_a_restart_goes_on_behind_the_last_block(tmp_path: Path) -> None:
    seen: list[int] = []
    for _ in range(3):
        async with workspace(tmp_path) as ports:
            engine = Engine([], ports, NUMBERS)
            seen += [await engine.desk.numbers("lead") for _ in range(3)]
    assert len(set(seen)) == 9
    assert seen == sorted(seen)
