"""Tables while they are read: ids seen, ids with an error, and references from one table to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from services.importer.csvfile import Broken, Column, Row, read
from services.importer.errors import RowError

R = TypeVar("R")
Progress = Callable[[str, int, int], None]
_TELL = 20_000
"""Rows between two reports of progress."""


class Table(Generic[R]):
    """Rows by id in file order. What is in `bad` has an error somewhere and is not imported."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows: dict[str, R] = {}
        self.bad: set[str] = set()
        self.silent: set[str] = set()
        """Those of `bad` whose only error is that of a whole file."""
        self.absent = True
        self.broken = False
        """Nothing in it can be trusted; said once, not again for all that refers to it."""

    def good(self) -> Iterator[R]:
        """Yield the rows without an error; none of a table that cannot be trusted."""
        return (row for key, row in self.rows.items() if key not in self.bad and not self.broken)


class Folder:
    """The bundle's folder: opens its files and gathers what is wrong."""

    def __init__(self, path: Path, errors: list[RowError], progress: Progress) -> None:
        self.path = path
        self.errors = errors
        self._progress = progress

    def error(self, file: str, line: int, column: str, reason: str) -> None:
        """Remember one thing that is wrong."""
        self.errors.append(RowError(file, line, column, reason))

    def has(self, file: str) -> bool:
        """Tell whether the file is there."""
        return (self.path / file).is_file()

    def rows(self, table: Table[R], columns: Sequence[Column]) -> Iterator[Row]:
        """Yield the file's rows; none if it is absent. A file that cannot be read becomes one error."""
        if not self.has(table.file):
            return
        table.absent = False
        count = 0
        try:
            for row in read(self.path / table.file, columns, self.errors):
                yield row
                count += 1
                if count % _TELL == 0:
                    self._progress(f"reading {table.file}", count, 0)
        except Broken as broken:
            self.error(table.file, broken.line, broken.column, f"{broken.reason}; nothing that needs it is imported")
            table.broken = True
        self._progress(f"reading {table.file}", count, count)

    def load(self, table: Table[R], columns: Sequence[Column], make: Callable[[Row], tuple[str, R] | None]) -> None:
        """Read a table whose rows have ids. `make` returns id and row, None if the row names no subject."""
        for row in self.rows(table, columns):
            made = make(row)
            if made is None:
                continue
            key, value = made
            if key in table.rows:
                self.error(table.file, row.line, columns[0].name, f"the id {key!r} is there twice")
                table.bad.add(key)
            self.spoil(table, key, row)
            table.rows[key] = value

    def spoil(self, table: Table[Any], key: str, row: Row) -> None:
        """Mark the subject as bad if the row is."""
        if row.bad:
            table.bad.add(key)
            if not row.told:
                table.silent.add(key)

    def refers(self, file: str, line: int, column: str, table: Table[Any], id: str) -> bool:
        """Tell whether the id is one of a good row; if not, say so, unless the reason was told for the whole table."""
        if id in table.rows and id not in table.bad and not table.broken:
            return True
        if table.absent:
            if not table.broken:
                self.error(
                    table.file,
                    0,
                    "",
                    f"the file is missing, but {file} refers to it; nothing that needs it is imported",
                )
            table.broken = True
        if not table.broken and id not in table.silent:
            name = id.replace("\x1f", "/")
            known = id in table.rows
            reason = "refers to a row that has an error" if known else f"refers to nothing: no {name!r} in {table.file}"
            self.error(file, line, column, reason)
        return False

    def needs(self, file: str, table: Table[Any]) -> bool:
        """Tell whether a file that another one cannot do without is there and readable."""
        if table.absent and not table.broken:
            self.error(table.file, 0, "", f"the file is missing, and {file} cannot be imported without it")
            table.broken = True
        return not table.broken

    def refer(self, row: Row, file: str, *references: tuple[str, Table[Any], str | None]) -> None:
        """Check the row's references: (column, table, id or None); the row is bad if one leads nowhere."""
        for column, table, key in references:
            known = len(self.errors)
            if key is not None and not self.refers(file, row.line, column, table, key):
                row.bad = True
                row.told |= any(error.file == file for error in self.errors[known:])

    def wrong(self, row: Row, file: str, column: str, reason: str) -> None:
        """Remember what is wrong with a row."""
        self.error(file, row.line, column, reason)
        row.bad = row.told = True
