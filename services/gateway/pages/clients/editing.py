"""Fields of a client edited where they stand, on its page and in the table: a small form at the value (#5)."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations
from typing import Any, get_args

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.clients.events import ClientStatus, Temperature
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

LINES = (
    "email", "phones", "address", "city", "country", "tax_id", "birthday", "owner_id", "discount", "currency",
    "language", "category", "segment", "business_type", "source", "tags",
)  # fmt: skip
"""In the order of the page."""
FIELDS = ("name", *LINES)
"""Those that have a small form on the page."""
CELLS = ("name", "status", "temperature", "owner_id")
"""Those that have one in the table."""
ALWAYS = frozenset({"email", "phones", "address", "owner_id", "discount", "source"})
"""Those that have a line when they are empty, too."""
CELL = "cell"
"""What a form says of where it stands, if that is the table."""
_GROUPS = ("clients", "gateway")


def lines(client: Any) -> list[str]:
    """Return the fields that have a line of their own on the page."""
    shown = form_fields.shown(client)
    return [name for name in LINES if name in ALWAYS or shown[name]]


def labels(language: str) -> dict[str, str]:
    """Return what the fields are called on the page."""
    words = catalogue(language)
    return {**field_labels(words), "discount": words.gettext("Discount")}


async def edit_field(asker: Asker, request: Request) -> Response:
    """Show the small form."""
    client = await the_client(asker, request)
    was, place = form_fields.shown(client)[request.path_params["field"]], request.query_params.get("place", "")
    return await _form(asker, request, client, place, was, was.replace("\n", ", "), clock.new_id())


async def save_field(asker: Asker, request: Request) -> Response:
    """Save the field; the answer is its line or cell with a message, or with the small form and what is wrong (422)."""
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
        "card": card(Texts.of(look.language, settings), now, None, names_of(asker)),
        "owner": names.get(now.owner_id or "", ""),
        "field": field,
        "labels": labels(look.language),
        "csrf": csrf(request),
        "key": clock.new_id(),
        "said": told(request, names, client, field, form),
    }
    return html(look, "clients/cell.html" if form.get("place") == CELL else "clients/line.html", values)


async def _refused(
    asker: Asker, request: Request, form: Mapping[str, str], refusal: Refusal | ValidationError
) -> Response:
    """Show the form again; what somebody else saved meanwhile is told, and replaced if one saves again."""
    words, field = catalogue(Look.of(request).language), request.path_params["field"]
    client, value, key = await the_client(asker, request), form.get("value", ""), form.get("key", "")
    place = form.get("place", "")
    if not isinstance(refusal, Overtaken | VersionConflict):
        return await _form(asker, request, client, place, form.get("was", ""), value, key, plain(request, refusal))
    was = form_fields.shown(client)[field]
    theirs = written(words, await named(asker, request), field, was.replace("\n", ", ") or None)
    error = words.gettext("Somebody else saved “%(value)s” meanwhile. Save again to replace it.") % {"value": theirs}
    return await _form(asker, request, client, place, was, value, clock.new_id(), error)


async def _form(
    asker: Asker, request: Request, client: Any, place: str, was: str, value: str, key: str, error: str = ""
) -> Response:
    look, field, caller = Look.of(request), request.path_params["field"], caller_of(request)
    words = catalogue(look.language)
    options = _choices(words, field)
    owner = ""
    if field == "owner_id" and caller.may("staff.read"):
        async with asker.sitting(caller, ("gateway",)) as sitting:
            people = (await asker.ask(sitting, "/employees", limit=200)).items
            owner = (await employees(asker, sitting)).get(client.owner_id or "", "")
        options = [(each.employee_id, each.name) for each in people]
    values = {
        "client": client,
        "at": address(client.client_id),
        "owner": owner,
        "field": field,
        "place": place,
        "label": labels(look.language)[field],
        "was": was,
        "value": value,
        "options": options,
        "error": error,
        "csrf": csrf(request),
        "key": key or clock.new_id(),
    }
    template = "clients/cell_form.html" if place == CELL else "clients/line_form.html"
    return html(look, template, values, status=422 if error else 200)


def _choices(words: NullTranslations, field: str) -> list[tuple[str, str]]:
    """Return what a field with few values may be."""
    if field == "language":
        return list(LANGUAGES.items())
    known = {"status": get_args(ClientStatus), "temperature": get_args(Temperature)}
    return [(each, written(words, {}, field, each)) for each in known.get(field, ())]
