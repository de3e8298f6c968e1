"""The list of clients: current above potential, searched, filtered; the address holds all of it (S3.1 to S3.8, P28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from contracts.clients.events import ClientStatus, Temperature
from contracts.problem import Invalid, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.clients.shown import card
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.rights import Denied
from services.kit.web import Asker, Sitting, caller_of

GROUPS = ("clients", "analytics", "catalog", "gateway")
_FIRST = 12
"""Cards of a section while both are shown."""
_PAGE = 48
_LONGEST = 200
_AWAY = "not_interested"
_SECTIONS: tuple[ClientStatus, ...] = ("current", "potential")


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what makes no sense is left out."""

    q: str = ""
    status: str = ""
    temperature: str = ""
    cursor: str = ""

    @staticmethod
    def of(given: Mapping[str, str]) -> Asked:
        """Read an address."""
        status, temperature = given.get("status", ""), given.get("temperature", "")
        return Asked(
            q=" ".join(given.get("q", "").split())[:_LONGEST],
            status=status if status in get_args(ClientStatus) else "",
            temperature=temperature if temperature in get_args(Temperature) else "",
            cursor=given.get("cursor", ""),
        )

    def address(self, **changed: str) -> str:
        """Return the address of the list with these changes, from its first page."""
        kept = {"q": self.q, "status": self.status, "temperature": self.temperature, "cursor": ""} | changed
        given = {name: value for name, value in kept.items() if value}
        return f"{menu.CLIENTS}?{urlencode(given)}" if given else menu.CLIENTS

    @property
    def filtered(self) -> bool:
        """Whether less than all clients is asked for."""
        return bool(self.q or self.status or self.temperature)


async def clients(asker: Asker, request: Request) -> Response:
    """Show the list."""
    look, asked = Look.of(request), Asked.of(request.query_params)
    words, caller = catalogue(look.language), caller_of(request)
    try:
        async with asker.sitting(caller, GROUPS) as sitting:
            settings = (await asker.ask(sitting, "/settings")).item
            texts = Texts(look.language, settings.base_currency, settings.zone)
            sections = [
                await _section(asker, sitting, texts, asked, status)
                for status in _SECTIONS
                if asked.status in ("", status)
            ]
            as_of = texts.moment(sitting.as_of)
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": menu.shell(words, caller, menu.CLIENTS, settings.name),
        "workspace": settings.name,
        "asked": asked,
        "sections": sections,
        "texts": texts,
        "empty": not any(each["total"] for each in sections),
        "as_of": as_of,
    }
    return html(look, "clients/list.html", values)


async def _section(asker: Asker, sitting: Sitting, texts: Texts, asked: Asked, status: ClientStatus) -> dict[str, Any]:
    """Return one section: its clients as cards, how many there are, and the page after."""
    whole = asked.status == status
    given: dict[str, Any] = {"status": status, "limit": _PAGE if whole else _FIRST, "count": True}
    given["sort"] = "temperature" if status == "potential" else "name"
    given |= {"temperature": asked.temperature or None, "q": asked.q or None}
    try:
        page = await asker.ask(sitting, "/clients", **given, cursor=asked.cursor or None if whole else None)
    except Invalid:  # an old or broken cursor: the first page is better than an error
        page = await asker.ask(sitting, "/clients", **given)
    numbers = await metrics_of(asker, sitting, [client.client_id for client in page.items])
    folding = status == "potential" and not asked.temperature  # P28
    cards = [card(texts, client, numbers.get(client.client_id)) for client in page.items]
    return {
        "status": status,
        "total": page.total,
        "exact": page.total_exact,
        "cards": [each for each in cards if not folding or each["temperature"] != _AWAY],
        "folded": [each for each in cards if folding and each["temperature"] == _AWAY],
        "more": "" if whole or page.total <= len(cards) else asked.address(status=status),
        "next": asked.address(cursor=page.next) if whole and page.next else "",
        "first": asked.address() if whole and asked.cursor else "",
    }


async def metrics_of(asker: Asker, sitting: Sitting, ids: list[str]) -> dict[str, Any]:
    """Return the metrics of clients by id; none without the right to numbers (P25)."""
    if not ids:
        return {}
    try:
        found = await asker.ask(sitting, "/metrics/clients", ids=",".join(ids))
    except Denied:
        return {}
    return {each.id: each for each in found.items}
