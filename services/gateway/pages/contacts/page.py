"""A contact person: data, company, numbers with what they are made of, history (S1.15, S3.13, P3, P23)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import NotFound, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.asking import allowed, employees, explained, history, shown_after
from services.gateway.pages.contacts.shown import address, company, numbers, person
from services.gateway.pages.doing import csrf
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of

GROUPS = ("clients", "analytics", "catalog", "gateway")
_ONE = "/contacts/{contact_id}"


async def contact(asker: Asker, request: Request) -> Response:
    """Show the page; `?tab=history` its history, newest first, from `?cursor=`."""
    return await _shown(asker, request, "contacts/page.html")


async def panel(asker: Asker, request: Request) -> Response:
    """Show the person for the side panel."""
    return await _shown(asker, request, "contacts/panel.html")


async def why(asker: Asker, request: Request) -> Response:
    """Show the parts of a number, which sum to it (X2)."""
    return await explained(asker, request, _ONE, contact_id=request.path_params["contact_id"])


async def _shown(asker: Asker, request: Request, template: str) -> Response:
    look, caller, id = Look.of(request), caller_of(request), request.path_params["contact_id"]
    words, tab = catalogue(look.language), request.query_params.get("tab", "")
    try:
        async with asker.sitting(caller, GROUPS, shown_after(request)) as sitting:
            settings = (await asker.ask(sitting, "/settings")).item
            texts = Texts.of(look.language, settings)
            values = await gathered(asker, sitting, texts, id) | {"stale": sitting.stale}
            past = None
            if tab == "history":
                names, at = await employees(asker, sitting), address(id)
                past = await history(asker, sitting, texts, words, names, request, at, f"{_ONE}/history", contact_id=id)
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    except NotFound:
        return nobody(request)
    more = {
        "shell": menu.shell(words, caller, menu.CONTACTS, settings.name),
        "may_write": caller.may("clients.write"),
        "csrf": csrf(request),
        "key": clock.new_id(),
        "back": menu.CONTACTS,
        "history": past,
        "here": f"{address(id)}?tab=history" if past is not None else address(id),
        "tabs": [
            (words.gettext("Main"), address(id), ""),
            (words.gettext("History"), f"{address(id)}?tab=history", ""),
        ],
    }
    return html(look, template, {**values, **more})


async def gathered(asker: Asker, sitting: Sitting, texts: Texts, id: str) -> dict[str, Any]:
    """Return what panel and page show of a contact person. Raises NotFound."""
    found = (await asker.ask(sitting, _ONE, contact_id=id)).item
    client = await allowed(asker, sitting, "/clients/{client_id}", client_id=found.client_id)
    metrics = await allowed(asker, sitting, f"{_ONE}/metrics", contact_id=id)
    names = await employees(asker, sitting)
    return {
        "contact": found,
        "person": person(found, None if client is None else client.item.main_contact_id),
        "removed": texts.moment(found.removed_at) if found.removed_at is not None else "",
        "was_main": client is not None and client.item.main_removed_id == id,
        "company": company(None if client is None else client.item),
        "owner": names.get(found.owner_id or "", ""),
        "fields": numbers(texts, catalogue(texts.language), None if metrics is None else metrics.item),
        "card": {"address": address(id), "currency": texts.currency or "", "balance": "", "owes": False},
        "texts": texts,
        "as_of": texts.moment(sitting.as_of),
    }


def nobody(request: Request) -> Response:
    """Say that there is no such contact person, or none that one may see."""
    look = Look.of(request)
    shell = menu.shell(catalogue(look.language), caller_of(request), menu.CONTACTS)
    return html(look, "contacts/nobody.html", {"shell": shell}, status=404)
