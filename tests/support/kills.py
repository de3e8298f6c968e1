"""Processes that are killed at work (tests.torture.child), and what must be true of the workspace they leave behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.envelope import RecordedEvent
from contracts.ids import event_id
from services.cli.workspace import ports
from services.kit.ports import EventStore

ROOT = Path(__file__).parents[2]
FOREVER = 60.0
"""Seconds that nothing here takes: only what hangs is killed then."""
Ack = tuple[str, int, str]
"""Stream, version, command id."""


def points() -> set[str]:
    """Return every named crash point of the product, read from its source."""
    found = (re.findall(r"\bpoint\(\"([a-z.]+)\"\)", p.read_text("utf-8")) for p in (ROOT / "services").rglob("*.py"))
    return {name for names in found for name in names}


@dataclass
class Life:
    """What one process did. `killed`: by SIGKILL, after it began to open the folder."""

    killed: bool
    code: int
    hit: str = ""
    ready_ms: int | None = None
    """Milliseconds that opening the workspace took; None: it did not come so far."""
    acks: list[tuple[str, int, Ack]] = field(default_factory=list)
    """Writer, number, and where its events are."""
    said: list[str] = field(default_factory=list)
    """What went wrong."""


class Nursery:
    """Starts processes, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.kills = 0
        self.hit: Counter[str] = Counter()

    def live(
        self, do: str, data: Path, *, kill_after: float = FOREVER, point: str = "", hits: int = 1, **more: Any
    ) -> Life:
        """Run a process to its end, at the latest after `kill_after` seconds."""
        job = {"do": do, "data": str(data), "kill_after": kill_after, "point": point, "hits": hits, **more}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        life, opened = Life(killed=False, code=70), False
        for line in self._process.stdout:
            match line.split():
                case ["open"]:
                    opened = True
                case ["ready", ms]:
                    life.ready_ms = int(ms)
                case ["ack", writer, number, stream, version, command]:
                    life.acks.append((writer, int(number), (stream, int(version), command)))
                case ["hit", name]:
                    life.hit = name
                    self.hit[name] += 1
                case ["ended", status]:
                    life.code = int(status)
                    life.killed = opened and life.code == -9
                    self.kills += life.killed
                    return life
                case ["refused" | "failed", *_]:
                    life.said.append(line.strip())
                case _:
                    pass  # What the commands themselves print.
        raise AssertionError("the process that starts the others ended")

    def strike(self, do: str, data: Path, kill_after: float, **more: Any) -> Life:
        """Kill a process at work after so many seconds; sooner in its next run, if the work was done by then."""
        while not (life := self.live(do, data, kill_after=kill_after, **more)).killed:
            assert (life.code, life.said) == (0, [])
            kill_after /= 2
        return life


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Load the product once; processes are forked from there in milliseconds."""
    command = [sys.executable, "-m", "tests.torture.child"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Nursery(process)
        finally:
            process.kill()


async def whole_log(store: EventStore) -> list[RecordedEvent]:
    return await store.read_all(0, 10_000_000)


async def log_of(data: Path) -> list[RecordedEvent]:
    """Return all events of a workspace."""
    async with ports(data) as opened:
        return await whole_log(opened.store)


def lost(events: list[RecordedEvent], acks: list[Ack]) -> list[Ack]:
    """Return what was acknowledged and is not in the log: an event of that command, in that stream at that version."""
    stored = {(event.stream, event.version, event.command_id) for event in events}
    return [ack for ack in acks if ack not in stored]


def doubled(events: list[RecordedEvent]) -> list[str]:
    """Return commands of people that stand in the log twice, and ids of events that do."""
    ids = Counter(event.id for event in events)
    found = [id for id, times in ids.items() if times > 1]
    by_command: dict[str, list[RecordedEvent]] = defaultdict(list)
    for event in events:
        if event.origin != "import":
            by_command[event.command_id].append(event)
    for command, caused in by_command.items():
        first = caused[0]
        one_append = [
            (event.stream, event.version - first.version, event.id) for event in caused
        ] == [(first.stream, n, event_id(command, n)) for n in range(len(caused))]  # fmt: skip
        if not one_append:
            found.append(command)
    return found


def gaps(events: list[RecordedEvent]) -> list[str]:
    """Return where positions or the versions of a stream do not grow by one."""
    found = [f"position {event.position}" for n, event in enumerate(events, 1) if event.position != n]
    versions: Counter[str] = Counter()
    for event in events:
        versions[event.stream] += 1
        if event.version != versions[event.stream]:
            found.append(f"{event.stream} version {event.version}")
    return found
