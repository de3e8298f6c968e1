"""The addresses of the specimen page, and of what its parts ask the server for."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import NotFound
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.shell import Entry
from services.gateway.pages.specimen import shown
from services.gateway.pages.specimen.people import CURRENCY, PEOPLE, Person, sought
from services.gateway.pages.texts import Texts
from services.kit.rights import OPEN
from services.kit.web import Asker, PageRoute

_SLOW_S = 1.0
_MOST = 8
_AS_OF = 1_795_000_000_000


async def specimen(_: Asker, request: Request) -> Response:
    """Show every component. `?panel=NUMBER` shows a client beside it."""
    look, texts = _for(request)
    words = catalogue(look.language)
    opened = request.query_params.get("panel")
    values: dict[str, Any] = {
        "shell": shown.shell(words, texts),
        "sections": shown.sections(words),
        "texts": texts,
        "currency": CURRENCY,
        "as_of": texts.moment(_AS_OF),
        "cards": [shown.card(texts, person) for person in PEOPLE],
        "rows": [shown.row(texts, person) for person in PEOPLE],
        "totals": shown.totals(texts, PEOPLE),
    }
    if opened is not None:
        values |= {"panel_open": True, "client": shown.card(texts, _person(opened))}
    return html(look, "specimen/page.html", values)


async def panel(_: Asker, request: Request) -> Response:
    """Show a client for the side panel."""
    look, texts = _for(request)
    client = shown.card(texts, _person(request.path_params["number"]))
    return html(look, "specimen/panel.html", {"client": client})


async def options(_: Asker, request: Request) -> Response:
    """Answer the combobox."""
    look, _texts = _for(request)
    found = sought(request.query_params.get("q", ""))[:_MOST]
    listed = [{"value": person.number, "label": person.name, "note": f"#{person.number}"} for person in found]
    return html(look, "ui/options.html", {"options": listed, "list": request.query_params.get("list", "list")})


async def search(_: Asker, request: Request) -> Response:
    """Answer the palette."""
    look, _texts = _for(request)
    words = catalogue(look.language)
    text = request.query_params.get("q", "")
    clients = [
        Entry(person.name, shown.panel_address(person.number), "building", f"#{person.number}")
        for person in sought(text)[:5]
    ]
    acts = [
        Entry(words.gettext("Create a client"), f"{shown.UI}#forms", "plus"),
        Entry(words.gettext("Import from a file"), f"{shown.UI}#progress", "upload"),
    ]
    fitting = [entry for entry in acts if text.casefold() in entry.label.casefold()]
    groups = [(words.gettext("Clients"), clients), (words.gettext("Actions"), fitting)]
    return html(look, "ui/found.html", {"groups": groups})


async def form(_: Asker, request: Request) -> Response:
    """Answer the form: refused with 422 while the name is empty, else saved."""
    look, _texts = _for(request)
    name = request.query_params.get("name", "").strip()
    values = {"name": name, "refused": not name}
    return html(look, "specimen/quick.html", values, status=200 if name else 422)


async def slow(_: Asker, request: Request) -> Response:
    """Answer late, so that the loading bar is seen."""
    look, texts = _for(request)
    await asyncio.sleep(_SLOW_S)
    return html(look, "specimen/late.html", {"texts": texts})


async def broken(_: Asker, __: Request) -> Response:
    """Fail, so that the message about it is seen."""
    return Response("this address always fails", 500, media_type="text/plain")


def _for(request: Request) -> tuple[Look, Texts]:
    look = Look.of(request)
    return look, Texts(look.language, CURRENCY, "Europe/Kyiv")


def _person(number: str) -> Person:
    found = next((person for person in PEOPLE if str(person.number) == number), None)
    if found is None:
        raise NotFound("there is no such client on the specimen page")
    return found


SPECIMEN = (
    PageRoute(shown.UI, specimen, needs=OPEN),
    PageRoute(f"{shown.UI}/panel/{{number}}", panel, needs=OPEN),
    PageRoute(f"{shown.UI}/options", options, needs=OPEN),
    PageRoute(f"{shown.UI}/search", search, needs=OPEN),
    PageRoute(f"{shown.UI}/form", form, needs=OPEN),
    PageRoute(f"{shown.UI}/slow", slow, needs=OPEN),
    PageRoute(f"{shown.UI}/broken", broken, needs=OPEN),
)
