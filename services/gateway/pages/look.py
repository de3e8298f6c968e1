"""How a page is to look for the one who asks: language, theme, menu; from cookies, else from the browser."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages.languages import LANGUAGES, preferred
from services.kit.web import Asker

THEMES = ("light", "dark", "auto")
MENUS = ("wide", "narrow")
CHOICES = {"language": tuple(LANGUAGES), "theme": THEMES, "menu": MENUS}
"""What can be chosen, and of what; kept in a cookie `voronka-<name>`, which scripts may write too."""
_YEAR_S = 31_536_000
PATH = "/look"


@dataclass(frozen=True)
class Look:
    """`address`: the page that is shown, to come back to after a choice."""

    language: str
    theme: str
    menu: str
    address: str = "/"

    @staticmethod
    def of(request: Request) -> Look:
        """Read what was chosen; what was not, or is none of the choices, has its default."""
        chosen = {name: request.cookies.get(f"voronka-{name}") for name in CHOICES}
        kept = {name: value for name, value in chosen.items() if value in CHOICES[name]}
        query = request.url.query
        return Look(
            language=kept.get("language") or preferred(request.headers.get("accept-language", "")),
            theme=kept.get("theme") or "auto",
            menu=kept.get("menu") or "wide",
            address=request.url.path + (f"?{query}" if query else ""),
        )

    def choosing(self, name: str, value: str) -> str:
        """Return the address that keeps a choice and comes back here."""
        return f"{PATH}?{urlencode({name: value, 'back': self.address})}"


async def choose(_: Asker, request: Request) -> Response:
    """Keep what the address names for a year and go back. Another site's page may send one here, but choose nothing."""
    response = Response(status_code=303, headers={"location": _local(request.query_params.get("back", ""))})
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return response
    for name, allowed in CHOICES.items():
        if (value := request.query_params.get(name, "")) in allowed:
            keep(request, response, name, value)
    return response


def keep(request: Request, response: Response, name: str, value: str) -> None:
    """Keep a choice for a year."""
    secure = request.url.scheme == "https"
    response.set_cookie(f"voronka-{name}", value, max_age=_YEAR_S, samesite="lax", secure=secure)


def _local(back: str) -> str:
    """Return an address of this site as it is, anything else as the first page."""
    plain = back.isascii() and back.isprintable() and "\\" not in back
    return back if plain and back.startswith("/") and not back.startswith("//") else "/"
