"""Fields of a client edited where they stand on its page: a small form in place of the value (#5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import NotFound, Refusal, Unavailable, VersionConflict
from services.gateway.pages.asking import employees, names_of
from services.gateway.pages.clients import fields as form_fields
from services.gateway.pages.clients.kept import the_client
from services.gateway.pages.clients.setting import Overtaken, kept, named, plain, told
from services.gateway.pages.clients.shown import address, card
from services.gateway.pages.clients.story import field_labels, written
from services.gateway.pages.doing import csrf, gone_to
from services.gateway.pages.languages import LANGUAGES, catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.rights import Denied
from services.kit.web import Asker, caller_of
from services.kit.web.forms import form_of

FIELDS = (
    "email", "phones", "tax_id", "birthday", "owner_id", "discount", "currency", "language", "category", "segment",
    "business_type", "source", "tags",
)  # fmt: skip
"""In the order of the page; the name and the address have more room in the whole form."""
ALWAYS = frozenset({"email", "phones", "owner_id", "discount", "source"})
"""Those that have a line when they are empty, too."""
_GROUPS = ("clients", "gateway")


def lines(client: Any) -> list[str]:
    """Return the fields that have a line of their own on the page."""
    shown = form_fields.shown(client)
    return [name for name in FIELDS if name in ALWAYS or shown[name]]


def labels(language: str) -> dict[str, str]:
    """Return what the fields are called on the page."""
    words = catalogue(language)
    return {**field_labels(words), "discount": words.gettext("Discount")}


async def edit_field(asker: Asker, request: Request) -> Response:
    """Show the small form."""
    client = await the_client(asker, request)
    was = form_fields.shown(client)[request.path_params["field"]]
    return await _form(asker, request, client, was, was.replace("\n", ", "), clock.new_id())


async def save_field(asker: Asker, request: Request) -> Response:
    """Save the field; the answer is its line with a message, or the small form with what is wrong (422)."""
    form, field = await form_of(request), request.path_params["field"]
    try:
        client, effect = await kept(asker, request, field, form)
    except (Refusal, ValidationError) as refusal:
        if isinstance(refusal, Denied | Unavailable | NotFound):
            raise
        return await _refused(asker, request, form, refusal)
    if "hx-request" not in request.headers:
        return gone_to(asker, address(client.client_id), effect)
    try:
        now = await the_client(asker, request, None if effect is None else str(asker.engine.token(effect)))
    except NotFound:  # it was given to somebody whose clients one may not see
        return Response(status_code=200, headers={"hx-refresh": "true"})
    look = Look.of(request)
    async with asker.sitting(caller_of(request), _GROUPS) as sitting:
        settings = (await asker.ask(sitting, "/settings")).item
        names = await employees(asker, sitting)
    values = {
        "client": now,
        "card": card(Texts(look.language, settings.base_currency, settings.zone), now, None, names_of(asker)),
        "owner": names.get(now.owner_id or "", ""),
        "field": field,
        "labels": labels(look.language),
        "csrf": csrf(request),
        "key": clock.new_id(),
        "said": told(request, names, client, field, form),
    }
    return html(look, "clients/line.html", values)


async def _refused(
    asker: Asker, request: Request, form: Mapping[str, str], refusal: Refusal | ValidationError
) -> Response:
    """Show the form again; what somebody else saved meanwhile is told, and replaced if one saves again."""
    words, field = catalogue(Look.of(request).language), request.path_params["field"]
    client, value, key = await the_client(asker, request), form.get("value", ""), form.get("key", "")
    if not isinstance(refusal, Overtaken | VersionConflict):
        return await _form(asker, request, client, form.get("was", ""), value, key, plain(request, refusal))
    was = form_fields.shown(client)[field]
    theirs = written(words, await named(asker, request), field, was.replace("\n", ", ") or None)
    error = words.gettext("Somebody else saved “%(value)s” meanwhile. Save again to replace it.") % {"value": theirs}
    return await _form(asker, request, client, was, value, clock.new_id(), error)


async def _form(
    asker: Asker, request: Request, client: Any, was: str, value: str, key: str, error: str = ""
) -> Response:
    look, field, caller = Look.of(request), request.path_params["field"], caller_of(request)
    options: list[tuple[str, str]] = list(LANGUAGES.items()) if field == "language" else []
    if field == "owner_id" and caller.may("staff.read"):
        async with asker.sitting(caller, ("gateway",)) as sitting:
            people = (await asker.ask(sitting, "/employees", limit=200)).items
        options = [(each.employee_id, each.name) for each in people]
    values = {
        "at": address(client.client_id),
        "field": field,
        "label": labels(look.language)[field],
        "was": was,
        "value": value,
        "options": options,
        "error": error,
        "csrf": csrf(request),
        "key": key or clock.new_id(),
    }
    return html(look, "clients/line_form.html", values, status=422 if error else 200)
