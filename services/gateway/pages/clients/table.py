"""The table of clients: what is known of each, the eight fields, totals of all that match (S1.4 to S1.14, #5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts.problem import Invalid
from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.clients.editing import CELLS, labels
from services.gateway.pages.clients.filters import Words
from services.gateway.pages.clients.found import found
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.shown import address, cells, money
from services.gateway.pages.numbers import FIELDS
from services.gateway.pages.texts import Texts
from services.kit.web import Asker, Sitting

_PAGE = 50
_NAMED = ("name", "status", "temperature")


async def table(asker: Asker, sitting: Sitting, frame: Frame) -> dict[str, Any]:
    """Return the rows of a page, the totals, how many there are, and where columns and pages lead."""
    asked, texts, words, numbers = frame.asked, frame.texts, frame.words, frame.numbers
    edits, called = frame.caller.may("clients.write"), labels(frame.look.language)
    given: dict[str, Any] = {"numbers": numbers, "places": frame.places, "limit": _PAGE}
    try:
        page = await found(asker, sitting, asked, **given, cursor=asked.cursor)
    except Invalid:  # an old or broken cursor: the first page is better than an error
        asked = replace(asked, cursor="")
        page = await found(asker, sitting, asked, **given, cursor=None)
    totals, balance = page.totals, page.totals is not None and page.totals.balance is not None
    return {
        "rows": [_row(texts, words, each, page.metrics.get(each.client_id), balance, edits) for each in page.clients],
        "total": page.total,
        "exact": page.exact,
        "near": page.near,
        "edits": edits,
        "edited": {name: called[name] for name in CELLS} if edits else {},
        "numbers": numbers,
        "labels": {name: words.names[name] for name in FIELDS},
        "balance": balance,
        "totals": None if totals is None else cells(texts, totals),
        "totals_balance": money(texts, totals, "balance") if balance else "",
        "owes": totals is not None and (totals.balance or 0) < 0,
        "sorts": {name: _sort(asked, name, numbers) for name in (*_NAMED, *FIELDS, "balance")},
        "next": asked.address(cursor=page.next) if page.next else "",
        "first": asked.address() if asked.cursor else "",
    }


def _row(texts: Texts, words: Words, client: Any, metrics: Any | None, balance: bool, edits: bool) -> dict[str, Any]:
    return {
        "id": client.client_id,
        "client": client,
        "edits": edits and not client.erased,
        "address": address(client.client_id),
        "owner": words.employees.get(client.owner_id or "", ""),
        "cells": cells(texts, metrics),
        "balance": money(texts, metrics, "balance") if balance else "",
        "owes": balance and metrics is not None and (metrics.balance or 0) < 0,
    }


def _sort(asked: Asked, name: str, numbers: bool) -> tuple[str, str]:
    """Return where a column's head leads ("": it cannot be sorted by) and how the table is sorted by it now: numbers
    begin with the largest, names with the first."""
    if not asked.sortable(name, numbers):
        return "", ""
    order = asked.order(numbers)
    now = "descending" if order == f"-{name}" else "ascending" if order == name else ""
    first, other = (name, f"-{name}") if name in _NAMED else (f"-{name}", name)
    return asked.address(sort=other if order == first else first), now
