"""What all pages about accounts begin and end with: how they are shown, refused, and come into or left (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import Refusal
from services.gateway.accounts import tickets
from services.gateway.accounts.accounts import Accounts
from services.gateway.accounts.entry import SIGN_IN
from services.gateway.pages import menu
from services.gateway.pages.doing import answered
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.refusals import told
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.sessions import LIFE
from services.kit.web.problems import status_of


class AccountFrame:
    """One for each group of pages."""

    def __init__(self, accounts: Accounts) -> None:
        self._entry = accounts.entry

    async def tried(
        self, request: Request, act: Callable[[], Awaitable[Response]], template: str, values: Mapping[str, Any]
    ) -> Response:
        """Do it, or show the page again with what is wrong."""

        async def again(refusal: Refusal) -> Response:
            return self.shown(request, template, {**values, "error": told_to(request, refusal)}, status_of(refusal))

        return await answered(act, again)

    def shown(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """Show a page of `account/`."""
        look, known = Look.of(request), self._entry.known
        cookie = self._entry.origin.cookie(request)
        common: dict[str, Any] = {
            "csrf": "" if cookie is None else tickets.csrf_of(cookie),
            "error": "",
            "texts": Texts.of(look.language, known.settings),
        }
        caller = getattr(request.state, "caller", None)
        if caller is not None:
            common["shell"] = menu.shell(catalogue(look.language), caller, request.url.path, known.settings.name)
        return html(look, f"account/{template}", {**common, **values}, status=status)

    def come_in(self, request: Request, cookie: str, to: str) -> Response:
        """Give the browser its session's cookie and send it on."""
        response = RedirectResponse(to, 303)
        self._entry.origin.give(request, response, cookie, LIFE // 1000)
        return response

    def out(self, request: Request) -> Response:
        """Have the browser forget the cookie."""
        response = RedirectResponse(f"{SIGN_IN}?out=1", 303)  # what was typed is wiped there
        self._entry.origin.take_back(request, response)
        return response


def told_to(request: Request, refusal: Refusal) -> str:
    """Return a refusal in the reader's language."""
    return told(catalogue(Look.of(request).language), refusal)
