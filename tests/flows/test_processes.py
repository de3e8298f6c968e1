"""One process per service: the same answers as in one process, whoever runs where (DESIGN 5, 10; #4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.commands import RegisterClient
from contracts.ids import derived_id
from contracts.pipeline.commands import OpenDeal
from contracts.problem import UnknownReference, VersionConflict
from services.kit.handle import Meta
from services.kit.remote.wire import QUERIES
from tests.support.app import App
from tests.support.patience import PATIENCE
from tests.support.processes import NAMES, Installation, one_each
from tests.support.world import World


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[tuple[Installation, App]]:
    async with one_each(tmp_path) as (installed, app):
        await app.done("/settings", {"base_currency": "EUR", "branches": ["North"]})
        yield installed, app


async def until(condition: Any) -> Any:
    """Wait until an async condition holds; return what it gave."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await condition()):
            await asyncio.sleep(0.005)
        return found


async def test_commands_and_queries_of_all_services_go_through_the_gateway_alone(apart: Any) -> None:  # #4
    _, app = apart
    world = World(app)
    for word in ("employee", "client", "contact", "note", "deal", "order", "payment", "client_funnel"):
        await world.make(word)
    done = await app.done(await world.filled("/deals/{deal}/stage"), {"stage_id": "won"})
    found = await app.get("/metrics/clients", after=done["token"])
    assert [(row["id"], row["sales_count"], row["sales_sum"]) for row in found["items"]] == [
        (world.ids["client"], 1, 10_000)
    ]
    assert not found["stale"]
    shown = await app.get(f"/deals/{world.ids['deal']}", after=done["token"])
    assert (shown["item"]["stage_id"], shown["stale"]) == ("won", False)


async def test_the_first_page_is_made_by_a_gateway_that_runs_nothing_else(apart: Any) -> None:  # #4
    installed, app = apart
    world = World(app)
    await world.make("deal")
    await installed.settle()
    page = await app.http.get("/")
    assert page.status_code == 200
    assert "Acme" in page.text
    assert "Sales" in page.text
    asked = {name: [r.url.path for r in installed.network(name).requests] for name in NAMES}
    assert f"{QUERIES}/metrics/clients" in asked["analytics"]
    assert f"{QUERIES}/clients" in asked["clients"]
    assert asked["gateway"] == []


async def test_an_answer_of_another_process_is_passed_on_byte_by_byte(apart: Any) -> None:  # #4
    installed, app = apart
    world = World(app)
    client = await world.make("client")
    await installed.settle()
    through = await app.http.get(f"/api/v1/clients/{client}?unknown=1")
    assert (through.status_code, through.json()["code"]) == (422, "invalid")
    assert through.json()["errors"][0]["field"] == "unknown"
    there = await app.http.get(f"/api/v1/clients/{client}")
    assert there.headers["etag"] == '"1"'
    assert there.headers["content-type"] == "application/json"
    assert there.json()["item"]["name"] == "Acme"
    missing = await app.http.get("/api/v1/clients/nobody")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


async def test_a_converted_lead_becomes_a_deal_of_another_process(apart: Any) -> None:  # P16
    installed, app = apart
    world = World(app)
    funnel = await world.make("deal_funnel")
    lead = await world.make("lead")
    await app.done(f"/leads/{lead}/convert", {"funnel_id": funnel})
    deal = derived_id("deal", lead)

    async def there() -> Any:
        response = await app.http.get(f"/api/v1/deals/{deal}")
        return response.status_code == 200 and response.json()

    assert (await until(there))["item"]["client_id"] == derived_id("client", lead)
    sent = [r for r in installed.network("pipeline").requests if r.url.path.endswith("/OpenDeal")]
    assert sent, "the clients service calls the pipeline"
    opened = await installed.ports.store.read(f"deal-{deal}")
    assert [(e.actor, e.origin) for e in opened] == [("system:convert-lead", "system")]


async def test_a_won_deal_makes_the_client_current_across_processes(apart: Any) -> None:  # P16
    _, app = apart
    world = World(app)
    deal = await world.make("deal")
    await app.done(f"/deals/{deal}/stage", {"stage_id": "won"})

    async def current() -> bool:
        found = await app.http.get(f"/api/v1/clients/{world.ids['client']}")  # 404 until it is folded
        return found.status_code == 200 and found.json()["item"]["status"] == "current"

    await until(current)


async def test_a_refusal_is_raised_as_the_service_raised_it(apart: Any) -> None:  # #4
    _, app = apart
    world = World(app)
    client = await world.make("client")
    engine, meta = app.engine, Meta("ann", "a-command")
    with pytest.raises(UnknownReference) as unknown:
        await engine.send(OpenDeal(deal_id="d", client_id=client, funnel_id="none"), meta)
    assert (unknown.value.code, unknown.value.field) == ("unknown-reference", "funnel_id")
    assert unknown.value.detail == "there is no deal funnel none"
    with pytest.raises(VersionConflict) as conflict:
        await engine.send(RegisterClient(client_id=client, name="Acme"), Meta("ann", "b", expected=7))
    assert conflict.value.facts == {"stream": f"client-{client}", "expected": 7, "actual": 1}
    again = await app.post(f"/clients/{client}/details", {"name": "New"}, **{"If-Match": '"7"'})
    assert (again.status_code, again.headers["etag"]) == (409, '"1"')
