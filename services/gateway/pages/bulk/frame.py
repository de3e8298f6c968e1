"""What a list and acts on its records begin with: who asks, for what of it, and how things are written there."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages import menu
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.shell import Shell
from services.gateway.pages.texts import Texts
from services.kit.web import caller_of


class Asked(Protocol):
    """What the address of a list asks for."""

    @property
    def cursor(self) -> str: ...

    def address(self, path: str = ..., **changed: Any) -> str:
        """Return the address of the list, or of something at this path about it, with these changes."""
        ...


A = TypeVar("A", bound=Asked)


class ListFrame(Generic[A]):
    """`asked`: the list as the address holds it; `current`: its entry of the menu."""

    def __init__(self, request: Request, settings: Any, current: str, asked: A) -> None:
        self.look, self.caller, self.current = Look.of(request), caller_of(request), current
        self.say = catalogue(self.look.language)
        self.settings, self.currency = settings, settings.base_currency or ""
        self.texts = Texts.of(self.look.language, settings)
        self.asked = asked

    @property
    def back(self) -> str:
        """The address of the list, at the page one was at."""
        return self.asked.address(cursor=self.asked.cursor)

    @property
    def query(self) -> str:
        """What the address of the list ends with, from `?` on; empty if it asks for nothing."""
        return self.asked.address("", cursor=self.asked.cursor)

    @property
    def shell(self) -> Shell:
        """What stands around a page of the list."""
        return menu.shell(self.say, self.caller, self.current, self.settings.name)

    def refused(self, why: str, status: int = 422) -> Response:
        """Say why nothing was changed, with the way back to the list."""
        values = {"shell": self.shell, "why": why, "back": self.back}
        return html(self.look, "bulk/refused.html", values, status=status)
