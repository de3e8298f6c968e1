"""What a store of sessions must do, on every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.kit import clock
from services.kit.adapters.redis_sessions import RedisSessions
from services.kit.adapters.sqlite_sessions import SqliteSessions
from services.kit.errors import Unusable
from services.kit.sessions import IDLE, LIFE, MemorySessions, Session, Sessions

NOW = 1_800_000_000_000


def session(id: str, account_id: str = "e1", begun_at: int = NOW) -> Session:
    return Session(
        id=id, account_id=account_id, generation=2, begun_at=begun_at, seen_at=begun_at, agent="Їжак", address="::1"
    )


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.servers)])
async def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sessions]:
    opened: Sessions
    if request.param == "redis":
        address = request.getfixturevalue("redis").address
        opened = RedisSessions(address, prefix=f"{clock.new_id()}:", patience=20.0)
    elif request.param == "sqlite":
        opened = SqliteSessions.open(tmp_path / "sessions")
    else:
        opened = MemorySessions()
    yield opened
    await opened.close()


async def test_a_session_is_found_as_it_was_put_last(sessions: Sessions) -> None:
    assert await sessions.get("a") is None
    await sessions.put(session("a"))
    await sessions.put(replace(session("a"), seen_at=NOW + 5))
    assert await sessions.get("a") == replace(session("a"), seen_at=NOW + 5)


async def test_an_accounts_sessions_are_listed_and_forgotten_one_by_one(sessions: Sessions) -> None:
    for id, account in (("a", "e1"), ("b", "e1"), ("c", "e2")):
        await sessions.put(session(id, account))
    assert {each.id for each in await sessions.of("e1")} == {"a", "b"}
    await sessions.drop("a")
    await sessions.drop("a")
    assert [each.id for each in await sessions.of("e1")] == ["b"]
    assert await sessions.get("a") is None
    assert await sessions.get("c") is not None


def test_a_session_is_over_unused_and_at_last() -> None:
    used = replace(session("a"), seen_at=NOW + LIFE - 1)
    assert [session("a").over(NOW + ms) for ms in (0, IDLE - 1, IDLE)] == [False, False, True]
    assert [used.over(NOW + ms) for ms in (LIFE - 1, LIFE)] == [False, True]


async def test_the_file_is_for_its_owner_alone_and_keeps_no_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "sessions"
    opened = SqliteSessions.open(path)
    await opened.put(session("old", begun_at=clock.now() - LIFE - 1))
    await opened.put(session("new", begun_at=clock.now()))
    await opened.close()
    assert path.stat().st_mode & 0o077 == 0
    again = SqliteSessions.open(path)
    assert [each.id for each in await again.of("e1")] == ["new"]
    await again.close()


def test_a_broken_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_bytes(b"no database at all" * 100)
    with pytest.raises(Unusable, match="everybody then signs in anew"):
        SqliteSessions.open(tmp_path / "sessions")
