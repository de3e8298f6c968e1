"""What the address of the list of clients asks for: search, filters, view, order; it holds all of it (S3.8, #5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

from contracts.clients.events import ClientStatus, Temperature
from services.gateway.pages.menu import CLIENTS
from services.gateway.pages.numbers import FIELDS

INDICATORS = (*FIELDS, "balance")
COMPARED = {"lt": "<", "le": "<=", "eq": "=", "ge": ">=", "gt": ">"}
"""As an address writes it → as the queries do."""
TEXTS = ("country", "segment", "category", "tag")
FILTERS = ("status", "temperature", "owner", *TEXTS)
VIEWS = ("cards", "table")
_CHOICES = {"status": get_args(ClientStatus), "temperature": get_args(Temperature), "view": VIEWS}
_PLAIN = ("q", *FILTERS, "view", "sort", "saved", "cursor")
_BY_CLIENT = ("name", "status", "temperature")
"""What clients are sorted by with no number of them known."""
_LONGEST = 200
_MOST = 10
"""Conditions on numbers in one address."""
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,4})?")


class Condition(NamedTuple):
    """Such as (balance, lt, "0"); the value in whole units of the base currency, or a count."""

    name: str
    op: str
    value: str

    def minor(self, places: int) -> int | None:
        """Return the value as it is stored; None if it is finer than the currency, or not whole for a count."""
        value = Decimal(self.value).scaleb(0 if self.name.endswith("_count") else places)
        return int(value) if value == int(value) else None


@dataclass(frozen=True)
class Asked:
    """What makes no sense is left out, and named in `wrong`."""

    q: str = ""
    status: str = ""
    temperature: str = ""
    owner: str = ""
    country: str = ""
    segment: str = ""
    category: str = ""
    tag: str = ""
    where: tuple[Condition, ...] = ()
    view: str = ""
    sort: str = ""
    saved: str = ""
    """The saved view that this is, or began as."""
    cursor: str = ""
    wrong: tuple[str, ...] = ()

    @staticmethod
    def of(given: Iterable[tuple[str, str]], *, places: int, numbers: bool) -> Asked:
        """Read an address. `places`: decimals of the base currency; `numbers`: the caller may see those."""
        plain: dict[str, Any] = {}
        where: list[Condition] = []
        wrong: list[str] = []
        for name, text in given:
            value = " ".join(text.split())[:_LONGEST] if name != "cursor" else text
            if name in INDICATORS:
                op, _, number = value.partition(":")
                condition = Condition(name, op, number)
                if numbers and len(where) < _MOST and _sensible(condition, places):
                    where.append(condition)
                else:
                    wrong.append(name)
            elif name in _PLAIN and value:
                if _fits(name, value, numbers):
                    plain[name] = value
                elif name not in ("sort", "saved"):
                    wrong.append(name)
        if where:  # cards are in the order of names, which numbers do not know
            plain |= {"view": "table"}
            if plain.get("sort", "").removeprefix("-") in _BY_CLIENT:
                plain.pop("sort")
        return Asked(**plain, where=tuple(dict.fromkeys(where)), wrong=tuple(dict.fromkeys(wrong)))

    def pairs(self) -> list[tuple[str, str]]:
        """Return what the address holds but for the cursor, in its order."""
        plain = [(name, getattr(self, name)) for name in _PLAIN if name != "cursor" and getattr(self, name)]
        return plain + [(each.name, f"{each.op}:{each.value}") for each in self.where]

    def address(self, path: str = CLIENTS, **changed: Any) -> str:
        """Return the address of the list with these changes, from its first page."""
        asked = replace(self, **{"cursor": "", **changed})
        pairs = asked.pairs() + ([("cursor", asked.cursor)] if asked.cursor else [])
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def kept(self) -> list[str]:
        """Return what a saved view holds of it: neither what was searched for nor which view it began as."""
        return [f"{name}={value}" for name, value in self.pairs() if name not in ("q", "saved")]

    def cleared(self) -> str:
        """Return the address without filters and search."""
        return Asked(view=self.view, sort=self.sort).address()

    @property
    def filtered(self) -> bool:
        """Whether less than all clients is asked for."""
        return bool(self.q or self.where or any(getattr(self, name) for name in FILTERS))

    def order(self, numbers: bool) -> str:
        """Return how the table is sorted: as asked for, else the most sold to first (S1.14), else by name."""
        if self.sort:
            return self.sort
        if self.where:
            return f"-{self.where[0].name}"
        return "-sales_sum" if numbers else "name"

    def by_client(self, numbers: bool) -> bool:
        """Tell whether the order is one of what is known of clients, not of their numbers."""
        return self.order(numbers).removeprefix("-") in _BY_CLIENT

    def sortable(self, name: str, numbers: bool) -> bool:
        """Tell whether the table can be sorted by this column, as it is filtered now."""
        return not self.where if name in _BY_CLIENT else numbers and name in INDICATORS

    def of_clients(self) -> dict[str, Any]:
        """Return the filters as the queries take them."""
        given = {name: getattr(self, name) for name in ("q", "status", "temperature", *TEXTS)}
        return {name: value or None for name, value in {**given, "owner_id": self.owner}.items()}

    def of_numbers(self, places: int) -> dict[str, Any]:
        """Return the filters as the query of numbers takes them."""
        where = ",".join(f"{each.name}{COMPARED[each.op]}{each.minor(places)}" for each in self.where)
        return {**self.of_clients(), "where": where or None, "listed": True}


def _sensible(condition: Condition, places: int) -> bool:
    whole = condition.op in COMPARED and _NUMBER.fullmatch(condition.value) is not None
    return whole and condition.minor(places) is not None


def _fits(name: str, value: str, numbers: bool) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in ("owner", "saved"):
        return _ID.fullmatch(value) is not None
    if name == "sort":
        column = value.removeprefix("-")
        return column in _BY_CLIENT or (numbers and column in INDICATORS)
    return value.isprintable()
