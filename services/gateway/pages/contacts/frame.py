"""What the list of contact persons and acts on it begin with: who asks, for which of them, how things are written."""

from __future__ import annotations

from starlette.requests import Request

from services.gateway.pages import menu
from services.gateway.pages.bulk.frame import ListFrame
from services.gateway.pages.contacts.found import Asked
from services.kit.web import Asker, Sitting


class Frame(ListFrame[Asked]):
    """As of any list."""

    @staticmethod
    async def of(asker: Asker, sitting: Sitting, request: Request) -> Frame:
        """Ask for what is needed."""
        settings = (await asker.ask(sitting, "/settings")).item
        return Frame(request, settings, menu.CONTACTS, Asked.of(request.query_params))
