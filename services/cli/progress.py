"""Long work shown: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

Report = Callable[[str, int, int], None]
"""(what, done, total); a total of 0 is not known."""
_STEPS = 5


@contextmanager
def shown() -> Iterator[Report]:
    """Yield a function to report progress with."""
    if sys.stderr.isatty():
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            yield _bar(progress)
    else:
        yield _lines()


def _bar(progress: Progress) -> Report:
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total or None)
        progress.update(tasks[what], completed=done, total=total or None)

    return report


def _lines() -> Report:
    told: dict[str, int] = {}

    def report(what: str, done: int, total: int) -> None:
        step = done * _STEPS // total if total else 0
        if told.get(what) != step:
            told[what] = step
            print(f"{what}: {done}{f' of {total}' if total else ''}", file=sys.stderr, flush=True)

    return report
