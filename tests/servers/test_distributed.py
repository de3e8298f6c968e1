"""The distributed profile whole, as processes: as exact as on one machine, whatever is killed (issue 4, X5)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from services.cli.demo import write_bundle
from tests.servers.cluster import ALL, Cluster
from tests.servers.load import proven, until_more, working
from tests.servers.native.kafka import Kafka
from tests.servers.native.redis import Redis
from tests.support.open_data import canonical, expected
from tests.support.workspaces import ROOT as DATA

pytestmark = pytest.mark.servers
SETS = ("northwind/traders_2006", "northwind/classic_1996_1998", "maven_crm", "helpdesk_it")


@pytest.fixture
def cluster(kafka: Kafka, redis: Redis, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, kafka.address, redis.address)
    yield made
    made.stop()


def compared(cluster: Cluster, name: str, as_of: str) -> str:
    told = cluster.voronka("export", "metrics", "--out", "out", "--as-of", as_of)
    assert told.returncode == 0, told.stderr
    command = [sys.executable, str(DATA / "compare.py"), str(cluster.folder / "out"), str(expected(name))]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


@pytest.mark.parametrize("name", SETS)
def test_an_open_set_gives_the_expected_numbers(cluster: Cluster, name: str) -> None:
    cluster.start_all()
    bundle = canonical(name)
    told = cluster.voronka("import", str(bundle))
    assert told.returncode == 0, told.stderr
    as_of = json.loads((bundle / "meta.json").read_text("utf-8"))["as_of"]
    assert " 0 differ" in compared(cluster, name, as_of)
    told = cluster.voronka("verify")
    assert told.stdout.splitlines()[-1] == "0 differences", told.stdout + told.stderr
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
    assert "analytics: built anew as analytics.1-2" in told.stdout, told.stderr
    until_more(writers, 20)
    proven(cluster, writers)
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
