"""A spreadsheet as read: rows of text under named columns, each row under the number that a spreadsheet shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from contracts.problem import Invalid

FILE_BYTES = 50_000_000
ROWS = 200_000
COLUMNS = 500
CELLS = 4_000_000
"""Cells with content in one file: what fits into memory as text."""
CELL = 100_000
"""Characters of one cell; more is a quote that was never closed."""

Line = tuple[int, list[str]]
"""A row number, counted from 1 as a spreadsheet does, and the cells."""


class Row(NamedTuple):
    """A row under the header: its number, and one text for each column; an empty cell is ""."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read. Numbers are text without loss (percent and leading zeros as shown), dates are ISO 8601."""

    file: str
    digest: str
    """SHA-256 of the file's bytes and the sheet's name, in hex."""
    header: int
    """Row number of the header."""
    columns: tuple[str, ...]
    rows: list[Row]
    serials: bool = True
    """A bare number in a date column counts days from 1900, as Excel does unless the workbook says otherwise."""
    sheets: tuple[str, ...] = ()
    """The names of all sheets of a workbook."""


def refused(file: str, what: str) -> Invalid:
    """Return the refusal of a whole file: what is wrong with it and what to do."""
    return Invalid(f"{file}: {what}", field="file")


class Measure:
    """Counts what was read of a file against the limits."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows = 0
        self.cells = 0

    def take(self, width: int, filled: int) -> None:
        """Count a row: the place of its last filled cell, and how many are filled. Raises Invalid."""
        if not filled:
            return
        self.rows += 1
        self.cells += filled
        if width > COLUMNS:
            raise refused(self.file, f"it has more than {COLUMNS} columns; delete those you do not need")
        if self.rows > ROWS + 1 or self.cells > CELLS:
            raise refused(
                self.file, f"it has more than {ROWS:,} rows or {CELLS:,} filled cells; split it into several files"
            )
