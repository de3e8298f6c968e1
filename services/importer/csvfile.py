"""Reads one CSV file of a bundle row by row, saying where it is broken; nothing here knows what the columns mean."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from services.importer.cells import Parse
from services.importer.errors import RowError

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what its cells may hold, and whether they must hold something."""

    name: str
    parse: Parse
    required: bool = False


@dataclass(slots=True)
class Row:
    """A row: the line it begins in, its values (None: empty or wrong)."""

    line: int
    values: list[Any]
    bad: bool = False
    """It is not imported."""
    told: bool = False
    """And the reason was told for this very row, not just for a whole file that it needs."""


_Parser = tuple[str, Parse, bool]
"""Column, parser, whether it is required."""


class Broken(Exception):
    """The file cannot be read from here on: what its other rows are about is not known."""

    def __init__(self, line: int, column: str, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column
        self.reason = reason


class _Lines:
    """The physical lines as text: broken UTF-8 as lone surrogates, a stray carriage return as NUL."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.number = 0
        self.suspect = 0
        """The last line with something that cannot be stored."""

    def __iter__(self) -> Iterator[str]:
        for raw in self.file:
            self.number += 1
            start = 3 if self.number == 1 and raw.startswith(b"\xef\xbb\xbf") else 0
            try:
                text = str(raw[start:], "utf-8")
            except UnicodeDecodeError:
                text = str(raw[start:], "utf-8", "surrogateescape")
                self.suspect = self.number
            if "\r" in text:
                text = text.replace("\r\n", "\n")
                if "\r" in text:
                    text = text.replace("\r", "\x00")
            if "\x00" in text:
                self.suspect = self.number
            yield text


def read(path: Path, columns: Sequence[Column], errors: list[RowError]) -> Iterator[Row]:
    """Yield the rows with their values in the order of `columns`; what is wrong is appended to `errors`.

    Raises Broken if a column is missing, or if the text is no CSV from some line on."""
    with path.open("rb") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, strict=True)
        header = _header(reader, lines)
        pick = _picker(header, [column.name for column in columns])
        width = len(header)
        parsers = [(column.name, column.parse, column.required) for column in columns]
        name = path.name
        first = reader.line_num + 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise Broken(first, "", f"is no CSV from this line on ({error}): check the quotes") from error
            if cells is None:
                return
            start, first = first, reader.line_num + 1
            if not cells:
                continue
            known, chosen, asked = len(errors), parsers, cells
            if len(cells) != width:
                if first - start > 1:
                    raise Broken(start, "", "a quoted cell goes on over several lines to no good end: check the quotes")
                errors.append(RowError(name, start, "", f"has {len(cells)} cells, the header has {width}"))
                asked = (cells + [""] * width)[:width]
                row = Row(start, _values(pick(asked), parsers, name, start, []))
            else:
                asked = pick(cells)
                if lines.suspect >= start:
                    asked, chosen = _sound(asked, parsers, name, start, errors)
                row = Row(start, _values(asked, chosen, name, start, errors))
            row.bad = row.told = len(errors) > known
            yield row


def _header(reader: Any, lines: _Lines) -> list[str]:
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise Broken(1, "", f"the header is no CSV ({error})") from error
    if not header:
        raise Broken(1, "", "has no header row")
    if lines.suspect:
        raise Broken(1, "", "the header is not valid UTF-8")
    return [cell.strip() for cell in header]


def _picker(header: list[str], names: list[str]) -> Any:
    for name in names:
        if name not in header:
            raise Broken(1, name, f"the column {name} is missing")
        if header.count(name) > 1:
            raise Broken(1, name, f"the column {name} is there twice")
    if header == names:
        return list
    return itemgetter(*[header.index(name) for name in names])


def _values(
    cells: Sequence[str], parsers: Sequence[_Parser], file: str, line: int, errors: list[RowError]
) -> list[Any]:
    values: list[Any] = []
    for cell, (name, parse, required) in zip(cells, parsers, strict=True):
        value = None
        if cell:
            try:
                value = parse(cell)
            except ValueError as error:
                errors.append(RowError(file, line, name, str(error)))
                values.append(None)
                continue
        if value is None and required:
            errors.append(RowError(file, line, name, "must not be empty"))
        values.append(value)
    return values


def _sound(
    cells: Sequence[str], parsers: Sequence[_Parser], file: str, line: int, errors: list[RowError]
) -> tuple[list[str], list[_Parser]]:
    """Report and blank the cells that hold what cannot be stored."""
    sound, chosen = list(cells), list(parsers)
    for place, (cell, (name, parse, _)) in enumerate(zip(cells, parsers, strict=True)):
        if "\x00" in cell:
            reason = "holds a NUL character or a stray carriage return"
        elif not cell.isascii() and any("\udc80" <= letter <= "\udcff" for letter in cell):
            reason = "is not valid UTF-8"
        else:
            continue
        errors.append(RowError(file, line, name, reason))
        sound[place], chosen[place] = "", (name, parse, False)
    return sound, chosen
