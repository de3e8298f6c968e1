"""A store is away while services run in processes of their own: said so, nothing lost, nothing to restart (R9, #4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.problem import Unavailable
from tests.support.app import App
from tests.support.patience import PATIENCE
from tests.support.processes import Installation, one_each
from tests.support.world import World


def refuse(*_: Any, **__: Any) -> Any:
    raise Unavailable("nobody answers there")


class Switch:
    """A store that can be away: each of its calls is refused then."""

    def __init__(self, store: Any, *never: str) -> None:
        self.store, self.never, self.away = store, never, False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        return found if not self.away or not callable(found) or name in self.never else refuse


class Switchboard:
    """The stores of an installation, each with its switch."""

    def __init__(self, installed: Installation) -> None:
        self.events = Switch(installed.ports.store, "close", "follow")
        self.documents = Switch(installed.ports.documents, "close")
        installed.ports.store, installed.ports.documents = self.events, self.documents  # type: ignore[assignment]


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[tuple[Installation, App, Switchboard]]:
    boards: list[Switchboard] = []
    async with one_each(tmp_path, lambda installed: boards.append(Switchboard(installed))) as (installed, app):
        await app.done("/settings", {"base_currency": "EUR"})
        yield installed, app, boards[0]


async def ready(app: App) -> tuple[int, str]:
    answer = await app.http.get("/health/ready")
    return answer.status_code, answer.json().get("detail", "")


async def test_the_event_store_is_away(apart: Any) -> None:  # R9
    installed, app, stores = apart
    client = await World(app).make("client")
    await installed.settle()
    before = await app.get(f"/clients/{client}")
    stores.events.away = True
    refused = await app.post("/clients", {"name": "Later"}, key="k")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert (refused.headers["retry-after"], refused.json()["detail"]) == ("1", "nobody answers there")
    assert await ready(app) == (503, "the event store is away: nobody answers there")
    found = await app.get(f"/clients/{client}")
    assert found["item"] == before["item"], "what is folded is still shown"
    assert found["as_of"] <= before["as_of"], "and it is said of when it is"
    stores.events.away = False
    done = await app.post("/clients", {"name": "Later"}, key="k")
    assert (done.status_code, done.json()["repeated"]) == (201, False)
    later = done.json()
    assert (await app.get(f"/clients/{later['id']}", after=later["token"]))["item"]["name"] == "Later"
    assert await ready(app) == (200, "")


async def test_the_document_store_is_away(apart: Any) -> None:  # R9
    installed, app, stores = apart
    world = World(app)
    await world.make("deal")
    await installed.settle()
    stores.documents.away = True
    done = [await app.done("/clients", {"name": f"Client {n}"}) for n in range(5)]
    assert (await app.post("/leads", {"name": "Olha"})).status_code == 201, "commands go on"
    read = await app.http.get("/api/v1/clients")
    assert (read.status_code, read.headers["retry-after"], read.json()["code"]) == (503, "1", "unavailable")
    page = await app.http.get("/")
    assert (page.status_code, page.headers["refresh"]) == (503, "2")
    assert await ready(app) == (503, "the document store is away: nobody answers there")
    stores.documents.away = False

    async def shown() -> bool:
        answer = await app.http.get(f"/api/v1/clients/{done[-1]['id']}", params={"after": done[-1]["token"]})
        return answer.status_code == 200 and not answer.json()["stale"]

    async with asyncio.timeout(PATIENCE):
        while not await shown():
            await asyncio.sleep(0.01)
    await installed.settle()
    names = {row["name"] for row in (await app.get("/clients", limit=200))["items"]}
    assert names == {"Acme", *(f"Client {n}" for n in range(5))}
    assert all(process.engine.failure is None for process in installed.processes)
