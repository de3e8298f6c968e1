"""What the list of clients and acts on it begin with: who asks, for which clients, and how things are called."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from contracts.money import EXPONENTS
from services.gateway.pages import menu
from services.gateway.pages.asking import employees
from services.gateway.pages.bulk.frame import ListFrame
from services.gateway.pages.clients import filters
from services.gateway.pages.clients.asked import Asked
from services.kit.web import Asker, Sitting, caller_of


class Frame(ListFrame[Asked]):
    """`places`: decimals of the base currency; `numbers`: the caller may see them; `words`: how filters are called."""

    def __init__(self, request: Request, settings: Any, names: dict[str, str]) -> None:
        self.numbers = caller_of(request).may("numbers")
        self.places = EXPONENTS.get(settings.base_currency or "", 2)
        asked = Asked.of(request.query_params.multi_items(), places=self.places, numbers=self.numbers)
        super().__init__(request, settings, menu.CLIENTS, asked)
        self.words = filters.Words(self.texts, self.say, names)

    @staticmethod
    async def of(asker: Asker, sitting: Sitting, request: Request) -> Frame:
        """Ask for what is needed."""
        settings = (await asker.ask(sitting, "/settings")).item
        return Frame(request, settings, await employees(asker, sitting))
