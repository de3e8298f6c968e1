"""What the cells of a matched row say: one value for each field, or a problem with its remedy (S3.11 to S3.19)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from services.importer.cells import LINE, TEXT
from services.importer.sheets import words
from services.importer.sheets.days import begin_of, day
from services.importer.sheets.matching import Matching
from services.importer.sheets.phones import digits_of, phones, region_of
from services.importer.sheets.table import Row, Table

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]{2,}").fullmatch
_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#Н/Д", "#ЗНАЧ!", "#ССЫЛКА!", "#ДЕЛ/0!"}
)
_LONG = frozenset({"note", "text"})
_LISTS = re.compile(r"[,;\n]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_NAME_PARTS = frozenset({"last_name", "name", "first_name", "patronymic"})
"""Put together in the order of their columns."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row: where, why and what to do. `column` may be empty: the row as a whole."""

    row: int
    column: str
    reason: str


@dataclass(slots=True)
class Said:
    """What a row says: field id → value, only of filled cells."""

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    """Field id → the first column matched to it."""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, id: str, reason: str) -> None:
        """Remember what is wrong with a field."""
        self.problems.append(Problem(self.row.number, self.columns.get(id, ""), reason))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cells are read by: the country (ISO 3166) of phones without a code, ids of employees by the key of name or
    id, the time zone of dates, and the present (UTC ms)."""

    region: str | None = None
    employees: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zone: str = "UTC"
    now: int = 0


def said(row: Row, matching: Matching, table: Table, around: Surroundings) -> Said:
    """Read a row's cells. A row with a problem is refused whole."""
    result = Said(row)
    for place, each in matching.fields.items():
        result.columns.setdefault(each.id, table.columns[place])
    cells = [(place, each.id, row.cells[place]) for place, each in matching.fields.items() if row.cells[place]]
    country = next((text for _, id, text in cells if id == "country"), "")
    region = region_of(country) if country else around.region
    for place, id, text in cells:
        try:
            value = _value(id, text, region, table, around)
        except ValueError as error:
            result.problems.append(Problem(row.number, table.columns[place], str(error)))
            continue
        if isinstance(value, list):
            result.values[id] = list(dict.fromkeys([*result.values.get(id, []), *value]))
        elif id in result.values:
            result.values[id] = f"{result.values[id]}\n{value}"
        else:
            result.values[id] = value
    parts = [result.values.pop(id) for id in list(result.values) if id in _NAME_PARTS]
    if parts:
        result.values = {"name": " ".join(parts), **result.values}
        if len(result.values["name"]) > LINE:
            result.wrong("name", f"the name has more than {LINE} signs; shorten it")
    return result


def _value(id: str, text: str, region: str | None, table: Table, around: Surroundings) -> Any:
    if text in _ERRORS:
        raise ValueError(f"{text} is an error of the spreadsheet; correct the formula or empty the cell")
    if "\x00" in text:
        raise ValueError("holds the NUL character; delete it")
    most = TEXT if id in _LONG else LINE
    if id not in ("phones", "tags", "links") and len(text) > most:
        raise ValueError(f"has {len(text)} signs, at most {most} fit; shorten it")
    match id:
        case "phones":
            return phones(text, region)
        case "email":
            return _email(text)
        case "birthday":
            return day(text, serials=table.serials)
        case "date":
            return begin_of(day(text, serials=table.serials), around.zone, around.now)
        case "tags" | "links":
            return _list(text)
        case "tax_id":
            return digits_of(text) or text
        case "discount":
            return _discount(text)
        case "currency":
            return words.currency(text)
        case "owner":
            return _employee(text, around)
        case "kind":
            return words.word_of(text, words.KINDS, "company, person")
        case "status":
            return words.word_of(text, words.STATUSES, "current, potential")
        case "temperature":
            return words.word_of(text, words.TEMPERATURES, "hot, warm, cold, not interested")
        case "language":
            return words.word_of(text, words.LANGUAGES, "en, uk, ru")
        case "priority":
            return words.word_of(text, words.PRIORITIES, "high, medium, none")
        case "note" | "text":
            return text
        case _:
            return _SPACES.sub(" ", text)


def _list(text: str) -> list[str]:
    parts = [part.strip() for part in _LISTS.split(text)]
    if any(len(part) > LINE for part in parts):
        raise ValueError(f"one of them has more than {LINE} signs; shorten it")
    return [part for part in parts if part]


def _email(text: str) -> str:
    address = text.removeprefix("mailto:").strip()
    if not _EMAIL(address):
        raise ValueError(f"{text} is no e-mail address; write one address such as name@example.com")
    return address


def _discount(text: str) -> str:
    try:
        number = Decimal(text.removesuffix("%").replace(",", ".").strip())
    except InvalidOperation:
        raise ValueError(f"{text} is no percentage; write a number such as 10 or 7,5") from None
    if not number.is_finite() or not 0 <= number <= 100:
        raise ValueError(f"{text} is no percentage; a discount is between 0 and 100")
    return format(number.normalize(), "f")


def _employee(text: str, around: Surroundings) -> str:
    found = around.employees.get(words.key(text), ())
    if not found:
        raise ValueError(f"there is no employee {text}; add the employee first, or write the name as it is here")
    if len(found) > 1:
        raise ValueError(f"there are {len(found)} employees named {text}; write the id of one: {', '.join(found)}")
    return found[0]
