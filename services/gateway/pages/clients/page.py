"""A client: its data, notes, last orders and open deals, numbers with what they are made of, and its history (S3.9)."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid, NotFound, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.asking import allowed, employees, explained, history, names_of, shown_after
from services.gateway.pages.clients import editing
from services.gateway.pages.clients.listed import GROUPS
from services.gateway.pages.clients.persons import persons
from services.gateway.pages.clients.shown import address, card, eight
from services.gateway.pages.doing import csrf
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.mentions.marks import parts
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of

_GROUPS = (*GROUPS, "pipeline")
_NOTES = 10
_MANY = 50
_ORDERS = 5
TABS = ("", "notes", "contacts", "history")


async def client(asker: Asker, request: Request) -> Response:
    """Show the page; `?tab=history` its history, newest first, from `?cursor=`."""
    return await _shown(asker, request, "clients/page.html")


async def panel(asker: Asker, request: Request) -> Response:
    """Show the client for the side panel."""
    return await _shown(asker, request, "clients/panel.html")


async def why(asker: Asker, request: Request) -> Response:
    """Show the parts of a number, which sum to it (X2)."""
    return await explained(asker, request, "/clients/{client_id}", client_id=request.path_params["client_id"])


async def _shown(asker: Asker, request: Request, template: str) -> Response:
    look, caller = Look.of(request), caller_of(request)
    words, id = catalogue(look.language), request.path_params["client_id"]
    try:
        async with asker.sitting(caller, _GROUPS, shown_after(request)) as sitting:
            settings = (await asker.ask(sitting, "/settings")).item
            texts = Texts.of(look.language, settings)
            values = await _gathered(asker, sitting, texts, words, id, request) | {"stale": sitting.stale}
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    except NotFound:
        shell = menu.shell(words, caller, menu.CLIENTS)
        return html(look, "clients/nobody.html", {"shell": shell}, status=404)
    shell = menu.shell(words, caller, menu.CLIENTS, settings.name)
    more = {
        "shell": shell,
        "texts": texts,
        "may_write": caller.may("clients.write"),
        "may_erase": caller.may("clients.erase"),
        "csrf": csrf(request),
        "key": clock.new_id(),
        "removed": request.query_params.get("removed", ""),
        "gone": request.query_params.get("gone", ""),
        "lost_note": bool(request.query_params.get("note")) and values["wanted"] is None,
        "created": "created" in request.query_params,
    }
    return html(look, template, {**values, **more})


async def _gathered(
    asker: Asker, sitting: Sitting, texts: Texts, words: NullTranslations, id: str, request: Request
) -> dict[str, Any]:
    found = (await asker.ask(sitting, "/clients/{client_id}", client_id=id)).item
    tab = request.query_params.get("tab", "")
    tab = tab if tab in TABS else ""
    notes = await _notes(asker, sitting, id, request.query_params.get("cursor", "") if tab == "notes" else None)
    wanted = await _wanted(asker, sitting, id, request.query_params.get("note", ""))
    named = names_of(asker)
    people = await persons(asker, sitting, found, request.query_params.get("cursor", "") if tab == "contacts" else None)
    metrics = await allowed(asker, sitting, "/clients/{client_id}/metrics", client_id=id)
    orders = await allowed(asker, sitting, "/orders", client_id=id, limit=_ORDERS)
    deals = await allowed(asker, sitting, "/deals", client_id=id, limit=_ORDERS)
    names = await employees(asker, sitting)
    stages = await _stages(asker, sitting)
    numbers = None if metrics is None else metrics.item
    return {
        "client": found,
        "card": card(texts, found, numbers, named),
        "owner": names.get(found.owner_id or "", ""),
        "notes": [_note(texts, names, named, each) for each in _with(wanted, notes.items)],
        "wanted": wanted,
        "mentioned": wanted is not None and any(m.employee_id == sitting.reading.caller.actor for m in wanted.mentions),
        "more_notes": f"{address(id)}?{urlencode({'tab': 'notes', 'cursor': notes.next if tab else ''})}"
        if notes.next is not None
        else "",
        **people,
        "fields": [] if numbers is None else eight(texts, words, numbers),
        "as_of": texts.moment(sitting.as_of),
        "orders": None if orders is None else [_fact(texts, stages, each, "order") for each in orders.items],
        "deals": None if deals is None else [_fact(texts, stages, each, "deal") for each in deals.items],
        "erased": texts.day(found.erased_at) if found.erased_at else "",
        "tab": tab,
        "lines_of": editing.lines(found),
        "labels": editing.labels(texts.language),
        "tabs": [
            (words.gettext("Main"), address(id), ""),
            (words.gettext("Notes"), f"{address(id)}?tab=notes", ""),
            (words.gettext("Contacts"), f"{address(id)}?tab=contacts", ""),
            (words.gettext("History"), f"{address(id)}?tab=history", ""),
        ],
        "here": f"{address(id)}?tab={tab}" if tab else address(id),
        "history": await history(
            asker, sitting, texts, words, names, request, address(id), "/clients/{client_id}/history", client_id=id
        )
        if tab == "history"
        else None,
    }


async def _notes(asker: Asker, sitting: Sitting, id: str, cursor: str | None) -> Any:
    """Return the first notes (None), or a page of them from this cursor; from the first one if it is broken."""
    given: dict[str, Any] = {"client_id": id, "limit": _NOTES if cursor is None else _MANY}
    try:
        return await asker.ask(sitting, "/clients/{client_id}/notes", **given, cursor=cursor or None)
    except Invalid:
        return await asker.ask(sitting, "/clients/{client_id}/notes", **given)


async def _wanted(asker: Asker, sitting: Sitting, id: str, note_id: str) -> Any:
    """Return the note that the address asks for, if it is this client's and is there; else None."""
    if not note_id:
        return None
    try:
        note = (await asker.ask(sitting, "/notes/{note_id}", note_id=note_id)).item
    except (Invalid, NotFound):
        return None
    return note if note.client_id == id and note.removed_at is None else None


def _with(wanted: Any, notes: list[Any]) -> list[Any]:
    """Return the notes with the wanted one before them, unless it is among them."""
    there = wanted is None or any(each.note_id == wanted.note_id for each in notes)
    return notes if there else [wanted, *notes]


async def _stages(asker: Asker, sitting: Sitting) -> dict[tuple[str, str], str]:
    found = await allowed(asker, sitting, "/funnels", limit=200)
    funnels = [] if found is None else found.items
    return {(funnel.funnel_id, stage.stage_id): stage.name for funnel in funnels for stage in funnel.stages}


def _note(texts: Texts, names: dict[str, str], named: dict[str, str], note: Any) -> dict[str, Any]:
    return {
        "id": note.note_id,
        "parts": parts(note.text, note.mentions, named),
        "priority": note.priority,
        "author": names.get(note.author, ""),
        "at": texts.moment(note.added_at),
        "edited": texts.moment(note.edited_at) if note.edited_at else "",
    }


def _fact(texts: Texts, stages: dict[tuple[str, str], str], fact: Any, kind: str) -> dict[str, Any]:
    stage = fact.status if kind == "order" else fact.stage_id
    total = fact.base_total if kind == "order" else fact.base_value
    at = fact.ordered_at if kind == "order" else fact.entered_at
    title = f"#{fact.number}" if kind == "order" else (fact.title or f"#{fact.number}")
    return {
        "title": title,
        "stage": stages.get((fact.funnel_id, stage), stage),
        "at": texts.day(at),
        "total": "" if total is None else texts.money(total),
    }
