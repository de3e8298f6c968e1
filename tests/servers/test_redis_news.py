"""News between processes over Redis: heard in a moment, and known to be deaf when they cannot be (P18, R10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis as Client

from services.kit import clock
from services.kit.adapters import redis_news
from services.kit.adapters.redis_news import RedisNews
from services.kit.documents import Positions
from tests.servers.native.redis import Redis
from tests.servers.test_redis import server  # noqa: F401 - fixture
from tests.support.patience import until

pytestmark = pytest.mark.servers


class Process:
    """A process that hears and tells."""

    def __init__(self, address: str, log_id: str) -> None:
        self.news = RedisNews(address, log_id)
        self.heard: list[tuple[str, int, Positions]] = []

    def note(self, group: str, lane: int, positions: Positions) -> None:
        self.heard.append((group, lane, positions))

    async def hears(self, group: str, lane: int, positions: Positions) -> None:
        await until(lambda: (group, lane, positions) in self.heard)


@asynccontextmanager
async def process(address: str, log_id: str) -> AsyncIterator[Process]:
    made = Process(address, log_id)
    running = asyncio.create_task(made.news.run(made.note))
    try:
        await until(lambda: made.news.hears)
        yield made
        assert not running.done(), "it goes on whatever happens"
    finally:
        running.cancel()
        await asyncio.wait({running})
        await made.news.close()


async def test_what_one_tells_all_of_the_same_log_hear(redis: Redis) -> None:
    log_id = clock.new_id()
    async with (
        process(redis.address, log_id) as one,
        process(redis.address, log_id) as two,
        process(redis.address, clock.new_id()) as stranger,
    ):
        one.news.tell("analytics.3", 7, {"clients.events": (41, "e41"), "pipeline.events": (9, "e9")})
        await two.hears("analytics.3", 7, {"clients.events": (41, "e41"), "pipeline.events": (9, "e9")})
        for position in range(100):
            two.news.tell("clients.7", 0, {"clients.events": (position, f"e{position}")})
        await one.hears("clients.7", 0, {"clients.events": (99, "e99")})
        assert len(one.heard) < 50, "of what was not sent yet the newest is told"
        assert stranger.heard == []


async def test_a_message_that_is_no_news_is_passed_over(redis: Redis) -> None:
    log_id = clock.new_id()
    async with process(redis.address, log_id) as one, Client.from_url(redis.address) as other:
        for odd in ("", "{", '[["a", "b", {}]]', '[["a", 1, {"t": "x"}]]', b"\xff\xfe"):
            assert await other.publish(f"voronka:news:{log_id}", odd) == 1
        one.news.tell("clients.7", 0, {"clients.events": (1, "e1")})
        await one.hears("clients.7", 0, {"clients.events": (1, "e1")})
        assert len(one.heard) == 1


async def test_it_knows_that_it_hears_nothing_and_hears_again(server: Redis) -> None:  # noqa: F811
    async with process(server.address, "log") as one:
        server.kill()
        await until(lambda: not one.news.hears)
        one.news.tell("clients.7", 0, {"clients.events": (1, "e1")})
        server.again()
        await until(lambda: one.news.hears)
        one.news.tell("clients.7", 0, {"clients.events": (2, "e2")})
        await one.hears("clients.7", 0, {"clients.events": (2, "e2")})


async def test_a_connection_that_died_without_a_word_is_found_out(
    server: Redis,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_news, "_SILENCE", 1.5)  # in which a busy machine answers, too
    async with process(server.address, "log") as one:
        await asyncio.sleep(4.0)
        assert one.news.hears, "silence alone is no sign: it asks"
        server.pause()
        await until(lambda: not one.news.hears)
        server.resume()
        await until(lambda: one.news.hears)


async def test_without_redis_it_waits_for_it() -> None:
    made = Process("redis://127.0.0.1:1/0", "log")
    running = asyncio.create_task(made.news.run(made.note))
    made.news.tell("clients.7", 0, {"clients.events": (1, "e1")})
    await asyncio.sleep(0.3)
    assert not running.done()
    assert not made.news.hears
    running.cancel()
    await asyncio.wait({running})
    await made.news.close()
