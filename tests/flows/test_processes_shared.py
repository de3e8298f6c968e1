"""Several processes that write to one log and fold lanes of one group: none decides on what is old, all are seen, and
what is not ours is looked up (DESIGN 4, 5, 10; #4)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.clients import commands as clients
from contracts.gateway.commands import AddEmployee, ChangeWorkspaceSettings
from contracts.pipeline import commands as pipeline
from contracts.problem import KeyReused, MissingRate, UnknownReference, VersionConflict
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.lanes import lane_of
from services.kit.web.status import missing
from tests.support.app import App
from tests.support.patience import PATIENCE
from tests.support.processes import LANES, Installation, Process, installation
from tests.support.world import STAGES

ALL = ("gateway", "pipeline", "clients", "analytics")
_numbers = iter(range(10**6))


async def say(engine: Engine, command: Any, key: str | None = None, **more: Any) -> Any:
    return await engine.send(command, Meta("ann", key or f"key-{next(_numbers)}", **more))


async def two(installed: Installation) -> tuple[Process, Process]:
    """Start two processes that run everything and share the lanes."""
    return await installed.start(*ALL, lanes=range(6)), await installed.start(*ALL, lanes=range(6, LANES))


async def test_what_another_process_appended_is_decided_on(tmp_path: Path) -> None:  # R14
    async with installation(tmp_path) as installed:
        first, second = (process.engine for process in await two(installed))
        await say(first, clients.RegisterClient(client_id="c", name="Acme"))
        for engine in (second, first, second):  # each has the stream cached, and behind
            await say(engine, clients.ChangeClientTemperature(client_id="c", temperature="hot"))
            await say(engine, clients.ChangeClientTemperature(client_id="c", temperature="cold"))
        done = await say(first, clients.ChangeClientTemperature(client_id="c", temperature="cold"))
        assert (done.version, done.events) == (7, []), "it is cold already: no event"
        with pytest.raises(VersionConflict) as conflict:
            await say(first, clients.MarkClientLost(client_id="c"), expected=1)
        assert conflict.value.facts["actual"] == 7


async def test_a_command_repeated_at_another_process_is_done_once(tmp_path: Path) -> None:  # R15
    async with installation(tmp_path) as installed:
        first, second = (process.engine for process in await two(installed))
        await say(first, clients.RegisterClient(client_id="c", name="Acme"), "k1")
        await say(second, clients.AssignClient(client_id="c", owner_id=None), "k0")
        done = await say(first, clients.ChangeClientTemperature(client_id="c", temperature="hot"), "k2")
        again = await say(second, clients.ChangeClientTemperature(client_id="c", temperature="hot"), "k2")
        assert (again.repeated, again.version, again.position) == (True, done.version, done.position)
        registered = await say(second, clients.RegisterClient(client_id="c", name="Acme"), "k1")
        assert (registered.repeated, registered.version) == (True, 1)
        with pytest.raises(KeyReused):
            await say(second, clients.ChangeClientTemperature(client_id="c", temperature="cold"), "k2")
        assert len(await installed.ports.store.read("client-c")) == done.version


async def test_many_callers_at_two_processes_lose_no_update(tmp_path: Path) -> None:  # R14
    async with installation(tmp_path) as installed:
        engines = [process.engine for process in await two(installed)]
        await say(engines[0], clients.RegisterClient(client_id="c", name="Acme"))

        async def change(n: int) -> Any:
            details = clients.ChangeClientDetails(client_id="c", name=f"Acme {n}")
            return await say(engines[n % 2], details, f"many-{n}")

        effects = await asyncio.gather(*(change(n) for n in range(64)))
        assert sorted(effect.version for effect in effects) == list(range(2, 66))
        assert len(await installed.ports.store.read("client-c")) == 65


async def test_an_edge_learns_what_another_process_appended(tmp_path: Path) -> None:
    async with installation(tmp_path) as installed:
        first, second = (process.engine for process in await two(installed))
        await say(first, ChangeWorkspaceSettings(base_currency="EUR"))
        await say(first, AddEmployee(employee_id="u1", name="Maria"))
        await say(first, clients.RegisterClient(client_id="c", name="Acme"))
        await say(second, clients.AssignClient(client_id="c", owner_id="u1"))
        stages = [pipeline.StageSpec.model_validate(stage) for stage in STAGES]
        await say(first, pipeline.DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=stages))
        added = pipeline.StageSpec(stage_id="new", name="New", kind="in_work")
        await say(second, pipeline.AddStage(funnel_id="f", **added.model_dump()))  # of a funnel it may not know yet
        await say(first, pipeline.OpenDeal(deal_id="d", client_id="c", funnel_id="f", stage_id="new"))
        value = pipeline.ChangeDealValue(deal_id="d", value=100, currency="USD", at=1_770_000_000_000)
        with pytest.raises(MissingRate):
            await say(second, value.model_copy(update={"at": None}))
        with pytest.raises(UnknownReference):
            await say(second, clients.AssignClient(client_id="c", owner_id="nobody"))


async def test_edges_learn_in_the_background_too(tmp_path: Path) -> None:
    async with installation(tmp_path) as installed:
        first, second = (process.engine for process in await two(installed))
        await say(first, AddEmployee(employee_id="u1", name="Maria"))
        known: Any = second.known["gateway"]
        async with asyncio.timeout(PATIENCE):
            while "u1" not in known.employees:
                await asyncio.sleep(0.001)


async def test_a_read_waits_for_lanes_that_another_process_folds(tmp_path: Path) -> None:  # #4
    async with installation(tmp_path) as installed:
        first, second = await two(installed)
        mine, others = set(range(6)), set(range(6, LANES))
        async with first.client() as http:
            app, lanes = App(http, first.engine), set()
            for n in range(30):
                done = await app.done("/clients", {"name": f"Client {n}"})
                lanes.add(lane_of(done["id"], LANES))
                found = await app.get(f"/clients/{done['id']}", after=done["token"])
                assert (found["stale"], found["item"]["name"]) == (False, f"Client {n}")
                metrics = await app.get("/metrics/clients", after=done["token"], limit=200)
                assert not metrics["stale"]
                assert done["id"] in {row["id"] for row in metrics["items"]}
            assert lanes & mine
            assert lanes & others, "clients fell into lanes of both"
            named = await app.done("/employees", {"name": "Maria"})  # a reference event is in every lane
            found = await app.get("/employees", after=named["token"])
            assert [(item["name"], found["stale"]) for item in found["items"]] == [("Maria", False)]
            money = await app.done("/settings", {"base_currency": "EUR"})
            catalog = await app.get("/products", after=money["token"])
            assert not catalog["stale"], "nothing of it concerns products, yet it is passed"
        assert {n for r in first.engine.runners.values() for n in r.lanes} == mine
        assert {n for r in second.engine.runners.values() for n in r.lanes} == others


async def test_as_of_tells_of_lanes_that_nobody_folds(tmp_path: Path) -> None:  # #4
    async with installation(tmp_path) as installed:
        first, second = await two(installed)
        async with first.client() as http:
            app = App(http, first.engine)
            done = [await app.done("/clients", {"name": f"Client {n}"}) for n in range(12)]
            await installed.settle()
            fresh = (await app.get("/clients", after=done[-1]["token"]))["as_of"]
            await installed.stop(second)  # six lanes have no owner now
            made: list[dict[str, Any]] = []
            while len({lane_of(each["id"], LANES) for each in made}) < LANES:
                made.append(await app.done("/clients", {"name": f"Later {len(made)}"}))
            orphan = next(each for each in made if lane_of(each["id"], LANES) >= 6)
            async with asyncio.timeout(PATIENCE):
                while (behind := (await app.get("/clients"))["as_of"]) >= recorded(await log(installed), orphan):
                    await asyncio.sleep(0.001)
            assert behind >= fresh
            owned = next(each for each in made if lane_of(each["id"], LANES) < 6)
            waited = await app.get(f"/clients/{owned['id']}", after=owned["token"])
            assert not waited["stale"]
            late = await app.get("/clients", after=orphan["token"])
            assert late["stale"], "nobody folded it within two seconds"
            assert missing(first.engine) == [], "lanes of others do not make it unready"
            assert (await http.get("/health/ready")).status_code == 200
            third = await installed.start("clients", lanes=range(6, LANES))
            await installed.settle()
            found = await app.get("/clients", after=orphan["token"])
            assert not found["stale"]
            assert third.engine.runners["clients"].lanes.keys() == set(range(6, LANES))


async def test_lanes_that_were_given_to_another_do_not_count_as_behind(tmp_path: Path) -> None:  # #4, R8
    async with installation(tmp_path) as installed:
        first, second = await two(installed)
        runner = first.engine.runners["clients"]
        bus: Any = runner._bus
        async with asyncio.timeout(PATIENCE):
            while runner.lanes.keys() != set(range(6)):
                await asyncio.sleep(0.001)
        async with first.client() as http:
            app = App(http, first.engine)
            await installed.stop(second)
            bus.mine -= {0, 1, 2, 3}  # a worker that came later has them now
            third = await installed.start("clients", lanes=[0, 1, 2, 3, *range(6, LANES)])
            for n in range(40):
                done = await app.done("/clients", {"name": f"Client {n}"})
            await installed.settle()
            found = await app.get("/clients", after=done["token"])
            assert not found["stale"]
        assert runner.lanes.keys() == {4, 5}
        assert third.engine.runners["clients"].lanes.keys() == set(range(LANES)) - {4, 5}
        assert await first.engine.horizon.lag("clients") == await third.engine.horizon.lag("clients") == 0


async def log(installed: Installation) -> list[Any]:
    return await installed.ports.store.read_all(0, 10_000)


def recorded(events: list[Any], done: dict[str, Any]) -> int:
    """Return when a command's event was recorded, UTC ms."""
    return next(event.recorded_at for event in events if event.position == done["position"])


async def test_a_process_without_a_lane_is_ready_and_answers(tmp_path: Path) -> None:  # #4
    async with installation(tmp_path) as installed:
        await installed.start(*ALL)
        idle = await installed.start("gateway", "clients", lanes=())
        async with idle.client() as http:
            app = App(http, idle.engine)
            assert (await http.get("/health/ready")).json() == {"status": "ready"}
            done = await app.done("/clients", {"name": "Acme"})
            found = await app.get(f"/clients/{done['id']}", after=done["token"])
            assert (found["item"]["name"], found["stale"]) == ("Acme", False)
            assert "0.0" in next(
                line for line in (await http.get("/metrics")).text.splitlines() if 'lag_events{group="clients"}' in line
            )


async def test_new_sales_rules_are_derived_by_workers_that_wait_for_each_other(tmp_path: Path) -> None:  # P2
    async with installation(tmp_path) as installed:
        first, _ = await two(installed)
        async with first.client() as http:
            app = App(http, first.engine)
            await app.done("/settings", {"base_currency": "EUR"})
            funnel = (await app.done("/funnels", {"name": "Sales", "subject": "deal", "stages": STAGES}))["id"]
            for n in range(12):
                client = (await app.done("/clients", {"name": f"Client {n}"}))["id"]
                opened = {"client_id": client, "funnel_id": funnel, "stage_id": "talks", "value": 100}
                await app.done("/deals", opened)
            classes = [{"funnel_id": funnel, "stage_id": "talks", "kind": "bought"}]
            await app.done("/sales-rules", {"sources": ["deals"], "classes": classes})
            async with asyncio.timeout(PATIENCE):
                while [row["sales_count"] for row in (await app.get("/metrics/clients"))["items"]] != [1] * 12:
                    await asyncio.sleep(0.01)


async def test_an_erased_client_is_forgotten_by_all_processes(tmp_path: Path) -> None:  # X10
    async with installation(tmp_path) as installed:
        behind = await installed.start("pipeline", "clients", "analytics")
        gateway = await installed.start("gateway")
        await say(gateway.engine, clients.RegisterClient(client_id="c", name="Acme Ltd"))
        await say(gateway.engine, clients.AddContact(contact_id="p", client_id="c", name="Ann Smith"))
        cached: Any = behind.engine.handler._cache
        assert "Acme Ltd" in str(cached) or "Ann Smith" in str(cached)
        await say(gateway.engine, clients.EraseClient(client_id="c"))
        async with asyncio.timeout(PATIENCE):
            while "c" not in await installed.ports.keyring.tombstones() or "Smith" in str(cached):
                await asyncio.sleep(0.005)
        await installed.settle()
        assert "Acme Ltd" not in str(cached)
        assert await installed.ports.documents.active("clients")
        async with gateway.client() as http:
            assert "Smith" not in str(await App(http, gateway.engine).get("/contacts", client_id="c"))
