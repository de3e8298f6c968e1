"""The address of one field of a client: in place, on its page or in the table; status and temperature are chosen beside
the name on the page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid
from services.gateway.pages.clients.editing import CELL, CELLS, FIELDS, edit_field, save_field
from services.gateway.pages.clients.forms import there
from services.gateway.pages.clients.setting import MARKS, set_mark
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute
from services.kit.web.forms import form_of

_PATH = "/clients/{client_id}/set/{field}"


async def show(asker: Asker, request: Request) -> Response:
    """Show the small form of the field. Raises Invalid for one that has none there."""
    _check(request.path_params["field"], _edited(request.query_params.get("place", "")))
    return await edit_field(asker, request)


async def save(asker: Asker, request: Request) -> Response:
    """Set the field. Raises Invalid for one that is not set there."""
    field, place = request.path_params["field"], (await form_of(request)).get("place", "")
    if place != CELL and field in MARKS:
        return await set_mark(asker, request)
    _check(field, _edited(place))
    return await save_field(asker, request)


def _edited(place: str) -> tuple[str, ...]:
    return CELLS if place == CELL else FIELDS


def _check(field: str, those: tuple[str, ...]) -> None:
    if field not in those:
        raise Invalid(f"{field!r} is not edited here; open the whole form")


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    write = needs("clients.write")
    return (PageRoute(_PATH, there(show), needs=write), PageRoute(_PATH, there(save), needs=write, method="POST"))
