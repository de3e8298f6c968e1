"""Reads a spreadsheet file into a table: what kind of file it is, and which of its rows is the header (#5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from services.importer.sheets.decoding import Undecodable, decoded
from services.importer.sheets.separated import separated
from services.importer.sheets.table import COLUMNS, FILE_BYTES, ROWS, Line, Row, Table, refused
from services.importer.sheets.workbook import read_sheet

Known = Callable[[Sequence[str]], int]
"""How many of these cells are names of columns."""
_ABOVE = 30
"""Rows among which the header is looked for: reports have titles above it."""
_ZIP, _OLD = b"PK", b"\xd0\xcf\x11\xe0"


def load(path: Path, known: Known, sheet: str | None = None) -> Table:
    """Read a file. Raises Invalid if it is no table, OSError if it cannot be opened."""
    with path.open("rb") as file:
        data = file.read(FILE_BYTES + 1)
    return read(path.name, data, known, sheet)


def read(file: str, data: bytes, known: Known, sheet: str | None = None) -> Table:
    """Read a CSV or XLSX file of this name. `sheet`: of a workbook; None: the first that is not empty. Raises Invalid,
    naming the file and the remedy, for whatever is no table within the limits."""
    if len(data) > FILE_BYTES:
        raise refused(file, f"it is larger than {FILE_BYTES // 1_000_000} MB; split it into several files")
    digest, serials = sha256(data), True
    sheets: tuple[str, ...] = ()
    if data.startswith((_ZIP, _OLD)):
        found = read_sheet(file, data, sheet)
        serials, sheets, lines = found.serials, found.sheets, found.lines
        digest.update(found.name.encode())
    else:
        try:
            lines = [line for line in separated(file, decoded(data)) if any(line[1])]
        except Undecodable as error:
            raise refused(file, f"{error}; save it as CSV in UTF-8, or as XLSX") from error
    if not lines:
        raise refused(file, "it is empty; choose a file with a header row and rows below it")
    place = _header(lines, known)
    number, header = lines[place]
    width = min(COLUMNS, max(len(cells) for _, cells in lines[place:]))
    below = [Row(row, _padded(cells, width)) for row, cells in lines[place + 1 :]]
    if not below:
        raise refused(file, f"there is no row below the header in row {number}; fill in at least one")
    if len(below) > ROWS:
        raise refused(file, f"it has more than {ROWS:,} rows; split it into several files")
    return Table(file, digest.hexdigest(), number, _named(_padded(header, width)), below, serials, sheets)


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells[:width], *[""] * (width - len(cells)))


def _header(lines: Sequence[Line], known: Known) -> int:
    """Return the place of the row with the most known names, else of the first with two cells, else of the first."""
    head = lines[:_ABOVE]
    best = max(range(len(head)), key=lambda place: (known(head[place][1]), -place))
    if known(head[best][1]):
        return best
    return next((place for place, (_, cells) in enumerate(head) if sum(map(bool, cells)) > 1), 0)


def _named(header: Sequence[str]) -> tuple[str, ...]:
    """Return names for all columns, no two alike: one without a name is named by its letters."""
    names: list[str] = []
    for place, cell in enumerate(header):
        name = wanted = " ".join(cell.split()) or f"Column {letters(place)}"
        again = 2
        while name in names:
            name, again = f"{wanted} ({again})", again + 1
        names.append(name)
    return tuple(names)


def letters(place: int) -> str:
    """Return what a spreadsheet calls a column: A for 0, AB for 27."""
    text = ""
    place += 1
    while place:
        place, left = divmod(place - 1, 26)
        text = chr(65 + left) + text
    return text
