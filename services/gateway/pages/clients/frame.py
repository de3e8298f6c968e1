"""What the list of clients and acts on it begin with: who asks, for which clients, and how things are called."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.money import EXPONENTS
from services.gateway.pages import menu
from services.gateway.pages.asking import employees
from services.gateway.pages.clients import filters
from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.shell import Shell
from services.gateway.pages.texts import Texts
from services.kit.web import Asker, Sitting, caller_of


class Frame:
    """`asked`: the list as the address holds it; `places`: decimals of the base currency."""

    def __init__(self, request: Request, settings: Any, names: dict[str, str]) -> None:
        self.look, self.caller = Look.of(request), caller_of(request)
        self.say, self.numbers = catalogue(self.look.language), self.caller.may("numbers")
        self.settings = settings
        self.currency = settings.base_currency or ""
        self.places = EXPONENTS.get(self.currency, 2)
        self.texts = Texts(self.look.language, settings.base_currency, settings.zone)
        self.words = filters.Words(self.texts, self.say, names)
        self.asked = Asked.of(request.query_params.multi_items(), places=self.places, numbers=self.numbers)

    @staticmethod
    async def of(asker: Asker, sitting: Sitting, request: Request) -> Frame:
        """Ask for what is needed."""
        settings = (await asker.ask(sitting, "/settings")).item
        return Frame(request, settings, await employees(asker, sitting))

    @property
    def back(self) -> str:
        """The address of the list, at the page one was at."""
        return self.asked.address(cursor=self.asked.cursor)

    @property
    def shell(self) -> Shell:
        """What stands around a page of the act."""
        return menu.shell(self.say, self.caller, menu.CLIENTS, self.settings.name)

    def refused(self, why: str, status: int = 422) -> Response:
        """Say why nothing was changed, with the way back to the list."""
        values = {"shell": self.shell, "why": why, "back": self.back}
        return html(self.look, "clients/refused.html", values, status=status)
