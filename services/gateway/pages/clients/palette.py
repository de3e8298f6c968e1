"""What the palette finds: clients, contact persons, and where one can go; the newest when nothing is typed (S0.39)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Unavailable
from services.gateway.pages import menu
from services.gateway.pages.clients.shown import address
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.shell import Entry
from services.kit.web import Asker, caller_of

_MOST = 5
_LONGEST = 200


async def palette(asker: Asker, request: Request) -> Response:
    """Answer what is typed."""
    look, caller = Look.of(request), caller_of(request)
    words = catalogue(look.language)
    text = " ".join(request.query_params.get("q", "").split())[:_LONGEST]
    try:
        async with asker.sitting(caller, ("clients",)) as sitting:
            given: dict[str, Any] = {"limit": _MOST, "sort": "-changed_at", "q": text or None}
            clients = (await asker.ask(sitting, "/clients", **given)).items
            contacts = (await asker.ask(sitting, "/contacts", **given)).items if text else []
    except Unavailable:
        return Response(status_code=503)
    found = [Entry(each.name, address(each.client_id), "building", f"#{each.number}") for each in clients]
    people = [Entry(each.name, address(each.client_id), "user", f"#{each.number}") for each in contacts]
    shell = menu.shell(words, caller, "")
    places = [entry for group in shell.menu for entry in group.entries]
    if shell.create:
        places.append(Entry(words.gettext("Create a client"), menu.NEW_CLIENT, "plus"))
    if shell.imports:
        places.append(Entry(words.gettext("Import from a file"), shell.imports, "upload"))
    fitting = [entry for entry in places if text.casefold() in entry.label.casefold()][:_MOST]
    title = words.gettext("Clients") if text else words.gettext("Changed last")
    groups = [(title, found), (words.gettext("Contacts"), people), (words.gettext("Go to"), fitting)]
    return html(look, "ui/found.html", {"groups": groups})
