"""Who a row may be: found by what two records of one person have in common (#5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.importer.sheets.phones import same_phone
from services.importer.sheets.words import key

Mark = tuple[str, str]
"""What it is (phone, e-mail, tax number ...) and its value in a form that two ways to write it share."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Somebody: the id, and what to call them (#12 Acme, or row 5). `row`: of this file, None if stored before."""

    id: str
    label: str
    row: int | None = None


def marks(values: Mapping[str, Any], region: str | None, within: str = "") -> list[Mark]:
    """Return the marks of fields such as a row's or a record's, by phone, e-mail, tax number. `within`: the client
    that a contact belongs to: one person at two clients is two contacts (P23)."""
    found = [("phone", same_phone(phone, region)) for phone in values.get("phones") or ()]
    found += [("e-mail", values["email"].casefold())] if values.get("email") else []
    found += [("tax number", key(values["tax_id"]))] if values.get("tax_id") else []
    return [(what, f"{within} {value}") for what, value in found if value]


class Index:
    """Everybody known, by their marks."""

    def __init__(self) -> None:
        self._by_mark: dict[Mark, dict[str, Ref]] = {}

    def add(self, marks: Iterable[Mark], ref: Ref) -> None:
        """Remember somebody; who is there already keeps the older label."""
        for mark in marks:
            self._by_mark.setdefault(mark, {}).setdefault(ref.id, ref)

    def find(self, marks: Iterable[Mark]) -> list[tuple[str, Ref]]:
        """Return whom any of the marks belongs to, each once with the first thing in common."""
        found: dict[str, tuple[str, Ref]] = {}
        for mark in marks:
            for ref in self._by_mark.get(mark, {}).values():
                found.setdefault(ref.id, (mark[0], ref))
        return list(found.values())
