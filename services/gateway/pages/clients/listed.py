"""The list of clients: cards, current above potential, or a table; searched, filtered (S3.1 to S3.8, S1.14, P28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.clients.events import ClientStatus
from contracts.problem import Invalid, Unavailable
from services.gateway.bulk.acts import Acts
from services.gateway.pages.asking import names_of, shown_after
from services.gateway.pages.bulk.shown import lately
from services.gateway.pages.clients import filters
from services.gateway.pages.clients.asked import VIEWS, Asked
from services.gateway.pages.clients.bulk import CLIENTS_LISTED, offered
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.metrics import metrics_of
from services.gateway.pages.clients.shown import card
from services.gateway.pages.clients.table import table
from services.gateway.pages.clients.views import shown as views
from services.gateway.pages.look import Look, keep
from services.gateway.pages.more import EXPORT, entries
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.query import Match
from services.kit.web import Asker, Sitting, caller_of

GROUPS = ("clients", "analytics", "catalog", "gateway")
_FIRST = 12
"""Cards of a section while both are shown."""
_PAGE = 48
_AWAY = "not_interested"
_SECTIONS: tuple[ClientStatus, ...] = ("current", "potential")
_COOKIE = "clients"


async def clients(acts: Acts, asker: Asker, request: Request) -> Response:
    """Show the list; `?add=` with the form of a filter. `acts`: of which the list tells how far they are."""
    return await _answered(acts, asker, request, request.query_params.get("add", ""), None)


async def add_filter(acts: Acts, asker: Asker, request: Request) -> Response:
    """Go to the list with one more filter, or show its form with what is wrong."""
    return await _answered(acts, asker, request, request.query_params.get("field", ""), request.query_params)


async def _answered(
    acts: Acts, asker: Asker, request: Request, field: str, typed: Mapping[str, str] | None
) -> Response:
    look, caller = Look.of(request), caller_of(request)
    status = 200
    try:
        async with asker.sitting(caller, GROUPS, shown_after(request)) as sitting:
            frame = await Frame.of(asker, sitting, request)
            asked, words, texts, called = frame.asked, frame.say, frame.texts, frame.words
            error = ""
            if typed is not None:
                wanted, error = filters.added(asked, texts, words, typed, frame.places)
                if not error:
                    return RedirectResponse(wanted.address(), 303)
                status = 422
            view = asked.view or _kept(request)
            values = await _list(asker, sitting, frame, view)
            shown = values["table"]
            balance = shown["balance"] if shown else any(each["balance"] for each in values["sections"])
            offers = filters.offered(asked, called, numbers=frame.numbers, balance=balance)
            values |= {"offers": offers, "adding": None}
            if field in {name for name, _, _ in offers}:
                values["adding"] = await filters.form(asker, sitting, asked, called, field, typed or {}, error)
            values |= await offered(asker, sitting, request, asked, view)
            values["views"] = await views.offered(asker, sitting, request, asked, words, view)
            values["bulk"] = await lately(acts, CLIENTS_LISTED, frame)
            values |= {"as_of": texts.moment(sitting.as_of), "stale": sitting.stale}
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values |= {
        "shell": frame.shell,
        "workspace": frame.settings.name,
        "asked": asked,
        "view": view,
        "texts": texts,
        "chips": called.chips(asked),
        "filters": called.together(asked),
        "owner_gone": bool(asked.owner and called.employees and asked.owner not in called.employees),
        "wrong": [called.names.get(name, name) for name in asked.wrong],
        "currency": frame.currency,
        "more": entries(words, caller, asked.address(EXPORT)),
    }
    response = html(look, "clients/list.html", values, status=status)
    if asked.view:
        keep(request, response, _COOKIE, asked.view)
    return response


def _kept(request: Request) -> str:
    """Return the view that was chosen last."""
    kept = request.cookies.get(f"voronka-{_COOKIE}", "")
    return kept if kept in VIEWS else VIEWS[0]


async def _list(asker: Asker, sitting: Sitting, frame: Frame, view: str) -> dict[str, Any]:
    if view == "table":
        made = await table(asker, sitting, frame)
        return {"table": made, "sections": [], "empty": not made["total"], "near": made["near"]}
    asked, texts = frame.asked, frame.texts
    sections, near = await _sections(asker, sitting, texts, asked, "exact"), False
    if asked.q and not any(each["total"] for each in sections):
        sections, near = await _sections(asker, sitting, texts, asked, "near"), True
    empty = not any(each["total"] for each in sections)
    return {"table": None, "sections": sections, "empty": empty, "near": near and not empty}


async def _sections(asker: Asker, sitting: Sitting, texts: Texts, asked: Asked, match: Match) -> list[dict[str, Any]]:
    return [
        await _section(asker, sitting, texts, asked, status, match)
        for status in _SECTIONS
        if asked.status in ("", status)
    ]


async def _section(
    asker: Asker, sitting: Sitting, texts: Texts, asked: Asked, status: ClientStatus, match: Match
) -> dict[str, Any]:
    """Return one section: its clients as cards, how many there are, and the page after."""
    whole = asked.status == status
    given: dict[str, Any] = {**asked.of_clients(), "status": status, "limit": _PAGE if whole else _FIRST, "count": True}
    given["match"] = match
    given["sort"] = "temperature" if status == "potential" else "name"
    try:
        page = await asker.ask(sitting, "/clients", **given, cursor=asked.cursor or None if whole else None)
    except Invalid:  # an old or broken cursor: the first page is better than an error
        page = await asker.ask(sitting, "/clients", **given)
    numbers = await metrics_of(asker, sitting, [client.client_id for client in page.items])
    folding = status == "potential" and not asked.temperature  # P28
    names = names_of(asker)
    cards = [card(texts, client, numbers.get(client.client_id), names) for client in page.items]
    return {
        "status": status,
        "total": page.total,
        "exact": page.total_exact,
        "balance": any(each.balance is not None for each in numbers.values()),
        "cards": [each for each in cards if not folding or each["temperature"] != _AWAY],
        "folded": [each for each in cards if folding and each["temperature"] == _AWAY],
        "more": "" if whole or page.total <= len(cards) else asked.address(status=status),
        "next": asked.address(cursor=page.next) if whole and page.next else "",
        "first": asked.address() if whole and asked.cursor else "",
    }
