"""A server as a process of ours: free ports, a ready check with a deadline, one more try, kill and restart."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3] / ".servers"
"""Where everything is kept; not in version control."""
_LOOK = 0.05


class NotThere(Exception):
    """A program that the server needs is missing; the text says which and what to do."""


class NotStarted(Exception):
    """The server did not become ready; the text holds the end of its log."""


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on right now."""
    taken = [socket.socket() for _ in range(count)]
    try:
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]
    finally:
        for one in taken:
            one.close()


class Process:
    """One server process. `command`: what to run; `ready`: is it of use yet? `log`: file for all it says."""

    def __init__(self, command: list[str], ready: Callable[[], bool], log: Path) -> None:
        self._command = command
        self._ready = ready
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Id of the running process. Raises NotStarted if there is none."""
        if self._process is None:
            raise NotStarted(f"{self._command[0]} does not run")
        return self._process.pid

    def start(self, seconds: float = PATIENCE) -> None:
        """Run it and wait until it is ready. Raises NotStarted if it ends before or takes longer."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._ready():
                return
            time.sleep(_LOOK)
        self.kill()
        end = self._log.read_text(errors="replace")[-2_000:]
        raise NotStarted(f"{self._command[0]} was not ready in {seconds:.0f} s. Its log {self._log} ends with:\n{end}")

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._signal(signal.SIGKILL)

    def stop(self, seconds: float = 10.0) -> None:
        """Ask it to end; end it at once if it takes longer."""
        self._signal(signal.SIGTERM, seconds)

    def pause(self) -> None:
        """Let it stand still, as a machine does that hangs."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on."""
        os.kill(self.pid, signal.SIGCONT)

    def _signal(self, number: int, seconds: float = 10.0) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end(pid: int, seconds: float = 10.0) -> None:
    """End a server of an earlier command by its id: politely, then at once."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(pid):
                return
            time.sleep(_LOOK)


def alive(pid: int) -> bool:
    """Tell whether the process runs (and is no zombie)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
