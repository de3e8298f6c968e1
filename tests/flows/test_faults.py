"""Faults of the machine and of the data folder, as a person meets them at the command line: a clear message, the right
exit code, nothing lost and nothing half-written (#3, 'Bad input and faults')."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from contracts.clients.commands import RegisterClient
from contracts.envelope import NewEvent
from contracts.gateway.commands import AddEmployee
from contracts.ids import event_id
from services.cli.demo import write_bundle
from services.cli.main import app
from services.cli.workspace import ports
from services.kit import clock
from services.kit.engine import Engine
from tests.support.bundles import small, write
from tests.support.company import Company
from tests.support.kills import ROOT, doubled, gaps, log_of, whole_log
from tests.support.patience import PATIENCE
from tests.support.workspaces import differences, settled, within

FILES = ("log.sqlite", "documents.sqlite", "keys.sqlite")


@dataclass
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


def voronka(*words: object, cwd: Path) -> Said:
    """Run the command with `cwd` as the current folder. What a person would see as a traceback is raised."""
    try:
        with chdir(cwd):
            done = CliRunner().invoke(app, list(map(str, words)))
    finally:
        structlog.reset_defaults()  # Logs went to what the runner has closed.
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def voronka_alone(*words: object, limit: Callable[[], None] | None = None) -> Said:
    """Run the command in a process of its own, under limits."""
    command = [sys.executable, "-m", "services.cli.main", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False, preexec_fn=limit
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def contents(folder: Path) -> dict[str, str]:
    """Return a digest of each file, without those that only say who holds the folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and "lock" not in path.name)
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in files
        if not path.name.endswith(("-shm", "-wal")) or path.stat().st_size
    }


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bundle"), small())


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with facts of every kind."""
    data = tmp_path_factory.mktemp("company") / "data"
    make(data)
    return data


def make(data: Path) -> None:
    async def fill(engine: Engine) -> None:
        await Company(engine).all()
        await settled(engine)

    asyncio.run(within(data, fill))


@pytest.fixture
def data(company: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(company, tmp_path / "data")
    return tmp_path / "data"


@contextmanager
def held(data: Path) -> Iterator[int]:
    """Hold the folder in another process; yields its id."""
    code = (
        "import sys, pathlib; from services.kit.profiles import Folder; "
        "f = Folder.hold(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


# ---------------------------------------------------------------- the folder


@pytest.mark.parametrize("name", FILES)
def test_data_of_a_newer_version(data: Path, tmp_path: Path, name: str) -> None:
    with closing(sqlite3.connect(data / name)) as file, file:
        file.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    before = contents(data)
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 3, said
    assert "newer version of Voronka" in said.err
    assert "format 99" in said.err
    assert str(data / name) in said.err
    assert contents(data) == before


@pytest.mark.parametrize("words", [("verify",), ("import", "BUNDLE"), ("run", "--port", "PORT"), ("rebuild",)], ids=str)
def test_another_process_holds_the_folder(data: Path, tmp_path: Path, bundle: Path, words: tuple[str, ...]) -> None:
    stand_in = {"BUNDLE": str(bundle), "PORT": str(free_port())}
    before = contents(data)
    with held(data) as pid:
        said = voronka(*[stand_in.get(word, word) for word in words], "--data", data, cwd=tmp_path)
    assert said.code == 3, said
    assert "in use by" in said.err
    assert str(pid) in said.err
    assert contents(data) == before


def test_of_two_imports_at_once_one_is_refused(tmp_path: Path) -> None:
    data, big = tmp_path / "data", tmp_path / "big"
    write_bundle(big, clients=150, events=5_000, seed=3, until=date(2026, 6, 1))
    command = [sys.executable, "-m", "services.cli.main", "import", str(big), "--data", str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        until = time.monotonic() + PATIENCE
        while not (data / "lock").exists() or str(first.pid) not in (data / "lock").read_text():
            assert time.monotonic() < until
            time.sleep(0.005)
        second = voronka("import", big, "--data", data, cwd=tmp_path)
        _, told = first.communicate(timeout=PATIENCE)
    assert first.returncode == 0, told
    assert second.code == 3, second
    assert str(first.pid) in second.err
    assert asyncio.run(within(data, differences)) == ([], [])


def test_a_path_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    said = voronka("verify", "--data", tmp_path / "file" / "data", cwd=tmp_path)
    assert said.code == 3, said
    assert "Choose another with --data" in said.err
    said = voronka("verify", "--data", tmp_path / "file", cwd=tmp_path)
    assert said.code == 3, said
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_database(data: Path, tmp_path: Path, name: str) -> None:
    for extra in ("-wal", "-shm"):
        (data / (name + extra)).unlink(missing_ok=True)
    (data / name).write_text("this is no database, " * 1_000)
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 3, said
    assert str(data / name) in said.err
    assert (data / name).read_text().startswith("this is no database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(data: Path, tmp_path: Path) -> None:
    for path in (*data.iterdir(), data):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        said = voronka("verify", "--data", data, cwd=tmp_path)
    finally:
        for path in (data, *data.iterdir()):
            path.chmod(path.stat().st_mode | 0o200)
    assert said.code == 3, said


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of some 2,000 events."""
    folder = tmp_path_factory.mktemp("big")
    write_bundle(folder, clients=60, events=2_000, seed=3, until=date(2026, 6, 1))
    return folder


@pytest.fixture(scope="module")
def whole(big: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What an import of it without faults stores."""
    data = tmp_path_factory.mktemp("whole") / "data"
    assert voronka("import", big, "--data", data, cwd=data.parent).code == 0
    return asyncio.run(ids(data))


@pytest.mark.parametrize("room", [60_000, 200_000, 500_000])
def test_disk_full_while_it_imports(tmp_path: Path, big: Path, whole: list[str], room: int) -> None:
    data = tmp_path / "data"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    said = voronka_alone("import", big, "--data", data, limit=limit)
    assert said.code == 3, said
    assert re.search(r"disk|full|written|too large", said.err), said
    again = voronka("import", big, "--data", data, cwd=tmp_path)
    assert again.code == 0, again
    events = asyncio.run(log_of(data))
    assert not gaps(events)
    assert not doubled(events)
    assert asyncio.run(ids(data)) == whole
    assert asyncio.run(within(data, differences)) == ([], [])


async def ids(data: Path) -> list[str]:
    """The ids of all events but those of short numbers' blocks."""
    async with ports(data) as opened:
        return sorted(e.id for e in await whole_log(opened.store) if not e.stream.startswith("numbers-"))


# ---------------------------------------------------------------- read models and log apart


def read_models(data: Path) -> list[Path]:
    return list(data.glob("documents*"))


def remove(paths: list[Path]) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def put_log(data: Path, other: Path) -> None:
    """Put another workspace's log and keys into the folder, beside the read models that are there."""
    for name in ("log.sqlite", "keys.sqlite"):
        remove(list(data.glob(name + "*")))
        for path in other.glob(name + "*"):
            shutil.copy(path, data)


def test_lost_read_models_are_made_again(data: Path, tmp_path: Path) -> None:
    remove(read_models(data))
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 0, said


def test_one_lost_group_is_made_again(data: Path, tmp_path: Path) -> None:
    remove([next((data / "documents.groups").glob("analytics*"))])
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 0, said


def test_read_models_of_another_log(data: Path, tmp_path: Path, bundle: Path) -> None:
    other = tmp_path / "other"
    assert voronka("import", bundle, "--data", other, cwd=tmp_path).code == 0
    put_log(data, other)
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 0, said
    assert len(asyncio.run(log_of(data))) == len(asyncio.run(log_of(other)))


@pytest.mark.parametrize("goes_on", [False, True], ids=["as it was", "with other events since"])
def test_log_older_than_the_read_models(data: Path, tmp_path: Path, bundle: Path, goes_on: bool) -> None:
    older = tmp_path / "older"
    shutil.copytree(data, older)
    assert voronka("import", bundle, "--data", data, cwd=tmp_path).code == 0
    if goes_on:

        async def go_on(engine: Engine) -> None:
            again = Company(engine, "later")
            for number in range(200):
                await again.send(RegisterClient(client_id=f"later-{number}", name="Later"))
            await settled(engine)

        asyncio.run(within(older, go_on))
    put_log(data, older)
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 0, said


# ---------------------------------------------------------------- poison


@pytest.mark.parametrize("kind", ["unknown type", "broken JSON"])
def test_a_poison_event(data: Path, tmp_path: Path, kind: str) -> None:
    asyncio.run(poisoned(data, kind))
    said = voronka("skip", "--data", data, cwd=tmp_path)
    assert said.code == 1, said
    assert re.search(r"lane 0 stands at position \d+", said.out)
    assert "nothing stands" not in said.out
    said = voronka("doctor", "--data", data, cwd=tmp_path)
    assert said.code == 1, said
    commands = re.findall(r"go on behind it: `voronka (skip [^`]+)`", said.out)
    assert f"skip --yes --projection clients --data {data}" in commands
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 1, said
    assert "stands at position" in said.out
    for command in commands:
        said = voronka(*shlex.split(command), "--by", "ann", "--why", "not ours", cwd=tmp_path)
        assert said.code == 0, said
        assert "skipped; the group is incomplete until `voronka rebuild --projection" in said.out
    said = voronka("skip", "--data", data, cwd=tmp_path)
    assert (said.code, said.out) == (0, "nothing stands\n")
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 1, said
    assert re.search(r"clients lane 0 is incomplete: an event was skipped \(.* by ann at .*: not ours\)", said.out)
    said = voronka("rebuild", "--data", data, cwd=tmp_path)
    assert said.code == 3, said
    assert "cannot be built: the event at position 100 (clients." in said.err
    said = voronka("verify", "--data", data, cwd=tmp_path)
    assert said.code == 1, "a rebuild that could not fold an event must not hide that"
    assert "is incomplete: an event was skipped" in said.out
    out = tmp_path / "events.jsonl"
    assert voronka("export", "events", "--out", out, "--data", data, cwd=tmp_path).code == 0
    assert len(out.read_text("utf-8").splitlines()) == len(asyncio.run(log_of(data)))


async def poisoned(data: Path, kind: str) -> None:
    async with ports(data) as opened:
        number = await opened.store.head()
        type, body = ("clients.Unheard.v1", b"{}") if kind == "unknown type" else ("clients.NoteAdded.v1", b'{"note')
        bad = NewEvent(
            id=event_id("poison", 0), type=type, key="poison", occurred_at=clock.now(), actor="x", command_id="poison",
            command_hash="", correlation="", origin="live", imputed=False, data=body,
        )  # fmt: skip
        assert (await opened.store.append("client-poison", [bad], 0)).position == number + 1

    async def go_on(engine: Engine) -> None:
        await Company(engine, "later").send(AddEmployee(employee_id="after", name="After"))
        await engine.settle(3.0)
        stopped = {name for name, r in engine.runners.items() if any(lane.stop for lane in r.lanes.values())}
        assert "clients" in stopped
        if kind == "broken JSON":
            assert "pipeline" not in stopped, "other groups go on"
        async with engine.reading() as reader:
            group = await engine.serving("clients")
            assert await reader.get(group, "clients", "c1"), "what was folded before is kept"

    await within(data, go_on)


# ---------------------------------------------------------------- wrong usage, and what is taken


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "words",
    [("export", "metrics", "--out", "out", "--as-of", "garbage"), ("rebuild", "--projection", "nothing"),
     ("run", "--port", "0"), ("import",), ("--log-level", "LOUD", "verify")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = voronka(*words, cwd=tmp_path)
    assert said.code == 2, said
    assert not (tmp_path / "out").exists()


def test_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = voronka("run", "--no-demo", "--port", port, cwd=tmp_path)
    assert said.code == 3, said
    assert f"port {port} is taken" in said.err


@pytest.mark.parametrize("what", ["missing", "file", "empty"])
def test_an_import_of_what_is_no_bundle(tmp_path: Path, what: str) -> None:
    source = tmp_path / what
    if what == "file":
        source.write_text("x")
    elif what == "empty":
        source.mkdir()
    said = voronka("import", source, cwd=tmp_path)
    assert said.code == 1, said
    assert (tmp_path / "errors.csv").read_text().startswith("file,line,column,reason\n")
    assert asyncio.run(log_of(tmp_path / "voronka-data")) == []


def test_errors_are_never_written_into_the_data_folder(data: Path, tmp_path: Path) -> None:
    before = contents(data)
    for cwd, words in ((tmp_path, ["--errors", str(data / "deep" / "errors.csv")]), (data, [])):
        said = voronka("import", tmp_path / "missing", "--data", data, *words, cwd=cwd)
        assert said.code == 3, said
        assert "never written into the data folder" in said.err
    assert contents(data) == before
