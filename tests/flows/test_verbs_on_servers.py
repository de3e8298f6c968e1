"""The verbs on servers: the same as on a folder, while the work is done by other processes (#4, DESIGN 5, 10)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from contracts.clients import commands as clients
from contracts.envelope import NewEvent
from contracts.gateway.commands import ChangeWorkspaceSettings
from contracts.pipeline import commands as pipeline
from contracts.pipeline.events import DealTouched
from services.cli import filling, in_folder, on_servers, watching
from services.cli.in_folder import InFolder
from services.cli.sheets import TableOrder
from services.cli.standing import Order
from services.cli.workspace import chosen
from services.importer.sheets.taking import Order as Taking
from services.kit.engine import Engine
from services.kit.eraser import ERASED
from services.kit.errors import Unusable
from services.kit.handle import Meta
from services.kit.lanes import lane_of
from services.kit.settings import Settings
from services.kit.stops import Stops
from services.kit.telemetry import METRICS
from tests.support.bundles import small, write
from tests.support.patience import PATIENCE
from tests.support.processes import LANES, Installation, Process, installation
from tests.support.served import files_of, verbs_on
from tests.support.world import STAGES

ALL = ("gateway", "pipeline", "clients", "analytics")
_numbers = count()
FAR = 4_102_444_800_000
"""A moment behind all events: 2100, UTC ms."""
LANE = lane_of("c", LANES)
HALVES = (range(6), range(6, LANES))
ANN = Order(None, True, "ann", "not ours")
SKIPPED = [
    "seen touched times: served 0, log 1",
    "summary repeated_stage_events_ignored repeated_stage_events_ignored: served 0, log 1",
]
"""How `verify` tells that one touch of a deal is missing, and nothing else."""


async def say(engine: Engine, command: Any) -> None:
    await engine.send(command, Meta("ann", f"key-{next(_numbers)}"))


async def working(installed: Installation) -> list[Engine]:
    """Start two processes that share the lanes, with a deal of client `c`; return their engines, the one with its lane
    first."""
    engines = [(await installed.start(*ALL, lanes=half)).engine for half in HALVES]
    await say(engines[0], ChangeWorkspaceSettings(base_currency="EUR"))
    stages = [pipeline.StageSpec.model_validate(stage) for stage in STAGES]
    await say(engines[0], pipeline.DefineFunnel(funnel_id="f", name="Sales", subject="deal", stages=stages))
    await say(engines[0], clients.RegisterClient(client_id="c", name="Acme"))
    await say(engines[0], pipeline.OpenDeal(deal_id="d", client_id="c", funnel_id="f", value=100))
    return engines if LANE in HALVES[0] else engines[::-1]


async def poison(installed: Installation, name: str = "bad") -> None:
    """Append an event that the groups `pipeline` and `analytics` cannot fold."""
    bad = NewEvent(
        id=name, type=DealTouched.type, key="c", occurred_at=1, actor="x", command_id=name, command_hash="", data=b"{"
    )
    await installed.ports.store.append(f"deal-{name}", [bad], 0)


def stands(name: str) -> float:
    return METRICS.stopped.labels(name, str(LANE))._value.get()


async def both_stand(installed: Installation) -> None:
    """Wait until both groups stand, and everybody knows it."""
    stops = Stops(installed.ports.documents, installed.ports.store.log_id)
    await stops.define()
    async with asyncio.timeout(PATIENCE):
        while len(await stops.standing(chosen(None))) < 2:
            await asyncio.sleep(0.01)
    assert stands("analytics") == stands("pipeline") == 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_SUSPECT", 0.5)
    monkeypatch.setattr(on_servers, "_ANSWER", PATIENCE)


async def test_a_lane_that_stands_goes_on_by_one_command(  # R5
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with installation(tmp_path) as installed:
        on = verbs_on(installed, monkeypatch)
        owner, other = await working(installed)
        await installed.settle()
        assert (await on.skip(ANN), await on.doctor()) == (0, 0)
        assert capsys.readouterr().out == "nothing stands\nall is well\n"
        await poison(installed)
        await say(other, pipeline.MoveDeal(deal_id="d", stage_id="won"))
        await both_stand(installed)
        assert await on.doctor() == 1
        said = capsys.readouterr().out
        assert f"analytics lane {LANE} stands at position" in said
        assert f"({DealTouched.type} bad)" in said
        assert "DecodeError" in said
        assert "`voronka skip --yes --projection analytics`" in said
        assert said.endswith("2 findings\n")
        assert await on.verify(20) == 1
        assert "nothing was compared, for lanes stand:\nanalytics lane" in capsys.readouterr().out
        assert await on.skip(Order(None, False, "ann", "")) == 1, "shown, and nothing done"
        assert await on.skip(Order("analytics", True, "ann", "not ours")) == 0
        said = capsys.readouterr().out
        assert "  skipped; the group is incomplete until `voronka rebuild --projection analytics`" in said
        assert (stands("analytics"), stands("pipeline")) == (0, 1), "only that group"
        assert await on.skip(ANN) == 0
        assert (stands("analytics"), stands("pipeline")) == (0, 0)
        capsys.readouterr()
        assert await on.verify(20) == 1
        said = capsys.readouterr().out
        assert [line for line in said.splitlines() if "served" in line] == SKIPPED
        assert said.endswith("2 differences\n"), "nothing but the skipped event is missing"
        event = rf"{DealTouched.type} bad at position \d+"
        for name in ("analytics", "pipeline"):
            known = rf"{name} lane {LANE} is incomplete: an event was skipped \({event}, by ann at .*: not ours\)"
            assert re.search(known, said)
        assert owner.failure is None
        assert other.failure is None


async def test_every_process_tells_how_far_all_groups_are(tmp_path: Path) -> None:  # R5
    """`/api/v1/status` of a gateway that folds nothing itself: what others fold, and where they stand."""

    async def told(gateway: Process, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with gateway.client() as http, asyncio.timeout(PATIENCE):
            while True:
                found: dict[str, Any] = (await http.get("/api/v1/status")).raise_for_status().json()
                if done(found):
                    return found
                await asyncio.sleep(0.01)

    async with installation(tmp_path) as installed:
        gateway = await installed.start("gateway", lanes=())
        begun = await told(gateway, lambda found: True)
        assert "the read models of analytics are being made" in begun["problems"]
        assert begun["ready"]
        _, other = await working(installed)
        await installed.settle()
        found = await told(gateway, lambda found: not any(group["lag"] for group in found["groups"]))
        groups = {group["name"]: group["group"] for group in found["groups"]}
        assert groups == {each.name: f"{each.name}.{each.version}" for each in chosen(None)}
        assert (found["ready"], found["problems"]) == (True, [])
        await poison(installed)
        await say(other, pipeline.MoveDeal(deal_id="d", stage_id="won"))
        await both_stand(installed)
        found = await told(gateway, lambda found: sum(group["lag"] > 1 for group in found["groups"]) == 2)
        stood = {group["name"]: group["stopped"] for group in found["groups"] if group["stopped"]}
        assert set(stood) == {"analytics", "pipeline"}
        assert [(lane["lane"], lane["event_id"]) for lane in stood["analytics"]] == [(LANE, "bad")]
        assert [line.split(" stands")[0] for line in found["problems"]] == [
            f"lane {LANE} of {name}" for name in groups if name in stood
        ]
        assert found["ready"], "what works is not taken from those who ask"
        behind = {group["name"] for group in found["groups"] if group["lag"] > 1}
        assert behind == {"analytics", "pipeline"}


async def test_a_decision_waits_for_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with installation(tmp_path) as installed:
        on = verbs_on(installed, monkeypatch)
        owner, other = await working(installed)
        await poison(installed)
        await both_stand(installed)
        process = next(each for each in installed.processes if each.engine is owner)
        await installed.stop(process)
        assert (stands("analytics"), stands("pipeline")) == (0, 0), "who does not work raises no alarm"
        assert await on.doctor() == 1, "it stands all the same"
        monkeypatch.setattr(on_servers, "_ANSWER", 0.1)
        capsys.readouterr()
        assert await on.skip(ANN) == 1
        said = capsys.readouterr().out
        assert said.count("decided, but no worker has passed it within 0 s") == 2
        assert "See that a process with the service analytics runs" in said
        await say(other, pipeline.MoveDeal(deal_id="d", stage_id="won"))
        await installed.start(*ALL, lanes=process.engine.ports.bus.mine)  # type: ignore[attr-defined]
        monkeypatch.setattr(on_servers, "_ANSWER", PATIENCE)
        assert await on.verify(20) == 1
        said = capsys.readouterr().out
        assert [line for line in said.splitlines() if "served" in line] == SKIPPED
        assert said.endswith("2 differences\n")
        await poison(installed, "worse")
        await both_stand(installed)
        assert await on.skip(Order(None, False, "ann", "")) == 1, "each event is decided on its own"


async def test_events_are_exported_as_on_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    async with installation(data) as installed:
        on = verbs_on(installed, monkeypatch)
        engines = await working(installed)
        await say(engines[0], clients.EraseClient(client_id="c"))
        await say(engines[0], clients.RegisterClient(client_id="c2", name="Bolt"))
        await installed.settle()
        await say(engines[0], clients.RegisterClient(client_id="c3", name="Cobalt"))
        for process in list(installed.processes):
            await installed.stop(process)
        gone = NewEvent(
            id="x",
            type=ERASED,
            key="c3",
            occurred_at=1,
            actor="x",
            command_id="x",
            command_hash="",
            data=b'{"client_id":"c3"}',
        )
        await installed.ports.store.append("client-c3", [gone], 1)  # nobody is there who would destroy the key
        assert await on.export_events(tmp_path / "a.jsonl") == 0
    assert await InFolder(Settings(), data).export_events(tmp_path / "b.jsonl") == 0
    there, here = ((tmp_path / f"{name}.jsonl").read_text("utf-8") for name in "ab")
    assert there == here
    assert '"Bolt"' in there
    assert "Acme" not in there
    assert "Cobalt" not in there
    said = capsys.readouterr().out
    for name in "ab":
        assert f"{len(there.splitlines())} events written to {tmp_path / name}.jsonl\n" in said


async def test_a_demo_fills_an_empty_workspace_with_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (filling, in_folder, on_servers):
        monkeypatch.setattr(module, "today", lambda: "2026-06-01", raising=False)
    async with installation(tmp_path / "there") as installed:
        on = verbs_on(installed, monkeypatch)
        for half in HALVES:
            await installed.start(*ALL, lanes=half)
        assert await on.demo(20, 400, 3) == 0
        said = capsys.readouterr().out
        assert re.search(r"[\d,]+ events of the demo stored; the workers fold them", said)
        assert said.endswith("the demo is there\n")
        assert await on.verify(20) == 0
        assert await on.export_metrics(tmp_path / "a", FAR) == 0
        with pytest.raises(Unusable, match="holds events already"):
            await on.demo(20, 400, 3)
    here = InFolder(Settings(), tmp_path / "here")
    assert await here.demo(20, 400, 3) == 0
    assert await here.export_metrics(tmp_path / "b", FAR) == 0
    a, b = files_of(tmp_path / "a"), files_of(tmp_path / "b")
    assert a.keys() == b.keys()
    assert len(a) > 5
    assert {name for name in a if a[name] != b[name]} == set()


async def test_an_import_that_nobody_folds_tells_what_it_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "_STILL", 1.0)
    tables = small()
    tables["customers"][0]["created_at"] = "no time"
    write(tmp_path / "bundle", tables)
    errors = tmp_path / "errors.csv"
    async with installation(tmp_path / "data") as installed:
        on = verbs_on(installed, monkeypatch)
        assert await on.import_(tmp_path / "bundle", strict=False, source=None, errors=errors) == 1
        said = capsys.readouterr()
        assert re.search(r"^\d+ events stored from source", said.out)
        assert "created_at" in errors.read_text("utf-8")
        assert "what is stored stays stored, but the numbers do not show it yet" in said.err
        assert "see that `voronka relay` and `voronka run` work for all services" in said.err
        await installed.start(*ALL)
        assert await on.import_(tmp_path / "bundle", strict=False, source=None, errors=errors) == 1
        said = capsys.readouterr()
        assert said.out.startswith("nothing new to store")
        assert "do not show it yet" not in said.err
        assert await on.verify(20) == 0


async def test_a_spreadsheet_is_taken_in_and_back_on_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # #5
    path = tmp_path / "list.csv"
    path.write_text("Клієнт;Телефон\nРомашка;+380441234567\nAcme;\nAgain;044 123-45-67\n", "utf-8")
    async with installation(tmp_path / "data") as installed:
        on = verbs_on(installed, monkeypatch)
        engine = (await installed.start(*ALL)).engine
        await say(engine, ChangeWorkspaceSettings(zone="Europe/Kyiv"))
        wanted = TableOrder(Taking(path), False, tmp_path / "refused.csv")
        assert await on.import_table(wanted) == 0
        said = capsys.readouterr().out
        assert "3 rows: 2 new, 0 updating, 1 skipped, 0 refused" in said
        import_id = said.split("voronka undo-import ")[1].split()[0]
        assert await on.import_table(wanted) == 0
        assert "nothing new to store" in capsys.readouterr().out
        assert await on.undo_import(import_id) == 0
        assert "2 records undone" in capsys.readouterr().out
        assert await on.verify(20) == 0
