"""Rows of a CSV text: which sign separates its cells, and what they hold."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from services.importer.sheets.table import CELL, Line, Measure, refused

csv.field_size_limit(sys.maxsize)
_SIGNS = ";\t,|"
_LOOKED_AT = 30


def separated(file: str, text: str) -> Iterator[Line]:
    """Yield the rows of a CSV text, blank ones too. Raises Invalid naming the file, the row and the remedy."""
    if text[:4].lower() == "sep=" and text[4:5]:
        sign, (_, _, text), first = text[4], text.partition("\n"), 2
    else:
        sign, first = _sign(text), 1
    measure = Measure(file)
    number = first - 1
    reader = _reader(text, sign)
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise refused(
                file, f"row {number} is no CSV ({error}); check its quotes, or save the table as XLSX"
            ) from error
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if any(len(cell) > CELL for cell in cells):
            raise refused(file, f"row {number} has a cell of more than {CELL:,} signs; check the quotes around it")
        filled = [place for place, cell in enumerate(cells, 1) if cell]
        measure.take(filled[-1] if filled else 0, len(filled))
        yield number, cells


def _reader(text: str, sign: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)


def _sign(text: str) -> str:
    """Return the sign that cuts the first rows into the same number of cells most often; the most cells of equals."""

    def fit(sign: str) -> tuple[int, int]:
        widths: Counter[int] = Counter()
        try:
            for cells in islice(_reader(text, sign), _LOOKED_AT):
                widths[len(cells)] += len(cells) > 1
        except csv.Error:
            widths.clear()
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return times, width

    return max(_SIGNS, key=fit)
