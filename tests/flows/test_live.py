"""The route of the stream of changes, over a whole Voronka: told after the command, ends when the process does (#5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import StreamingResponse

from services.gateway import live
from services.gateway.live import Live
from services.kit.telemetry import METRICS
from tests.support.app import App, running
from tests.support.patience import PATIENCE


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/live", "query_string": b"", "headers": named})


@asynccontextmanager
async def following(route: Live, **headers: str) -> AsyncIterator[Any]:
    answer = await route.stream(cast(Any, None), request(**headers))
    assert isinstance(answer, StreamingResponse)
    assert (answer.media_type, answer.headers["cache-control"]) == ("text/event-stream", "no-store")
    parts = cast(Any, answer.body_iterator)
    try:
        async with asyncio.timeout(PATIENCE):
            yield parts
    finally:
        await parts.aclose()


async def register(app: App, id: str) -> None:
    await app.done("/clients", {"client_id": id, "name": f"Client {id}"})


async def test_what_is_stored_is_told_and_can_be_read_at_once(tmp_path: Path):
    async with running(tmp_path) as app:
        route = Live(app.engine)
        async with following(route) as parts:
            opened = await anext(parts)
            assert opened.startswith("retry: ")
            assert METRICS.live_streams._value.get() == 1
            await register(app, "acme")
            told = await anext(parts)
            assert 'event: client\ndata: {"ids":["acme"],"after":"' in told
            after = told.partition('"after":"')[2].partition('"')[0]
            assert (await app.get("/clients/acme", after=after))["item"]["client_id"] == "acme"
            last = told.rpartition("id: ")[2].strip()
        assert METRICS.live_streams._value.get() == 0
        await register(app, "bolt")
        async with following(route, last_event_id=last) as parts:
            await anext(parts)
            assert '["bolt"]' in await anext(parts), "and acme is not told again"


async def test_it_ends_when_the_process_stops_and_when_it_is_old(tmp_path: Path, monkeypatch: Any):
    async with running(tmp_path) as app:
        route = Live(app.engine)
        async with following(route) as parts:
            await anext(parts)
            waiting = asyncio.ensure_future(anext(parts, None))
            await asyncio.sleep(0)
            app.engine.leaving.set()
            assert await waiting is None
        app.engine.leaving.clear()
        monkeypatch.setattr(live, "_LIFE", 0.05)
        monkeypatch.setattr(live, "_BEAT", 0.1)
        async with following(route) as parts:
            assert [part async for part in parts][-1] == ": still here\n\n"
