"""The list of contact persons: searched, by pages, with the numbers of each; the address holds all of it (S1.15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid, NotFound, Unavailable
from services.gateway.bulk.acts import Acts
from services.gateway.pages.asking import shown_after
from services.gateway.pages.bulk.shown import lately
from services.gateway.pages.clients.shown import cells
from services.gateway.pages.contacts.bulk import CONTACTS_LISTED, offered
from services.gateway.pages.contacts.found import Asked, found, metrics_of
from services.gateway.pages.contacts.frame import Frame
from services.gateway.pages.contacts.page import GROUPS, gathered
from services.gateway.pages.contacts.shown import company, person
from services.gateway.pages.look import Look
from services.gateway.pages.more import EXPORT_CONTACTS, entries
from services.gateway.pages.numbers import labels
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.web import Asker, Sitting, caller_of

PAGE = 50


async def contacts(acts: Acts, asker: Asker, request: Request) -> Response:
    """Show the list; `?panel=ID` shows a person beside it. `acts`: of which the list tells how far they are."""
    look, caller = Look.of(request), caller_of(request)
    try:
        async with asker.sitting(caller, GROUPS, shown_after(request)) as sitting:
            frame = await Frame.of(asker, sitting, request)
            asked, texts, words = frame.asked, frame.texts, frame.say
            values = await _found(asker, sitting, texts, asked)
            beside = await _beside(asker, sitting, texts, request)
            values["bulk"] = await lately(acts, CONTACTS_LISTED, frame)
            values |= {"as_of": texts.moment(sitting.as_of), "stale": sitting.stale}
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values |= {
        "shell": frame.shell,
        "workspace": frame.settings.name,
        "asked": asked,
        "texts": texts,
        "currency": frame.currency,
        "labels": labels(words) if caller.may("numbers") else {},
        "may_write": caller.may("clients.write"),
        "back": frame.back,
        "more_acts": entries(words, caller, asked.address(EXPORT_CONTACTS)),
        **offered(frame, request, len(values["rows"]), values["total"], exact=values["exact"] and not values["near"]),
    }
    return html(look, "contacts/list.html", {**values, **beside})


async def _found(asker: Asker, sitting: Sitting, texts: Texts, asked: Asked) -> dict[str, Any]:
    """Return the rows of the page, how many there are in all, and the pages before and after."""
    cursor = asked.cursor
    try:
        page = await found(asker, sitting, asked, limit=PAGE, cursor=cursor)
    except Invalid:  # an old or broken cursor: the first page is better than an error
        cursor = ""
        page = await found(asker, sitting, asked, limit=PAGE, cursor=None)
    metrics = await _metrics(asker, sitting, page.people)
    return {
        "rows": [
            {
                "person": person(each, getattr(page.clients.get(each.client_id), "main_contact_id", None)),
                "company": company(page.clients.get(each.client_id)),
                "open": asked.address(cursor=cursor, panel=each.contact_id),
                "cells": cells(texts, (metrics or {}).get(each.contact_id)),
            }
            for each in page.people
        ],
        "total": page.total,
        "exact": page.exact,
        "near": page.near,
        "counted": metrics is not None,
        "more": asked.address(cursor=page.next) if page.next else "",
        "first": asked.address() if cursor else "",
    }


async def _metrics(asker: Asker, sitting: Sitting, people: Sequence[Any]) -> dict[str, Any] | None:
    """Return the metrics of contact persons by id; None: they cannot be had now."""
    try:
        return await metrics_of(asker, sitting, people)
    except Unavailable:
        return None


async def _beside(asker: Asker, sitting: Sitting, texts: Texts, request: Request) -> dict[str, Any]:
    """Return what the open panel shows; nothing for a person who is not there, or not the caller's to see."""
    id = request.query_params.get("panel", "")
    if not id:
        return {}
    try:
        return {"panel_open": True, **await gathered(asker, sitting, texts, id)}
    except (NotFound, Invalid):
        return {}
