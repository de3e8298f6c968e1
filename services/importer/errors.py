"""What is wrong with a bundle, row by row, and the file it is told in (DESIGN 9)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.problem import Invalid


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong. `line` counts from 1 (the header); 0: the whole file. `column` may be empty."""

    file: str
    line: int
    column: str
    reason: str


class BundleError(Exception):
    """Nothing of the bundle can be imported."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.reason)
        self.error = error


def check_place(path: Path, data: Path | None) -> None:
    """Raise Invalid if the list of bad rows would lie inside the data folder (None: there is none)."""
    if data is not None and path.resolve().is_relative_to(data.resolve()):
        raise Invalid("errors.csv is never written into the data folder; name another place", field="errors")


def write_errors(errors: Sequence[RowError], path: Path, data: Path | None) -> None:
    """Write `errors.csv` (file, line, column, reason). Raises Invalid if `path` lies inside the data folder."""
    check_place(path, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "line", "column", "reason"])
        writer.writerows([e.file, e.line or "", e.column, e.reason] for e in errors)


def remove_stale(path: Path) -> None:
    """Remove the list of bad rows of an earlier import, if that is what the file is."""
    if path.is_file() and path.read_bytes()[:64].startswith(b"file,line,column,reason"):
        path.unlink()
