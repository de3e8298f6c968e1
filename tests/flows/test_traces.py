"""One trace from the request to the numbers, without a word of what it is about (DESIGN 11; X11, #4)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.kit.tracing.sending import SENDING
from tests.flows.test_processes_run import child
from tests.support.app import App, running
from tests.support.otlp import Collector, Seen, Trail, collector
from tests.support.patience import PATIENCE
from tests.support.processes import NAMES, SECRET, Installation, one_each
from tests.support.world import World

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACED = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
NAME, PHONE, TEXT = "Zinaida Personalenko", "+380675550199", "she prefers evenings"


@pytest.fixture
def sending(collected: Collector) -> Iterator[Collector]:
    """Spans of this process are sent."""
    SENDING.start(NAMES)
    yield collected
    SENDING.close(60)


@pytest.fixture
async def app(sending: Collector, tmp_path: Path) -> AsyncIterator[App]:
    async with running(tmp_path) as opened:
        await opened.done("/settings", {"base_currency": "EUR"})
        yield opened


@pytest.fixture
async def apart(sending: Collector, tmp_path: Path) -> AsyncIterator[tuple[Installation, App]]:
    async with one_each(tmp_path) as (installed, opened):
        await opened.done("/settings", {"base_currency": "EUR"})
        await installed.settle()
        yield installed, opened


async def seen(collected: Collector, wanted: Callable[[Trail], bool]) -> Trail:
    return await asyncio.to_thread(collected.until, wanted)


def names(*wanted: str) -> Callable[[Trail], bool]:
    return lambda trail: {span.name for span in trail.of(TRACE).spans} >= set(wanted)


async def test_one_trace_leads_from_a_request_to_the_numbers(app: App, sending: Collector) -> None:  # X11
    world = World(app)
    client, funnel = await world.make("client"), await world.make("deal_funnel")
    assert await app.engine.settle()
    body = {"deal_id": "d-1", "client_id": client, "funnel_id": funnel, "value": 100}
    done = await app.done("/deals", body, **TRACED)
    assert await app.engine.settle()
    trail = (await seen(sending, names("POST /api/v1/deals", "fold analytics", "commit analytics"))).of(TRACE)
    append = trail.one("append pipeline.events")
    assert trail.way(trail.one("commit analytics")) == [
        CALLER, "POST /api/v1/deals", "OpenDeal", "append pipeline.events", "fold analytics", "commit analytics"
    ]  # fmt: skip
    fold = trail.one("fold analytics")
    assert fold.links == [(TRACE, append.id)]
    assert [trail.one(name).kind for name in trail.way(fold)[1:]] == ["server", "internal", "producer", "consumer"]
    request = trail.one("POST /api/v1/deals").attributes
    assert (request["http.route"], request["http.response.status_code"]) == ("/api/v1/deals", 201)
    own = {key: value for key, value in append.attributes.items() if not key.startswith("messaging.message")}
    assert own == {
        "messaging.system": "sqlite",
        "messaging.operation.name": "append",
        "messaging.operation.type": "create",
        "messaging.destination.name": "pipeline.events",
        "db.system.name": "sqlite",
        "db.operation.name": "append",
        "voronka.stream": "deal-d-1",
        "voronka.key": client,
        "voronka.event.types": ["pipeline.DealOpened.v1"],
        "voronka.position": done["position"],
    }
    told = {"voronka.group", "voronka.lane", "voronka.position", "voronka.stream", "messaging.operation.type"}
    assert {key: fold.attributes[key] for key in told} == {
        "voronka.group": app.engine.runners["analytics"].group,
        "voronka.lane": 0,
        "voronka.position": done["position"],
        "voronka.stream": "deal-d-1",
        "messaging.operation.type": "process",
    }
    assert not any(span.failed for span in trail.spans)


async def test_a_read_that_waits_for_a_change_is_linked_to_it(app: App, sending: Collector) -> None:  # X11
    done = await app.done("/clients", {"name": NAME}, **TRACED)
    await app.get(f"/clients/{done['id']}", after=done["token"])
    read_by = ["GET /api/v1/clients/{client_id}", "wait for read models"]
    trail = await seen(sending, lambda trail: read_by in trail.ways() and names("append clients.events")(trail))
    read = trail.one("GET /api/v1/clients/{client_id}")
    wait = trail.one("wait for read models")
    assert (wait.trace, wait.parent) == (read.trace, read.id)
    assert read.trace != TRACE
    assert wait.links == [(TRACE, trail.of(TRACE).one("append clients.events").id)]
    assert (wait.attributes["voronka.stale"], wait.attributes["voronka.groups"]) == (False, ["clients"])


async def test_the_commands_of_a_reaction_stay_in_the_trace(app: App, sending: Collector) -> None:  # X11
    world = World(app)
    funnel = await world.make("deal_funnel")
    lead = (await app.done("/leads", {"name": NAME, "message": TEXT}))["id"]
    assert await app.engine.settle()  # what is folded with events of other traces has a trace of its own
    await app.done(f"/leads/{lead}/convert", {"funnel_id": funnel}, **TRACED)
    assert await app.engine.settle()
    request = "POST /api/v1/leads/{lead_id}/convert"
    reacted = [CALLER, request, "ConvertLead", "append clients.events", "react convert-lead"]
    opened = [*reacted, "OpenDeal", "append pipeline.events", "fold analytics"]
    noted = [*reacted, "AddNote", "append clients.events"]
    trail = (await seen(sending, lambda trail: opened in trail.ways() and noted in trail.ways())).of(TRACE)
    assert len({span.id for span in trail.spans}) == len(trail.spans)


async def test_processes_share_a_trace(apart: Any, sending: Collector) -> None:  # X11, #4
    installed, app = apart
    world = World(app)
    client, funnel = await world.make("client"), await world.make("deal_funnel")
    await installed.settle()
    body = {"deal_id": "d-1", "client_id": client, "funnel_id": funnel, "value": 100}
    done = await app.done("/deals", body, **TRACED)
    await installed.settle()
    trail = (await seen(sending, names("POST /api/v1/deals", "append pipeline.events", "fold analytics"))).of(TRACE)
    assert trail.way(trail.one("fold analytics"))[1:] == [
        "POST /api/v1/deals", "OpenDeal", "POST", "POST /internal/commands/{name}", "OpenDeal",
        "append pipeline.events", "fold analytics",
    ]  # fmt: skip
    call = trail.one("POST")
    assert (call.kind, call.attributes["voronka.service"]) == ("client", "pipeline")
    assert (call.attributes["server.address"], call.attributes["http.response.status_code"]) == ("pipeline", 200)

    def reads(trail: Trail) -> list[Seen]:
        waits = [wait for wait in trail.named("wait for read models") if wait.links]
        return [wait for wait in waits if trail.way(wait)[:2] == ["GET /api/v1/metrics/clients", "GET"]]

    await app.get("/metrics/clients", after=done["token"])
    trail = await seen(sending, lambda trail: bool(reads(trail)))
    assert reads(trail)[0].links == [(TRACE, trail.of(TRACE).one("append pipeline.events").id)]
    await app.done("/leads", {"name": NAME, "phone": PHONE})
    assert SECRET.encode() not in b"".join(sending.raw)
    assert b"Bearer" not in b"".join(sending.raw)


async def test_nothing_of_a_person_is_in_a_trace(
    app: App, sending: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:  # X11, P12
    world = World(app)
    funnel = await world.make("deal_funnel")
    client = (await app.done("/clients", {"name": NAME, "phones": [PHONE], "email": "z@example.org"}))["id"]
    await app.done("/notes", {"client_id": client, "text": TEXT})
    lead = (await app.done("/leads", {"name": NAME, "phone": PHONE, "message": TEXT}))["id"]
    await app.done(f"/leads/{lead}/convert", {"funnel_id": funnel})
    assert await app.engine.settle()
    assert (await app.http.get("/api/v1/clients", params={"q": NAME})).status_code == 200
    assert (await app.http.get(f"/api/v1/{NAME}")).status_code == 404
    assert (await app.http.get(f"/api/v1/clients/{NAME}")).status_code == 422
    assert (await app.http.get(f"/api/v1/clients/{NAME.split()[1]}")).status_code == 404
    assert (await app.post("/clients", {"name": [NAME]})).status_code == 422
    nobody = await app.post("/clients", {"name": "A"}, authorization=f"Bearer {PHONE}")
    assert nobody.status_code == 401

    async def broken(*_: Any, **__: Any) -> Any:
        raise ValueError(f"{NAME} cannot be stored")

    monkeypatch.setattr(app.engine.ports.store, "append", broken)
    assert (await app.post("/clients", {"name": NAME, "phones": [PHONE]}, **TRACED)).status_code == 500
    trail = (await seen(sending, names("POST /api/v1/clients", "RegisterClient"))).of(TRACE)
    assert all(span.failed and not span.remarks for span in trail.spans)
    assert trail.one("RegisterClient").attributes["error.type"] == "ValueError"
    told = b"".join(sending.raw)
    assert client.encode() in told, "ids may be there"
    for word in (*NAME.split(), PHONE, PHONE[1:], TEXT, "evenings", "z@example.org"):
        assert word.encode() not in told, word


async def test_a_refusal_is_no_failure_and_probes_are_not_traced(app: App, sending: Collector) -> None:
    assert (await app.http.get("/health/live")).status_code == 200
    assert (await app.http.get("/metrics")).status_code == 200
    answer = await app.post(
        "/deals", {"deal_id": "d", "client_id": "nobody", "funnel_id": "none", "value": 1}, **TRACED
    )
    assert answer.status_code == 422
    trail = await seen(sending, names("POST /api/v1/deals", "OpenDeal"))
    assert {span.name for span in trail.spans} & {"GET /health/live", "GET /metrics", "GET"} == set()
    command = trail.of(TRACE).one("OpenDeal")
    assert command.attributes["voronka.refusal"] == answer.json()["code"]
    assert not any(span.failed for span in trail.spans)


async def test_who_calls_unsampled_gets_no_spans(app: App, sending: Collector) -> None:
    unsampled = {"traceparent": f"00-{TRACE}-{CALLER}-00"}
    done = await app.done("/clients", {"name": NAME}, **unsampled)
    [event] = await app.engine.ports.store.read(done["stream"])
    assert event.correlation == TRACE, "the log and the events have it all the same"
    await app.done("/clients", {"name": NAME}, traceparent=f"00-{TRACE[::-1]}-{CALLER}-01")
    trail = await seen(sending, lambda trail: bool(trail.of(TRACE[::-1]).named("POST /api/v1/clients")))
    assert [span for span in trail.of(TRACE).spans if span.kind in ("server", "internal", "producer")] == []


# ---------------------------------------------------------------- as a process


async def test_a_collector_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:  # X11
    """It takes the first spans and never answers; its sender would wait for an hour."""
    (tmp_path / "there").touch()
    with collector() as hung:
        hung.let.clear()
        settings = hung.environment | {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600", "OTEL_BSP_MAX_QUEUE_SIZE": "64"}
        settings["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "16"
        async with child(tmp_path, environment=settings) as running:
            await running.until("/health/ready", lambda answer: answer.status_code == 200)
            api = App(running.http, None)  # type: ignore[arg-type]
            await api.done("/clients", {"name": NAME})
            assert await asyncio.to_thread(hung.waiting.wait, 60), "spans are sent, and nobody answers"
            for _ in range(50):
                done = await api.done("/clients", {"name": NAME})
            assert (await api.get(f"/clients/{done['id']}", after=done["token"]))["stale"] is False
            running.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                await running.process.wait()
            assert running.process.returncode == 0
            assert not hung.let.is_set(), "it ended although nobody answered"


async def test_a_collector_that_is_away_is_told_of_and_holds_nobody_up(tmp_path: Path) -> None:  # X11
    (tmp_path / "there").touch()
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    settings["OTEL_EXPORTER_OTLP_TIMEOUT"] = "1"
    async with child(tmp_path, environment=settings, errors=tmp_path / "errors") as running:
        await running.until("/health/ready", lambda answer: answer.status_code == 200)
        api = App(running.http, None)  # type: ignore[arg-type]
        async with asyncio.timeout(PATIENCE):
            while b"traces cannot be sent" not in (tmp_path / "errors").read_bytes():
                await api.done("/clients", {"name": NAME})
        running.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await running.process.wait()
        assert running.process.returncode == 0
    told = (tmp_path / "errors").read_text()
    assert told.count("traces cannot be sent") == 1
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in told
    assert "Traceback" not in told


async def test_a_process_sends_its_last_spans_before_it_ends(tmp_path: Path) -> None:  # X11
    (tmp_path / "there").touch()
    with collector() as opened:
        settings = opened.environment | {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        async with child(tmp_path, "clients", "pipeline", "analytics", "gateway", environment=settings) as running:
            await running.until("/health/ready", lambda answer: answer.status_code == 200)
            await App(running.http, None).done("/clients", {"name": NAME}, **TRACED)  # type: ignore[arg-type]
            assert opened.raw == []
            await running.stopped()
        trail = Trail(opened.spans()).of(TRACE)
        assert {"POST /api/v1/clients", "RegisterClient", "append clients.events"} <= {s.name for s in trail.spans}
        [told] = opened.resources()
        assert (told["service.name"], told["voronka.services"]) == ("voronka", sorted(NAMES))
