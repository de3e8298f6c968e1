"""Times, ratios, the machine they were taken on, and how they are printed."""

from __future__ import annotations

import gc
import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
Measure = Callable[[], Awaitable[float]]
FULL, NORMAL, MEMORY = "log: WAL, FULL", "documents: WAL, NORMAL", "memory only"


@dataclass
class Line:
    """One measured thing: samples of ours and of the limit, taken in turn."""

    name: str
    what: str
    durability: str
    unit: str
    ours: list[float]
    limit: list[float] = field(default_factory=list)
    limit_is: str = ""
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the limit: median of the rounds' ratios."""
        return median(a / b for a, b in zip(self.ours, self.limit, strict=True)) if self.limit else None

    def judged(
        self, *, at_least: float | None = None, at_most: float | None = None, ratio: float | None = None
    ) -> Line:
        """Set goal and whether it was met by the medians."""
        goals: list[tuple[str, bool]] = []
        if at_least is not None:
            goals.append((f">= {_number(at_least)}", median(self.ours) >= at_least))
        if at_most is not None:
            goals.append((f"<= {_number(at_most)}", median(self.ours) <= at_most))
        if ratio is not None and self.ratio is not None:
            goals.append((f"ratio >= {ratio}", self.ratio >= ratio))
        self.goal = ", ".join(text for text, _ in goals)
        self.met = all(met for _, met in goals) if goals else None
        return self


class Results:
    """Collects lines and prints each as soon as it is there."""

    def __init__(self, sizes: dict[str, object]) -> None:
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self.machine = machine()
        self.sizes = sizes

    def add(self, line: Line) -> None:
        """Take a line and print it."""
        self.lines.append(line)
        ratio = "" if line.ratio is None else f" | limit {_spread(line.limit)} | ratio {line.ratio:.2f}"
        verdict = "" if line.met is None else f" | goal {line.goal}: {'met' if line.met else 'NOT MET'}"
        ours = f"{_spread(line.ours)} {line.unit}"
        print(f"{line.name}: {line.what} | {ours}{ratio}{verdict} | {line.durability}", flush=True)

    def note(self, text: str) -> None:
        """Take a remark and print it."""
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def write(self, folder: Path) -> None:
        """Write latest.json and latest.md."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [asdict(line) | {"ratio": line.ratio} for line in self.lines]
        found = {"machine": self.machine, "sizes": self.sizes, "lines": lines, "notes": self.notes}
        (folder / "latest.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (folder / "latest.md").write_text(self._markdown(), "utf-8")

    def _markdown(self) -> str:
        rows = [
            "| | what | ours (median, min to max) | limit in the same run | ratio | goal | | durability |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for line in self.lines:
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            limit = f"{_spread(line.limit)} ({line.limit_is})" if line.limit else ""
            met = "" if line.met is None else ("met" if line.met else "**not met**")
            rows.append(
                f"| {line.name} | {line.what} | {_spread(line.ours)} {line.unit} | {limit} | {ratio} | {line.goal} "
                f"| {met} | {line.durability} |"
            )
        said = "".join(f"- {note}\n" for note in self.notes)
        about = "".join(f"- {name}: {value}\n" for name, value in {**self.machine, **self.sizes}.items())
        return "# Benchmark results\n\n" + "\n".join(rows) + f"\n\n{said}\n## Where and with what\n\n{about}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _spread(samples: Sequence[float]) -> str:
    if len(samples) == 1:
        return _number(samples[0])
    return f"{_number(median(samples))} ({_number(min(samples))} to {_number(max(samples))})"


async def in_turn(rounds: int, ours: Measure, limit: Measure) -> tuple[list[float], list[float]]:
    """Measure both by turns: A B A B."""
    first: list[float] = []
    second: list[float] = []
    for _ in range(rounds):
        for measure, samples in ((ours, first), (limit, second)):
            gc.collect()
            samples.append(await measure())
    return first, second


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    cpu = "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line), cpu)
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit,
        "CPU": f"{cpu}, {os.cpu_count()} cores",
        "load before": load,
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("msgspec", "pydantic", "orjson", "cryptography", "duckdb")},
    }
