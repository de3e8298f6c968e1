"""A page of clients with their numbers, in the order and under the filters that an address asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.clients.metrics import metrics_of
from services.kit.query import Match
from services.kit.web import Asker, Sitting

MOST = 200
"""Clients that one question is answered with; a search has one page."""


@dataclass(frozen=True)
class Found:
    """`metrics` by client id. `totals`: of all that match; None without the right to numbers. `total`: how many match;
    `exact` false: more than that."""

    clients: list[Any]
    metrics: dict[str, Any]
    next: str | None
    totals: Any | None
    total: int
    exact: bool
    near: bool
    """Nothing of it has all words of the search: names are written a little otherwise."""


async def found(
    asker: Asker,
    sitting: Sitting,
    asked: Asked,
    *,
    numbers: bool,
    places: int,
    limit: int,
    cursor: str | None,
    match: Match | None = None,
) -> Found:
    """Ask for a page of clients or of numbers, whichever has the order, and for the rest by ids. Raises Invalid for a
    cursor of another list."""
    given: dict[str, Any] = {"sort": asked.order(numbers), "limit": MOST if asked.q else limit, "match": match}
    given["cursor"] = None if asked.q else cursor or None
    if asked.by_client(numbers):
        return await _by_client(asker, sitting, asked, given, numbers, places)
    page = await asker.ask(sitting, "/metrics/clients", **asked.of_numbers(places), **given)
    ids = [each.id for each in page.items]
    known = (await asker.ask(sitting, "/clients", ids=",".join(ids))).items if ids else []
    by_id = {each.client_id: each for each in known}
    clients = [by_id[id] for id in ids if id in by_id]
    metrics = {each.id: each for each in page.items}
    return Found(clients, metrics, page.next, page.totals, page.totals.clients, page.totals.exact, page.near)


async def _by_client(
    asker: Asker, sitting: Sitting, asked: Asked, given: dict[str, Any], numbers: bool, places: int
) -> Found:
    page = await asker.ask(sitting, "/clients", **asked.of_clients(), **given, count=not numbers)
    if not numbers:
        return Found(page.items, {}, page.next, None, page.total, page.total_exact, page.near)
    metrics = await metrics_of(asker, sitting, [each.client_id for each in page.items])
    match = "near" if page.near else "exact"
    totals = (await asker.ask(sitting, "/metrics/clients", **asked.of_numbers(places), match=match, limit=1)).totals
    return Found(page.items, metrics, page.next, totals, totals.clients, totals.exact, page.near)
