"""A page of contact persons with their companies and numbers, as an address asks for it (S1.15, P3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.gateway.pages.asking import sought
from services.gateway.pages.menu import CONTACTS
from services.kit.query import Match
from services.kit.web import Asker, Sitting

MOST = 200
"""Contact persons that one question is answered with; a search has one page."""
_SORTS = ("name", "-name", "number", "-number", "-added_at", "-changed_at")


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what makes no sense is left out."""

    q: str = ""
    sort: str = ""
    cursor: str = ""

    @staticmethod
    def of(given: Mapping[str, str]) -> Asked:
        """Read an address."""
        sort = given.get("sort", "")
        return Asked(sought(given), sort if sort in _SORTS[1:] else "", given.get("cursor", ""))

    def address(self, path: str = CONTACTS, **changed: str) -> str:
        """Return the address of the list with these changes, from its first page unless they say otherwise."""
        kept = {"q": self.q, "sort": self.sort} | changed
        given = {name: value for name, value in kept.items() if value}
        return f"{path}?{urlencode(given)}" if given else path


@dataclass(frozen=True)
class Found:
    """`clients`: those of the people, by id. `total`: how many match; `exact` false: more than that."""

    people: Sequence[Any]
    clients: Mapping[str, Any]
    next: str | None
    total: int
    exact: bool
    near: bool
    """Nothing of it has all words of the search: names are written a little otherwise."""


async def found(
    asker: Asker, sitting: Sitting, asked: Asked, *, limit: int, cursor: str | None, match: Match | None = None
) -> Found:
    """Ask for a page. Raises Invalid for a cursor of another list."""
    given = {"q": asked.q or None, "sort": asked.sort or _SORTS[0], "limit": limit, "count": True, "match": match}
    page = await asker.ask(sitting, "/contacts", **given, cursor=cursor or None)
    clients = await _companies(asker, sitting, page.items)
    return Found(page.items, clients, page.next, page.total, page.total_exact, page.near)


async def found_of(asker: Asker, sitting: Sitting, ids: Sequence[str]) -> Found:
    """Ask for these contact persons, at most 200, in this order; those that are removed or erased are left out."""
    listed = (await asker.ask(sitting, "/contacts", ids=",".join(ids))).items if ids else []
    there = {each.contact_id: each for each in listed if each.removed_at is None and each.erased_at is None}
    people = [there[id] for id in ids if id in there]
    return Found(people, await _companies(asker, sitting, people), None, len(people), exact=True, near=False)


async def _companies(asker: Asker, sitting: Sitting, people: Sequence[Any]) -> dict[str, Any]:
    ids = ",".join(dict.fromkeys(each.client_id for each in people))
    named = (await asker.ask(sitting, "/clients", ids=ids)).items if ids else []
    return {client.client_id: client for client in named}


async def metrics_of(asker: Asker, sitting: Sitting, people: Sequence[Any]) -> dict[str, Any]:
    """Return the metrics of contact persons by id; none without the right (P25). Raises Unavailable."""
    if not people or not sitting.reading.caller.may("numbers"):
        return {}
    ids = ",".join(each.contact_id for each in people)
    return {each.id: each for each in (await asker.ask(sitting, "/metrics/contacts", ids=ids)).items}
