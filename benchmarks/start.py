"""Start, memory and first pages of a server on the whole data."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
import urllib.request
from pathlib import Path
from time import perf_counter

from benchmarks.fold import file_of
from benchmarks.lag import Percentiles
from benchmarks.measure import FULL, NORMAL, Line, Results
from services.analytics.projections.model import ROWS, SORTABLE
from services.analytics.queries.numbers import Numbers
from services.cli.workspace import engine
from services.kit import clock
from services.kit.documents import Filter

PAGE = 50


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _memory(pid: int) -> tuple[float, float]:
    """Return resident memory now and at most, of the process and its children, MB."""
    now = most = 0.0
    for each in (pid, *_children(pid)):
        status = Path(f"/proc/{each}/status")
        if status.exists():
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            now += int(fields["VmRSS"].split()[0]) / 1024
            most += int(fields["VmHWM"].split()[0]) / 1024
    return now, most


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


async def starts(results: Results, data: Path, events: int, clients: int, rounds: int) -> None:
    """Start `voronka run` on the workspace, whose read models are there, until it says that it is ready."""
    seconds: list[float] = []
    memory: list[float] = []
    peak = 0.0
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for turn in range(rounds + 1):
        port = _free_port()
        command = [sys.executable, "-m", "benchmarks.start", str(data), str(port)]
        begun = perf_counter()
        child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        while not _ready(port):
            if child.returncode is not None or perf_counter() - begun > 120:
                raise AssertionError(f"the server does not start: exit code {child.returncode}")
            time.sleep(0.01)
        if turn:  # the first one compiles what it imports
            seconds.append(perf_counter() - begun)
        for _ in range(20):
            _ready(port)
        await asyncio.sleep(1)
        now, most = _memory(child.pid)
        memory.append(now)
        peak = max(peak, most)
        child.terminate()
        await child.wait()
    size = f"{events:,} events, {clients:,} clients"
    full = events >= 1_000_000
    line = Line("start", f"process start to /health/ready, {size}", FULL, "s", seconds)
    results.add(line.judged(at_most=2))
    line = Line(
        "memory", f"resident memory of the server after its start, {size} (peak {peak:,.0f})", FULL, "MB", memory
    )
    results.add(line.judged(at_most=400))
    if not full:
        results.note(
            "start and memory: the goals are for 1,000,000 events and 100,000 clients (make bench-quick ARGS=--full)"
        )


async def first_pages(results: Results, data: Path, clients: int, rounds: int) -> None:
    """Read the first page of clients sorted by each metric, both ways; the pages must be in order."""
    took: list[float] = []
    async with engine(data) as running:
        await running.settle(900)
        group = await running.serving("analytics")
        for turn in range(rounds + 1):
            for column in SORTABLE:
                for descending in (True, False):
                    begun = perf_counter()
                    async with running.reading() as reader:
                        numbers = await Numbers.open(reader, group, clock.now())
                        where = (Filter("rules", "=", numbers.rules.id), Filter("subject", "=", "client"))
                        page = await reader.find(group, ROWS.name, where, ((column, descending),), limit=PAGE)
                    if turn:
                        took.append(perf_counter() - begun)
                    values = [getattr(row.document, column) for row in page.rows]
                    present = [value for value in values if value is not None]
                    if len(values) != PAGE or present != sorted(present, reverse=descending):
                        raise AssertionError(f"the page sorted by {column} is not in order: {values}")
    times = Percentiles(took)
    what = f"first page of {clients:,} clients sorted by each of {len(SORTABLE)} metrics, both ways: {times}"
    results.add(Line("pages", what, NORMAL, "ms (p95)", [times.at(0.95)]).judged(at_most=15))
    results.note(f"pages: the file of analytics has {file_of(data, group).stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    from services.cli.main import app

    app(["run", "--data", sys.argv[1], "--port", sys.argv[2]])
