"""Rows of an XLSX sheet as text: numbers without loss, dates as ISO 8601, what a format adds to a number kept."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from contracts.problem import Invalid
from services.importer.sheets import guard
from services.importer.sheets.table import COLUMNS, Line, refused

_MAC_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001 - as openpyxl tells it
_SIGNIFICANT = 15
"""Digits that a spreadsheet keeps of a number; those behind them are lost."""
_LAST_ROW = 1_048_576
_ZEROS = re.compile(r"0{2,30}").fullmatch


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as read. `serials`: bare numbers count days from 1900. `sheets`: the names of all sheets of the workbook,
    in their order."""

    name: str
    serials: bool
    lines: list[Line]
    sheets: tuple[str, ...]


def read_sheet(file: str, data: bytes, sheet: str | None) -> Sheet:
    """Return the named sheet, else the first that is not empty. Raises Invalid naming the file and the remedy."""
    guard.check(file, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts of a workbook that are not read
            with closing(_opened(data)) as book:
                return _chosen(file, book, sheet)
    except Invalid:
        raise
    except Exception as error:  # the library may raise anything on a file that no program wrote
        raise refused(
            file, f"it cannot be read ({type(error).__name__}); open it in a spreadsheet program and save it anew"
        ) from error


def _opened(data: bytes) -> Any:
    import openpyxl  # noqa: PLC0415 - a tenth of the time of a start, and seldom wanted

    return openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)


def _chosen(file: str, book: Any, wanted: str | None) -> Sheet:
    sheets = {each.title: each for each in book.worksheets}
    if wanted is not None and wanted not in sheets:
        raise refused(file, f"it has no sheet {wanted!r}; choose one of {', '.join(map(repr, sheets))}")
    serials, names = book.epoch != _MAC_EPOCH, tuple(sheets)
    for name in names if wanted is None else (wanted,):
        lines = list(_lines(sheets[name]))
        if lines or name == wanted:
            return Sheet(name, serials, lines, names)
    return Sheet("", serials, [], names)


def _lines(sheet: Any) -> Iterator[Line]:
    """Yield the rows that hold something."""
    for number, cells in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=COLUMNS), 1):
        texts = ["" if cell.value is None else _text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield number, texts


def _text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(value).strip()


def _number(value: float, shown: str) -> str:
    """Return a number as text: 0.1 shown as 10% is "10%", 7 shown as 00007 is "00007". One with more digits than a
    spreadsheet keeps stays in scientific notation: what reads it sees that digits are lost."""
    if "%" in shown:
        return f"{_plain(float(f'{value * 100:.12g}'))}%"
    if _ZEROS(shown) and value == int(value) and value >= 0:
        return str(int(value)).zfill(len(shown))
    return _plain(value)


def _plain(value: float) -> str:
    if abs(value) >= 10**_SIGNIFICANT:
        return f"{value:.{_SIGNIFICANT - 1}E}"
    if value == int(value):
        return str(int(value))
    text = f"{value:.{_SIGNIFICANT}g}"
    return format(value, ".12f").rstrip("0").rstrip(".") if "e" in text else text
