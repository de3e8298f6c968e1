"""The list of contact persons: searched, by pages, with the numbers of each; the address holds all of it (S1.15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid, NotFound, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.asking import shown_after, sought
from services.gateway.pages.clients.shown import cells
from services.gateway.pages.contacts.page import GROUPS, gathered
from services.gateway.pages.contacts.shown import company, person
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.numbers import labels
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.web import Asker, Sitting, caller_of

PAGE = 50
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

    def address(self, **changed: str) -> str:
        """Return the address of the list with these changes, from its first page unless they say otherwise."""
        kept = {"q": self.q, "sort": self.sort} | changed
        given = {name: value for name, value in kept.items() if value}
        return f"{menu.CONTACTS}?{urlencode(given)}" if given else menu.CONTACTS


async def contacts(asker: Asker, request: Request) -> Response:
    """Show the list; `?panel=ID` shows a person beside it."""
    look, asked, caller = Look.of(request), Asked.of(request.query_params), caller_of(request)
    words = catalogue(look.language)
    try:
        async with asker.sitting(caller, GROUPS, shown_after(request)) as sitting:
            settings = (await asker.ask(sitting, "/settings")).item
            texts = Texts(look.language, settings.base_currency, settings.zone)
            found = await _found(asker, sitting, texts, asked)
            beside = await _beside(asker, sitting, texts, request)
            found |= {"as_of": texts.moment(sitting.as_of), "stale": sitting.stale}
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": menu.shell(words, caller, menu.CONTACTS, settings.name),
        "workspace": settings.name,
        "asked": asked,
        "texts": texts,
        "currency": settings.base_currency or "",
        "labels": labels(words) if caller.may("numbers") else {},
        "may_write": caller.may("clients.write"),
        "back": asked.address(cursor=asked.cursor),
    }
    return html(look, "contacts/list.html", {**values, **found, **beside})


async def _found(asker: Asker, sitting: Sitting, texts: Texts, asked: Asked) -> dict[str, Any]:
    """Return the rows of the page, how many there are in all, and the pages before and after."""
    given: dict[str, Any] = {"q": asked.q or None, "sort": asked.sort or _SORTS[0], "limit": PAGE, "count": True}
    cursor = asked.cursor
    try:
        page = await asker.ask(sitting, "/contacts", **given, cursor=cursor or None)
    except Invalid:  # an old or broken cursor: the first page is better than an error
        cursor = ""
        page = await asker.ask(sitting, "/contacts", **given)
    ids = ",".join(dict.fromkeys(each.client_id for each in page.items))
    named = (await asker.ask(sitting, "/clients", ids=ids)).items if ids else []
    clients = {client.client_id: client for client in named}
    metrics = await _metrics(asker, sitting, [each.contact_id for each in page.items])
    return {
        "rows": [
            {
                "person": person(each, getattr(clients.get(each.client_id), "main_contact_id", None)),
                "company": company(clients.get(each.client_id)),
                "open": asked.address(cursor=cursor, panel=each.contact_id),
                "cells": cells(texts, (metrics or {}).get(each.contact_id)),
            }
            for each in page.items
        ],
        "total": page.total,
        "exact": page.total_exact,
        "counted": metrics is not None,
        "more": asked.address(cursor=page.next) if page.next else "",
        "first": asked.address() if cursor else "",
    }


async def _metrics(asker: Asker, sitting: Sitting, ids: list[str]) -> dict[str, Any] | None:
    """Return the metrics of contact persons by id, none without the right (P25); None: they cannot be had now."""
    if not ids or not sitting.reading.caller.may("numbers"):
        return {}
    try:
        found = await asker.ask(sitting, "/metrics/contacts", ids=",".join(ids))
    except Unavailable:
        return None
    return {each.id: each for each in found.items}


async def _beside(asker: Asker, sitting: Sitting, texts: Texts, request: Request) -> dict[str, Any]:
    """Return what the open panel shows; nothing for a person who is not there, or not the caller's to see."""
    id = request.query_params.get("panel", "")
    if not id:
        return {}
    try:
        return {"panel_open": True, **await gathered(asker, sitting, texts, id)}
    except (NotFound, Invalid):
        return {}
