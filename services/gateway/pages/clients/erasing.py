"""Erasing a client for good, after its name or number was typed (X10, #5)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.clients.commands import EraseClient
from contracts.problem import Invalid
from services.gateway.pages import menu
from services.gateway.pages.clients.forms import there
from services.gateway.pages.clients.kept import the_client
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import Errors, csrf, gone_to, tried
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

_PATH = "/clients/{client_id}/erase"


async def ask(asker: Asker, request: Request) -> Response:
    """Tell what is destroyed and what stays, and ask for the name or number."""
    client = await the_client(asker, request)
    if client.erased:
        return RedirectResponse(address(client.client_id), 303)
    return await _asked(request, client, "", [], clock.new_id())


async def erase(asker: Asker, request: Request) -> Response:
    """Destroy the client's personal data, if the right name or number was typed."""
    form, client = await form_of(request), await the_client(asker, request)
    typed, key = form.get("typed", ""), form.get("key", "") or clock.new_id()
    words = catalogue(Look.of(request).language)

    async def act() -> Response:
        if not client.erased and not _named(client, typed):
            raise Invalid(words.gettext("This is neither the name nor the number of the client."), field="typed")
        command = EraseClient(client_id=client.client_id)
        return gone_to(
            asker, address(client.client_id), await send(asker.engine, request, command, client.client_id, key)
        )

    return await tried(act, lambda errors: _asked(request, client, typed, errors, key))


def _named(client: Any, typed: str) -> bool:
    """Tell whether this is the client's name, however it is spaced and capitalised, or its number as #123."""
    plain = " ".join(typed.split()).casefold()
    return plain in {" ".join(client.name.split()).casefold(), f"#{client.number}"}


async def _asked(request: Request, client: Any, typed: str, errors: Errors, key: str) -> Response:
    look = Look.of(request)
    values = {
        "shell": menu.shell(catalogue(look.language), caller_of(request), menu.CLIENTS),
        "client": client,
        "typed": typed,
        "errors": errors,
        "wrong": dict(errors),
        "key": key,
        "csrf": csrf(request),
        "back": address(client.client_id),
    }
    return html(look, "clients/erase.html", values, status=422 if errors else 200)


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    may = needs("clients.erase")
    return (PageRoute(_PATH, there(ask), needs=may), PageRoute(_PATH, there(erase), needs=may, method="POST"))
