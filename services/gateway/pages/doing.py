"""How pages answer a form that was sent: by the page that shows the effect, or the form with what is wrong (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import NotFound, Refusal, Unavailable
from services.kit.handle import Effect
from services.kit.rights import Denied
from services.kit.web import Asker
from services.kit.web.problems import Fields

Errors = list[tuple[str, str]]
"""(field, message): what is wrong with a form."""


async def answered(act: Callable[[], Awaitable[Response]], again: Callable[[Refusal], Awaitable[Response]]) -> Response:
    """Do it, or answer with the page again: it tells why it was refused."""
    try:
        return await act()
    except ValidationError as error:
        return await again(Fields.of(error))
    except Refusal as refusal:
        return await again(refusal)


async def tried(act: Callable[[], Awaitable[Response]], again: Callable[[Errors], Awaitable[Response]]) -> Response:
    """Do it, or show the form again with what is wrong; what no field can mend goes on its way."""

    async def shown(refusal: Refusal) -> Response:
        if refusal.field is None and isinstance(refusal, NotFound | Unavailable | Denied):
            raise refusal
        if isinstance(refusal, Fields):
            return await again([(each.field, each.message) for each in refusal.errors])
        return await again([(refusal.field or "", refusal.detail)])

    return await answered(act, shown)


def gone_to(asker: Asker, address: str, effect: Effect | None) -> Response:
    """Send the browser to a page that shows the effect."""
    if effect is None:
        return RedirectResponse(address, 303)
    sign = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{sign}after={asker.engine.token(effect)}", 303)


def seen_version(form: Mapping[str, str]) -> int | None:
    """Return the version of the record that the form was opened with; None if it does not say."""
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 and int(text) else None


def csrf(request: Request) -> str:
    """Return what a form of ours sends along; empty where no cookie is in use."""
    found: Any = getattr(request.state, "csrf", "")
    return str(found)
