"""A list of clients as a file of a spreadsheet program: CSV or XLSX, written piece by piece (#5)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from gettext import NullTranslations
from io import TextIOWrapper
from typing import IO, Any, Protocol

from services.gateway.pages.clients.filters import Words
from services.gateway.pages.numbers import FIELDS
from services.kit.cells import harmless

Cell = str | int | Decimal
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True)
class Column:
    """`cell`: of a client and its metrics, None where there are none."""

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


def columns(
    say: NullTranslations, words: Words, *, numbers: bool, balance: bool, currency: str, places: int
) -> list[Column]:
    """Return the columns, in the order of the table: who it is, what is known, the numbers in base currency."""
    known = {
        "number": say.gettext("Number"),
        "name": say.gettext("Name"),
        "email": say.gettext("Email"),
        "address": say.gettext("Address"),
        "city": say.gettext("City"),
        "country": say.gettext("Country"),
        "tax_id": say.gettext("Tax number"),
        "birthday": say.gettext("Birthday"),
        "category": say.gettext("Category"),
        "segment": say.gettext("Segment"),
        "business_type": say.gettext("Business type"),
        "source": say.gettext("Source"),
        "currency": say.gettext("Currency"),
        "language": say.gettext("Language"),
    }
    made = [Column(title, lambda client, _, name=name: _known(client, name)) for name, title in known.items()]  # type: ignore[misc]
    made[2:2] = [
        Column(words.names["status"], lambda client, _: words.value("status", client.status)),
        Column(words.names["temperature"], lambda client, _: words.value("temperature", client.temperature or "")),
        Column(
            words.names["owner"], lambda client, _: words.employees.get(client.owner_id or "", client.owner_id or "")
        ),
        Column(say.gettext("Phones"), lambda client, _: ", ".join(client.phones)),
    ]
    made += [
        Column(say.gettext("Tags"), lambda client, _: ", ".join(client.tags)),
        Column(f"{say.gettext('Discount')}, %", lambda client, _: Decimal(client.discount)),
    ]
    if not numbers:
        return made
    of_base = f", {currency}" if currency else ""
    for name in (*(["balance"] if balance else []), *FIELDS):
        money = not name.endswith("_count")
        title = words.names[name] + (of_base if money else "")
        made.append(Column(title, _number(name, places if money else 0)))
    return made


def _known(client: Any, name: str) -> Cell:
    value = getattr(client, name)
    return value if isinstance(value, int) else value or ""


def _number(name: str, places: int) -> Callable[[Any, Any], Cell]:
    def cell(_: Any, metrics: Any) -> Cell:
        value = int(getattr(metrics, name, None) or 0)
        return Decimal(value).scaleb(-places) if places else value

    return cell
