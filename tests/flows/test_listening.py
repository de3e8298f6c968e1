"""A process that says it is ready accepts connections: whoever asks at once is answered (#4)."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli import listening
from services.cli.listening import accepts
from services.kit.errors import Unusable
from tests.flows.test_processes_run import NEEDED, ROOT, free_port

LATE = (sys.executable, "-m", "tests.support.listening_late")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("services.cli.main", "run", "--data", "{folder}/data", "--port", "{port}"), "Voronka is ready at "),
        (("tests.support.process_child", "{folder}"), " at http://"),
        (("tests.support.process_child", "{folder}", "clients"), " at http://"),
        (("tests.support.process_child", "{folder}"), "ready\n"),
    ],
    ids=["one process", "all services", "one service", "all services, ready"],
)
def test_a_process_that_says_it_is_ready_accepts_connections(words: tuple[str, ...], line: str, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "there").touch()
    command = [*LATE, *(each.format(folder=tmp_path, port=port) for each in words)]
    settings = {} if "run" in words else NEEDED | {"port": str(port)}
    env = os.environ | {f"VORONKA_{name.upper()}": value for name, value in settings.items()}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert any(line in each for each in process.stdout)  # reads up to that line
            socket.create_connection(("127.0.0.1", port)).close()
        finally:
            process.kill()


async def test_nobody_waits_for_a_server_that_ended() -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(accepts("127.0.0.1", free_port(), ended))
    await asyncio.sleep(0)
    assert not waiting.done()
    ended.set_result(None)
    assert await waiting is False


async def test_a_server_that_never_listens_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_MOST", 0)
    with pytest.raises(Unusable, match="does not listen at"):
        await accepts("127.0.0.1", free_port())
