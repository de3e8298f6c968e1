"""The distributed profile whole, as processes: as exact as on one machine, whatever is killed (issue 4, X5)."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contracts.envelope import NewEvent
from contracts.ids import event_id
from services.cli.demo import write_bundle
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.lanes import lane_of
from tests.servers.cluster import ALL, SERVICES, WHOLE, Cluster
from tests.servers.load import proven, rest, stored, until_more, working
from tests.support.open_data import canonical, expected
from tests.support.patience import PATIENCE
from tests.support.workspaces import ROOT as DATA

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("whole cluster")]
SETS = {
    "northwind/traders_2006": ALL,
    "northwind/classic_1996_1998": ALL,
    "maven_crm": (WHOLE, "relay"),
    "helpdesk_it": (WHOLE, "relay"),
}
"""Open set → the processes it is folded by; the large ones by one: the doubles take minutes for them as it is."""


def compared(cluster: Cluster, name: str, as_of: str) -> str:
    told = cluster.voronka("export", "metrics", "--out", "out", "--as-of", as_of)
    assert told.returncode == 0, told.stderr
    command = [sys.executable, str(DATA / "compare.py"), str(cluster.folder / "out"), str(expected(name))]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False).stdout


@pytest.mark.parametrize("name", SETS)
def test_an_open_set_gives_the_expected_numbers(cluster: Cluster, name: str) -> None:
    cluster.start_all(*SETS[name])
    bundle = canonical(name)
    told = cluster.voronka("import", str(bundle), seconds=1_500)
    assert told.returncode == 0, told.stderr
    as_of = json.loads((bundle / "meta.json").read_text("utf-8"))["as_of"]
    assert " 0 differ" in compared(cluster, name, as_of)
    told = cluster.voronka("verify")
    assert told.stdout.endswith("0 differences\n"), told.stdout + told.stderr
    again = cluster.voronka("import", str(bundle))
    assert "nothing new to store" in again.stdout


def test_every_process_is_killed_under_load(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:  # R1, R8
    """kill -9 of each in turn, and a worker that stands still for a while: nothing lost, nothing doubled."""
    cluster.start_all()
    writers = working(cluster)
    kills = 0
    until_more(writers, 40)
    cluster.pause("analytics")
    for name in (*ALL, "mongo", "kurrent"):
        if name == "analytics":
            cluster.pause("analytics", go_on=True)
            until_more(writers, 20)
        cluster.kill(name)
        kills += 1
        if name not in ("gateway", "clients", "pipeline", "mongo", "kurrent"):
            until_more(writers, 10)  # commands are answered without it
        cluster.start(name)
        until_more(writers, 20)
    told = proven(cluster, writers)
    with capsys.disabled():
        print(f"kills={kills} {told}")
    took = cluster.stop()
    assert max(took[name] for name in ALL) < 10, took


def test_read_models_are_built_anew_while_all_goes_on(cluster: Cluster) -> None:  # R19
    cluster.start_all()
    writers = working(cluster, 2)
    until_more(writers, 40)
    told = cluster.voronka("rebuild", "--projection", "analytics")
    assert "analytics: built anew as analytics.4-2" in told.stdout, told.stderr
    until_more(writers, 20)
    proven(cluster, writers)
    told = cluster.voronka("rebuild", "--projection", "clients")
    assert " rows the same\n" in told.stdout, "nobody writes: what serves is at the same events"
    assert all(cluster.running[name].poll() is None for name in ALL), "nobody had to be started again"
    assert cluster.voronka("doctor").stdout == "all is well\n"
    cluster.kill("kurrent")
    told = cluster.voronka("doctor")
    assert (told.returncode, told.stdout.splitlines()[-1]) == (1, "1 finding")
    assert "VORONKA_EVENT_STORE" in told.stdout


def test_a_workspace_moves_to_the_servers_and_back(cluster: Cluster, tmp_path: Path) -> None:
    """Ids, versions and times stay; both sides verify, and tell the same numbers."""
    write_bundle(tmp_path / "bundle", clients=25, events=700, seed=4, until=date(2026, 6, 1))
    here, back = str(tmp_path / "here"), str(tmp_path / "back")

    def told(*words: str) -> str:
        done = cluster.voronka(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    told("import", str(tmp_path / "bundle"), "--data", here, "--profile", "embedded")
    cluster.start_all()
    assert "moved" in told("move", here)
    assert told("move", here).startswith("0 events moved")
    assert told("verify").splitlines()[-1] == "0 differences"
    assert "moved" in told("move", "--from", "distributed", "--to", "embedded", back)
    assert told("verify", "--data", back, "--profile", "embedded").splitlines()[-1] == "0 differences"
    logs = []
    for where in (("--data", here, "--profile", "embedded"), ()):
        told("export", "events", "--out", "events.jsonl", *where)
        lines = (tmp_path / "events.jsonl").read_text("utf-8").splitlines()
        logs.append([{name: value for name, value in json.loads(line).items() if name != "position"} for line in lines])
    assert logs[0] == logs[1], "the same files, but that each store has positions of its own"
    moment = "2026-07-01T00:00:00Z"
    for name, where in (("a", ("--data", here)), ("b", ()), ("c", ("--data", back))):
        profile = "embedded" if where else "distributed"
        told("export", "metrics", "--out", name, "--as-of", moment, "--profile", profile, *where)
    files = {path.name for path in (tmp_path / "a").iterdir()}
    assert (
        files
        == {path.name for path in (tmp_path / "b").iterdir()}
        == {path.name for path in (tmp_path / "c").iterdir()}
    )
    for file in files:
        assert len({(tmp_path / name / file).read_text("utf-8") for name in "abc"}) == 1, file


async def poison(cluster: Cluster) -> int:
    """Append a touch of the deal `w0-1` that cannot be read; return its position."""
    store = await KurrentEventStore.open(cluster.env["VORONKA_EVENT_STORE"])
    try:
        broken = NewEvent(
            id=event_id("poison", 0), type="pipeline.DealTouched.v1", key="w0-1", occurred_at=1, actor="x",
            command_id="poison", command_hash="", data=b"{",
        )  # fmt: skip
        return (await store.append("deal-poison", [broken], 0)).position
    finally:
        await store.close()


def alarms(cluster: Cluster) -> set[tuple[str, str]]:
    """Return (group, lane) of all lanes for which some process raises the alarm."""
    found: set[tuple[str, str]] = set()
    for name in SERVICES:
        for process in (name, "analytics-2") if name == "analytics" else (name,):
            with urllib.request.urlopen(f"{cluster.url(process)}/metrics", timeout=PATIENCE) as answer:
                text = answer.read().decode()
            found |= set(re.findall(r'^voronka_lane_stopped\{group="(\w+)",lane="(\d+)"\} 1\.0$', text, re.MULTILINE))
    return found


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; a test that waits longer has failed."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)


def test_a_lane_that_stands_goes_on_by_one_command(cluster: Cluster) -> None:  # R5
    """Other lanes and all commands go on; `doctor` names the command; nothing but the skipped event is missing."""
    cluster.start_all()
    writers = working(cluster)
    until_more(writers, 20)
    position = asyncio.run(poison(cluster))
    lane = str(lane_of("w0-1", 12))
    stand = {("analytics", lane), ("pipeline", lane)}
    eventually(lambda: alarms(cluster) == stand, "both groups raise the alarm for that lane alone")
    until_more(writers, 20)
    told = cluster.voronka("doctor")
    assert (told.returncode, told.stdout.splitlines()[-1]) == (1, "2 findings"), told.stdout + told.stderr
    assert f"analytics lane {lane} stands at position {position} (pipeline.DealTouched.v1 " in told.stdout
    commands = re.findall(r"go on behind it: `voronka ([^`]+)`", told.stdout)
    assert commands == [f"skip --yes --projection {name}" for name in ("analytics", "pipeline")]
    assert cluster.voronka("skip").returncode == 1, "shown, nothing done"
    assert alarms(cluster) == stand
    for command in commands:
        told = cluster.voronka(*command.split(), "--by", "ann", "--why", "written by hand")
        assert told.returncode == 0, told.stdout + told.stderr
        assert "skipped; the group is incomplete until" in told.stdout
    eventually(lambda: not alarms(cluster), "the alarms are over")
    until_more(writers, 20)
    rest(writers)
    told = cluster.voronka("verify")
    assert told.returncode == 1
    assert [line for line in told.stdout.splitlines() if "served" in line] == [
        "seen touched times: served 0, log 1",
        "summary repeated_stage_events_ignored repeated_stage_events_ignored: served 0, log 1",
    ], told.stdout + told.stderr
    for name in ("analytics", "pipeline"):
        known = rf"{name} lane {lane} is incomplete: .* at position {position}, by ann at .*: written by hand\)"
        assert re.search(known, told.stdout)
    assert told.stdout.splitlines()[-1] == "2 differences"
    assert all(cluster.running[name].poll() is None for name in ALL), "nobody had to be started again"
    told = cluster.voronka("export", "events", "--out", "events.jsonl")
    assert told.returncode == 0, told.stderr
    exported = [json.loads(line) for line in (cluster.folder / "events.jsonl").read_text("utf-8").splitlines()]
    assert [each["id"] for each in exported] == [id for _, _, id, _ in asyncio.run(stored(cluster))]


def test_a_demo_fills_empty_servers_and_no_others(cluster: Cluster) -> None:
    cluster.start_all()
    told = cluster.voronka("demo", "--clients", "20", "--events", "400", "--seed", "3")
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.splitlines()[-1] == "the demo is there"
    assert cluster.voronka("verify").stdout.splitlines()[-1] == "0 differences"
    told = cluster.voronka("demo")
    assert told.returncode == 3
    assert "holds events already" in told.stderr
