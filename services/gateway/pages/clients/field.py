"""The address of one field of a client on its page: status and temperature beside the name, the others in place."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid
from services.gateway.pages.clients.editing import FIELDS, edit_field, save_field
from services.gateway.pages.clients.forms import there
from services.gateway.pages.clients.setting import MARKS, set_mark
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute

_PATH = "/clients/{client_id}/set/{field}"


async def show(asker: Asker, request: Request) -> Response:
    """Show the small form of the field. Raises Invalid for one that has none."""
    _check(request.path_params["field"], FIELDS)
    return await edit_field(asker, request)


async def save(asker: Asker, request: Request) -> Response:
    """Set the field. Raises Invalid for one that is not set on the page."""
    field = request.path_params["field"]
    _check(field, (*MARKS, *FIELDS))
    return await (set_mark if field in MARKS else save_field)(asker, request)


def _check(field: str, those: tuple[str, ...]) -> None:
    if field not in those:
        raise Invalid(f"{field!r} is not edited on the page of a client; open the whole form")


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    write = needs("clients.write")
    return (PageRoute(_PATH, there(show), needs=write), PageRoute(_PATH, there(save), needs=write, method="POST"))
