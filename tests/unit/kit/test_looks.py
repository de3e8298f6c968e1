"""Who waits for the same group looks together (P18)."""

from __future__ import annotations

import asyncio

import pytest

from contracts.problem import Unavailable
from services.kit.looks import Looks


async def test_one_look_serves_all_who_wait() -> None:
    begun: list[str] = []
    go = asyncio.Event()

    async def look(name: str) -> int:
        begun.append(name)
        await go.wait()
        return len(begun)

    looks = Looks(look, 0)
    first = [asyncio.create_task(looks.join(name)) for name in "aaaaab"]
    while len(begun) < 2:
        await asyncio.sleep(0)
    first += [asyncio.create_task(looks.join("a"))]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*first)
    assert sorted(begun) == ["a", "b"]
    assert await looks.join("a") == 3, "who joins again gets a later one"


async def test_looks_rest_between() -> None:
    at: list[float] = []

    async def look(_: str) -> None:
        at.append(asyncio.get_running_loop().time())

    looks = Looks(look, 0.05)
    await asyncio.gather(*[looks.join("a") for _ in range(3)])
    await looks.join("a")
    assert len(at) == 2
    assert at[1] - at[0] > 0.04


async def test_what_looking_raises_reaches_all_and_the_next_look_is_new() -> None:
    away = True

    async def look(_: str) -> int:
        await asyncio.sleep(0)
        if away:
            raise Unavailable("the document store is away")
        return 1

    looks = Looks(look, 0)
    for found in await asyncio.gather(*[looks.join("a") for _ in range(3)], return_exceptions=True):
        assert isinstance(found, Unavailable)
    away = False
    assert await looks.join("a") == 1


async def test_one_who_gives_up_takes_the_look_from_nobody() -> None:
    go = asyncio.Event()

    async def look(_: str) -> int:
        await go.wait()
        return 1

    looks = Looks(look, 0)
    gone, stays = (asyncio.create_task(looks.join("a")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    go.set()
    assert await stays == 1


async def test_what_a_look_found_a_moment_ago_is_told_so_long_as_asked() -> None:
    found = iter([Unavailable("away"), 7])

    async def look(_: str) -> int:
        each = next(found)
        if isinstance(each, Unavailable):
            raise each
        return each

    looks = Looks(look, 0)
    assert looks.lately("a", 3600) is None
    with pytest.raises(Unavailable):
        await looks.join("a")
    assert looks.lately("a", 3600) is None, "what failed found nothing"
    await looks.join("a")
    assert looks.lately("a", 3600) == 7
    assert looks.lately("b", 3600) is None
    await asyncio.sleep(0.01)
    assert looks.lately("a", 0.001) is None


async def test_no_look_outlives_the_end() -> None:
    """A look that nobody waits for any more is waited for: what it looks into is closed next."""
    looked: list[str] = []

    async def look(name: str) -> None:
        await asyncio.sleep(0.01)
        looked.append(name)

    looks = Looks(look, 0)
    await looks.end()
    looks.begin("a")
    looks.begin("b")
    await looks.end()
    assert sorted(looked) == ["a", "b"]
