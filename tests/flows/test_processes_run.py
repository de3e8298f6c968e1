"""`voronka run --profile distributed`: starts in any order, says what it waits for, drains (#4, DESIGN 10)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from typer.testing import CliRunner

from services.cli import processes
from services.cli.main import app as cli
from services.kit import profiles
from services.kit.errors import Unusable
from services.kit.patience import Patience
from services.kit.remote.calls import Calls
from services.kit.remote.passes import Passes
from services.kit.settings import Settings
from tests.support.app import App
from tests.support.patience import PATIENCE
from tests.support.processes import NAMES, SECRET, installation
from tests.support.staff import bearer
from tests.support.tokens import token_in

ROOT = Path(__file__).parents[2]
NEEDED = {
    "event_store": "kurrentdb://nowhere:2113?tls=false",
    "kafka": "nowhere:9092",
    "documents": "mongodb://nowhere/?replicaSet=rs0",
    "redis": "redis://nowhere/0",
    "secret": SECRET,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Child:
    """A process that runs services, and how to ask it."""

    def __init__(self, process: asyncio.subprocess.Process, http: httpx2.AsyncClient, folder: Path) -> None:
        self.process, self.http, self.folder = process, http, folder

    async def until(self, path: str, wanted: Callable[[httpx2.Response], bool]) -> httpx2.Response:
        """Ask until the answer is as wanted."""
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process.returncode is None, "the process ended"
                try:
                    answer = await self.http.get(path)
                except httpx2.TransportError:
                    answer = None
                if answer is not None and wanted(answer):
                    return answer
                await asyncio.sleep(0.01)

    async def stopped(self) -> float:
        """Ask it to stop; return how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.process.wait(), PATIENCE)
        return time.monotonic() - begun


@asynccontextmanager
async def child(
    folder: Path,
    *services: str,
    environment: Mapping[str, str] | None = None,
    errors: Path | None = None,
    **settings: str,
) -> AsyncIterator[Child]:
    """Run services in a process. `settings`: of Voronka; `environment`: besides; `errors`: a file for what it logs."""
    token = await token_in(folder)
    port = free_port()
    given = NEEDED | {"port": str(port)} | settings
    env = os.environ | {f"VORONKA_{name.upper()}": value for name, value in given.items()} | (environment or {})
    command = [sys.executable, "-m", "tests.support.process_child", str(folder), *services]
    with contextlib.nullcontext() if errors is None else errors.open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stderr=log)
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, headers=bearer(token)
        ) as http:
            yield Child(process, http, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_process_says_what_it_waits_for_then_works_then_drains(tmp_path: Path) -> None:  # #4
    async with child(tmp_path) as running:
        live = await running.until("/health/live", lambda answer: answer.status_code == 200)
        assert live.json() == {"status": "alive"}
        waiting = await running.until("/health/ready", lambda answer: "waiting for" in answer.json()["detail"])
        assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1")
        assert "the event store: nobody answers at kurrentdb://nowhere" in waiting.json()["detail"]
        assert (await running.http.get("/api/v1/clients")).status_code == 503
        (tmp_path / "there").touch()
        await running.until("/health/ready", lambda answer: answer.status_code == 200)
        api = App(running.http, None)  # type: ignore[arg-type]
        done = await api.done("/clients", {"name": "Acme"})
        assert (await api.get(f"/clients/{done['id']}", after=done["token"]))["item"]["name"] == "Acme"
        (tmp_path / "slow").touch()
        late = asyncio.create_task(api.post("/clients", {"name": "Late"}))
        async with asyncio.timeout(PATIENCE):
            while not (tmp_path / "waits").exists():
                await asyncio.sleep(0.005)
        running.process.send_signal(signal.SIGTERM)
        (tmp_path / "go").touch()
        assert (await late).status_code == 201, "what is under way is answered"
        assert await running.stopped() < 10
        assert running.process.returncode == 0


async def test_a_process_that_waits_stops_at_once(tmp_path: Path) -> None:  # #4
    async with child(tmp_path) as running:
        await running.until("/health/ready", lambda answer: "waiting for" in answer.json()["detail"])
        assert await running.stopped() < 10
        assert running.process.returncode == 0


async def test_a_request_that_is_never_answered_does_not_keep_a_process(tmp_path: Path) -> None:  # #4
    (tmp_path / "there").touch()
    async with child(tmp_path) as running:
        await running.until("/health/ready", lambda answer: answer.status_code == 200)
        (tmp_path / "slow").touch()
        api = App(running.http, None)  # type: ignore[arg-type]
        stuck = asyncio.create_task(api.post("/clients", {"name": "Stuck"}))
        async with asyncio.timeout(PATIENCE):
            while not (tmp_path / "waits").exists():
                await asyncio.sleep(0.005)
        assert await running.stopped() < 12
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)


async def test_processes_call_each_other_over_sockets(tmp_path: Path) -> None:  # #4
    async with installation(tmp_path) as installed:
        behind = await installed.start("pipeline", "clients", "analytics")
        port = free_port()
        server = Server(behind.app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)
        serving = asyncio.create_task(server.serve())
        gateway = await installed.start("gateway")
        calls = Calls(dict.fromkeys(NAMES, f"http://127.0.0.1:{port}"), Passes(SECRET))
        object.__setattr__(gateway.engine.share, "calls", calls)
        try:
            async with gateway.client() as http:
                api = App(http, gateway.engine)
                async with asyncio.timeout(PATIENCE):
                    while (await api.post("/leads", {"name": "Olha"}, key="k")).status_code != 201:
                        await asyncio.sleep(0.01)
                done = await api.done("/clients", {"name": "Acme"})
                assert (await api.get(f"/clients/{done['id']}", after=done["token"]))["item"]["name"] == "Acme"
                page = await http.get("/")
                assert (page.status_code, "Acme" in page.text) == (200, True)
        finally:
            server.stop()
            await asyncio.wait({serving}, timeout=PATIENCE)
            await calls.close()


def settings_of(**more: Any) -> Settings:
    return Settings(_env_file=None, **(NEEDED | more))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("services", "more", "words"),
    [
        (["billing"], {}, "there is no service billing; choose of gateway, pipeline, clients, analytics"),
        (["gateway"], {}, "set VORONKA_PIPELINE_URL, VORONKA_CLIENTS_URL, VORONKA_ANALYTICS_URL"),
        (["gateway", "pipeline", "clients"], {}, "set VORONKA_ANALYTICS_URL"),
        ([], {"kafka": ""}, "VORONKA_KAFKA"),
        ([], {"secret": "short"}, "openssl rand -hex 32"),
    ],
)
def test_what_a_process_lacks_is_said_before_it_starts(services: list[str], more: dict[str, str], words: str) -> None:
    with pytest.raises(Unusable) as refused:
        processes.Plan.of(services, settings_of(**more))
    assert words in str(refused.value)


def test_a_gateway_that_knows_where_the_others_are_may_start() -> None:
    urls = {f"{name}_url": f"http://{name}:8080" for name in ("pipeline", "clients", "analytics")}
    assert processes.Plan.of(["gateway"], settings_of(**urls)).local == {"gateway"}
    assert processes.Plan.of([], settings_of()).local == set(NAMES)
    assert settings_of(allowed_hosts="crm.example.org, 10.0.0.7,").hosts() == ["crm.example.org", "10.0.0.7"]


async def test_missing_drivers_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> Any:
        raise ModuleNotFoundError("no kurrentdbclient", name="kurrentdbclient")

    monkeypatch.setattr(profiles, "import_module", missing)
    with pytest.raises(Unusable) as refused:
        await profiles.distributed(settings_of(), Patience(print))
    assert "kurrentdbclient" in str(refused.value)
    assert "uv sync --extra distributed" in str(refused.value)
    assert "pip install 'voronka[distributed]'" in str(refused.value)


def test_the_command_line_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(f"VORONKA_{name.upper()}", raising=False)
    said = CliRunner().invoke(cli, ["run", "--profile", "distributed", "clients"])
    assert said.exit_code == 3
    assert "VORONKA_EVENT_STORE" in said.output
    monkeypatch.setenv("VORONKA_PORT", "no number")
    wrong = CliRunner().invoke(cli, ["run"])
    assert wrong.exit_code == 3
    assert "VORONKA_PORT" in wrong.output
    monkeypatch.delenv("VORONKA_PORT")
    several = CliRunner().invoke(cli, ["run", "clients"])
    assert several.exit_code == 3
    assert "embedded profile runs all services" in several.output
