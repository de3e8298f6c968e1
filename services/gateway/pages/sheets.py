"""A list as a file of a spreadsheet program: CSV or XLSX, written piece by piece (#5)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import TextIOWrapper
from typing import IO, Any, Protocol

from services.kit.cells import harmless

Cell = str | int | Decimal
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True)
class Column:
    """`cell`: of a record and its metrics, None where there are none."""

    title: str
    cell: Callable[[Any, Any], Cell]


class Sheet(Protocol):
    """Takes rows, then is closed; what was written is in the file it was made on."""

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class Separated:
    """CSV in UTF-8 with a mark, so that spreadsheet programs know it; decimals have a point."""

    def __init__(self, file: IO[bytes], separator: str) -> None:
        self._text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._text, delimiter=separator)

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """See Sheet."""
        self._rows.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)

    def close(self) -> None:
        """See Sheet."""
        self._text.flush()
        self._text.detach()


class Book:
    """XLSX: texts as texts, numbers as numbers, no formula."""

    def __init__(self, file: IO[bytes], title: str) -> None:
        from openpyxl import Workbook  # noqa: PLC0415 - a tenth of the time of a start, and seldom wanted
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

        self._file = file
        self._illegal = ILLEGAL_CHARACTERS_RE
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """See Sheet."""
        for row in rows:
            self._sheet.append([self._clean(cell) if isinstance(cell, str) else cell for cell in row])

    def close(self) -> None:
        """See Sheet."""
        self._book.save(self._file)

    def _clean(self, cell: str) -> str:
        return harmless(self._illegal.sub("", cell))


def known(titles: Mapping[str, str]) -> list[Column]:
    """Return columns of what a record knows of itself: field → title."""
    return [Column(title, lambda record, _, name=name: _known(record, name)) for name, title in titles.items()]  # type: ignore[misc]


def numbers(names: Iterable[str], titles: Mapping[str, str], currency: str, places: int) -> list[Column]:
    """Return columns of metrics, in base currency with so many decimals; 0 where there are none (S1.12)."""
    of_base = f", {currency}" if currency else ""
    made = []
    for name in names:
        money = not name.endswith("_count")
        made.append(Column(titles[name] + (of_base if money else ""), _number(name, places if money else 0)))
    return made


def _known(client: Any, name: str) -> Cell:
    value = getattr(client, name)
    return value if isinstance(value, int) else value or ""


def _number(name: str, places: int) -> Callable[[Any, Any], Cell]:
    def cell(_: Any, metrics: Any) -> Cell:
        value = int(getattr(metrics, name, None) or 0)
        return Decimal(value).scaleb(-places) if places else value

    return cell
