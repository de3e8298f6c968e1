"""Calls between processes: only with a pass, again when a connection was cut, refused at once when nobody answers, in
one trace (DESIGN 5, 10, 11; #4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.commands import CaptureLead
from contracts.problem import Unavailable
from services.kit import clock
from services.kit.handle import Meta
from services.kit.remote.breaker import FAILURES
from services.kit.remote.passes import Passes
from services.kit.remote.wire import COMMANDS, QUERIES, sent
from services.kit.rights import ALL, Caller
from tests.support.app import App
from tests.support.processes import SECRET, Installation, Process, installation, one_each
from tests.support.world import World

LEAD = CaptureLead(lead_id="a-lead", name="Olha")
TAKE = COMMANDS.format(name="CaptureLead")
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[tuple[Installation, App]]:
    async with one_each(tmp_path) as (installed, app):
        yield installed, app


@pytest.fixture
async def clients(tmp_path: Path) -> AsyncIterator[Process]:
    """A process that runs the clients service alone."""
    async with installation(tmp_path) as installed:
        yield await installed.start("clients")


def bearer(
    actor: str = "ann", service: str = "clients", now: int | None = None, secret: str = SECRET
) -> dict[str, str]:
    return {"authorization": f"Bearer {Passes(secret).issue(Caller(actor, ALL, 'all'), service, now or clock.now())}"}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "a call needs a pass"),
        ({"authorization": "Basic YTpi"}, "a call needs a pass"),
        ({"authorization": "Bearer a.b.c"}, "VORONKA_SECRET"),
        (bearer(service="pipeline"), "this process runs clients"),
        (bearer(secret="some other secret of more than thirty-two"), "VORONKA_SECRET"),
        (bearer(now=clock.now() - 3_600_000), "synchronise"),
        (bearer(now=clock.now() + 3_600_000), "synchronise"),
    ],
)
@pytest.mark.parametrize(
    "what", [("POST", TAKE), ("POST", "/internal/commands/Nothing"), ("GET", f"{QUERIES}/clients")]
)
async def test_a_call_without_a_good_pass_is_refused(
    clients: Process, what: tuple[str, str], headers: dict[str, str], words: str
) -> None:
    async with clients.client() as client:
        answer = await client.request(*what, headers=headers, content=sent(LEAD, Meta("ann", "1")))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert words in answer.json()["detail"]
    assert await clients.engine.ports.store.head() == 0


async def test_who_asks_is_said_by_the_pass_alone(clients: Process) -> None:
    async with clients.client(headers=bearer("ann") | {"x-actor": "eve"}) as client:
        answer = await client.post(TAKE, content=sent(LEAD, Meta("mallory", "1")))
    assert answer.status_code == 200
    assert [event.actor for event in await clients.engine.ports.store.read("lead-a-lead")] == ["ann"]


async def test_a_service_has_no_public_routes_and_no_commands_of_others(clients: Process) -> None:
    async with clients.client(headers=bearer()) as client:
        assert (await client.post("/api/v1/leads", json={"name": "x"})).status_code == 404
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/internal/commands/OpenDeal", content=b"{}")).status_code == 404
        assert (await client.get("/internal/queries/deals")).status_code == 404
        assert (await client.get("/health/live")).json() == {"status": "alive"}
        assert (await client.get("/health/ready", headers={"host": "10.1.2.3:8080"})).json() == {"status": "ready"}
        assert "voronka_lag_events" in (await client.get("/metrics")).text
        broken = await client.post(TAKE, content=b'{"fields": 1}')
        assert (broken.status_code, broken.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("lost", [(1, 0), (0, 1), (2, 0), (0, 2), (1, 1)])
async def test_a_command_whose_connection_is_cut_is_done_once(apart: Any, lost: tuple[int, int]) -> None:  # R15
    installed, app = apart
    way = installed.network("clients")
    way.lose_requests, way.lose_answers = lost
    done = await app.done("/leads", {"name": "Olha"})
    assert len(way.requests) == 1 + sum(lost)
    assert len(await installed.ports.store.read(done["stream"])) == 1
    again = await app.post("/leads", {"name": "Olha"}, key="k")
    other = await app.post("/leads", {"name": "Maria"}, key="k")
    assert again.status_code == 201
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_repeated_command_is_answered_with_the_first_token(apart: Any) -> None:  # R15
    _, app = apart
    first = (await app.post("/leads", {"name": "Olha"}, key="k")).json()
    await app.done(f"/leads/{first['id']}/close", {"reason": "wrong number"})
    again = (await app.post("/leads", {"name": "Olha"}, key="k")).json()
    assert again == first | {"repeated": True}


async def test_a_service_that_is_away_is_said_so_and_left_alone_for_a_moment(apart: Any) -> None:  # R9
    installed, app = apart
    await app.done("/clients", {"name": "Acme"})
    await installed.settle()
    gone = next(process for process in installed.processes if process.engine.runs("clients"))
    await installed.stop(gone)
    calls = app.engine.share.calls
    calls._breakers["clients"]._clock = lambda: 0.0  # no rest ends while we look
    installed.network("clients").requests.clear()
    for _ in range(FAILURES):
        answer = await app.post("/leads", {"name": "Olha"})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"
        assert "the clients service is away" in answer.json()["detail"]
    tried = len(installed.network("clients").requests)
    answer = await app.http.get("/api/v1/clients")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(installed.network("clients").requests) == tried, "the breaker is open"
    page = await app.http.get("/")
    assert (page.status_code, page.headers["refresh"]) == (503, "2")
    assert (await app.http.get("/api/v1/employees")).status_code == 200, "others go on"
    with pytest.raises(Unavailable):
        await app.engine.send(LEAD, Meta("ann", "1"))


async def test_processes_that_do_not_trust_each_other_say_so(tmp_path: Path) -> None:
    async with installation(tmp_path) as installed:
        installed.secrets["clients"] = "another secret than the one of everybody else"
        await installed.start("clients")
        gateway = await installed.start("gateway", "pipeline", "analytics")
        with pytest.raises(Unavailable) as away:
            await gateway.engine.send(LEAD, Meta("ann", "1"))
        assert "VORONKA_SECRET must be the same" in away.value.detail


async def test_a_trace_goes_through_all_processes(apart: Any) -> None:  # X11
    installed, app = apart
    world = World(app)
    await app.done("/settings", {"base_currency": "EUR"})
    funnel, lead = await world.make("deal_funnel"), await world.make("lead")
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    done = await app.done(f"/leads/{lead}/convert", {"funnel_id": funnel}, **headers)
    await installed.settle()
    caused = await installed.ports.store.read_all(done["position"] - 1, 100)
    assert {event.correlation for event in caused if event.actor != "system:numbers"} == {TRACE}
    assert "pipeline.DealOpened.v1" in {event.type for event in caused}
    to_clients = [r for r in installed.network("clients").requests if r.url.path.endswith("/ConvertLead")]
    to_pipeline = [r for r in installed.network("pipeline").requests if r.url.path.endswith("/OpenDeal")]
    assert [r.headers["traceparent"].split("-")[1] for r in to_clients + to_pipeline] == [TRACE, TRACE]
    refused = await app.http.get("/api/v1/clients/nobody", headers=headers)
    assert refused.json()["trace_id"] == TRACE


async def test_a_gateway_is_served_under_its_names_alone_but_probed_under_any(apart: Any) -> None:
    _, app = apart
    elsewhere = {"host": "10.1.2.3:8080"}
    assert (await app.http.get("/api/v1/employees", headers=elsewhere)).status_code == 403
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert (await app.http.get(path, headers=elsewhere)).status_code == 200
    assert (await app.http.get(f"{QUERIES}/employees", headers=elsewhere)).status_code == 401
    assert (await app.http.get(f"{QUERIES}/employees", headers=elsewhere | bearer("ann", "gateway"))).status_code == 200


async def test_names_of_a_gateway_can_be_set(tmp_path: Path) -> None:
    from services.cli.workspace import SERVICES
    from services.kit.web import create_app

    async with installation(tmp_path) as installed:
        process = await installed.start("gateway")
        process.app = create_app(process.engine, SERVICES, passes=Passes(SECRET), hosts=["CRM.example.org"])
        async with process.client() as client:
            named = await client.get("/api/v1/employees", headers={"host": "crm.example.org:443"})
            other = await client.get("/api/v1/employees", headers={"host": "evil.example.org"})
            assert (named.status_code, other.status_code) == (200, 403)
            assert "crm.example.org" in other.json()["detail"]
            posted = {"host": "crm.example.org", "origin": "https://evil.example.org", "idempotency-key": "k"}
            assert (await client.post("/api/v1/employees", json={"name": "x"}, headers=posted)).status_code == 403
