"""What rate limits must do: so many uses in any 60 seconds."""

from __future__ import annotations

import time_machine

from services.kit.ports import Limits


async def hits(
    limits: Limits, count: int, name: str = "login", key: str = "10.0.0.1", per_minute: int = 5
) -> list[bool]:
    return [await limits.hit(name, key, per_minute) for _ in range(count)]


async def test_a_limit_holds_for_a_name_and_a_key(limits: Limits) -> None:
    assert await hits(limits, 7) == [True] * 5 + [False] * 2
    assert await hits(limits, 1, key="10.0.0.2") == [True]
    assert await hits(limits, 1, name="order-link") == [True]
    assert await hits(limits, 1, per_minute=0) == [False]


async def test_the_window_moves(limits: Limits) -> None:
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        assert await hits(limits, 3) == [True] * 3
        clock.shift(40)
        assert await hits(limits, 3) == [True, True, False]
        clock.shift(19)
        assert await hits(limits, 1) == [False], "59 s after the first: still five in a minute"
        clock.shift(2)
        assert await hits(limits, 4) == [True, True, True, False], (
            "the first three are older than a minute, two are not"
        )


async def test_refused_uses_do_not_count(limits: Limits) -> None:
    with time_machine.travel(1_800_000_000.0, tick=False) as clock:
        await hits(limits, 50)
        clock.shift(61)
        assert await hits(limits, 6) == [True] * 5 + [False]


async def test_very_many_keys_do_not_disturb_each_other(limits: Limits) -> None:
    assert all([await limits.hit("login", f"key-{n}", 1) for n in range(12_000)])
    assert not any([await limits.hit("login", f"key-{n}", 1) for n in range(0, 12_000, 500)])
