"""The first page: clients with the eight fields of sales analytics, and one funnel (S1.4 to S1.14, S2.3 to S2.8).

All clients count, also those in the archive and those that were erased: what was sold was sold (DEFINITIONS, P12). The
page says how many of them there are, and shows it without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import Invalid, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.numbers import FIELDS, labels
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.rights import Denied
from services.kit.web import Asker, Sitting, caller_of

_GROUPS = ("analytics", "clients", "catalog", "gateway")
_ROWS = 25
_BACK = 10
"""Pages one can go back by; then there is the first page."""
_BEHIND_MS = 10_000
_SORTS = frozenset({*FIELDS, "changed_at"})
_SUMMARY = "/funnels/{funnel_id}/summary"
_SUBJECTS = ("deal", "order", "client")


async def first(asker: Asker, request: Request) -> Response:
    """Show the page."""
    look = Look.of(request)
    words = catalogue(look.language)
    try:
        async with asker.sitting(caller_of(request), _GROUPS) as sitting:
            found = await _gather(asker, sitting, request.query_params)
    except Denied:
        shell = menu.shell(words, caller_of(request), menu.NUMBERS)
        offered = [entry.address for group in shell.menu for entry in group.entries]
        if menu.NUMBERS not in offered:
            return RedirectResponse(offered[0], 303)
        return html(look, "denied.html", {"shell": shell}, status=403)
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    shell = menu.shell(words, caller_of(request), menu.NUMBERS, found["settings"].name)
    return html(look, "first.html", {**found, **_shown(look, found), "shell": shell, "labels": labels(words)})


async def _gather(asker: Asker, sitting: Sitting, asked: Mapping[str, str]) -> dict[str, Any]:
    """Ask for all that is shown, in one sitting, by the queries that the API has too."""
    sort = asked.get("sort", "-sales_sum")
    if sort.removeprefix("-") not in _SORTS:
        sort = "-sales_sum"
    cursor, listed = asked.get("cursor") or None, asked.get("listed") == "1"
    given = {"sort": sort, "listed": listed, "limit": _ROWS}
    try:
        metrics = await asker.ask(sitting, "/metrics/clients", cursor=cursor, **given)
    except Invalid:  # an old or broken address: the first page is better than an error
        cursor = None
        metrics = await asker.ask(sitting, "/metrics/clients", **given)
    others = (await asker.ask(sitting, "/metrics/clients", listed=not listed, limit=1)).totals
    ids = ",".join(item.id for item in metrics.items)
    named = (await asker.ask(sitting, "/clients", ids=ids)).items if ids else []
    funnels = _offered((await asker.ask(sitting, "/funnels", limit=200)).items)
    chosen = next((f.funnel_id for f in funnels if f.funnel_id == asked.get("funnel")), None)
    shown = chosen or (funnels[0].funnel_id if funnels else None)
    return {
        "sitting": sitting,
        "settings": (await asker.ask(sitting, "/settings")).item,
        "metrics": metrics,
        "listed": listed,
        "away": abs(metrics.totals.clients - others.clients),
        "named": {client.client_id: client for client in named},
        "funnels": funnels,
        "funnel": None if shown is None else await asker.ask(sitting, _SUMMARY, funnel_id=shown),
        "sort": sort,
        "cursor": cursor,
        "back": [each for each in asked.get("back", "").split(",")[-_BACK:] if cursor is not None],
        "chosen": chosen,
    }


def _offered(funnels: Sequence[Any]) -> list[Any]:
    """Order funnels: of deals, of orders, of clients, each by name."""
    return sorted(funnels, key=lambda funnel: (_SUBJECTS.index(funnel.subject), funnel.name.casefold()))


def _shown(look: Look, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template needs besides: texts, links, conversions by stage."""
    sitting, sort, cursor, back = found["sitting"], found["sort"], found["cursor"], found["back"]
    texts = Texts(look.language, found["metrics"].currency, found["settings"].zone)
    funnel = found["funnel"]
    kept = {"funnel": found["chosen"], "listed": "1" if found["listed"] else None}
    first_page = {**kept, "sort": sort}
    following = found["metrics"].next
    return {
        "texts": texts,
        "fields": FIELDS,
        "rows": [(found["named"].get(row.id), _cells(texts, row)) for row in found["metrics"].items],
        "totals": _cells(texts, found["metrics"].totals),
        "as_of": texts.moment(sitting.as_of),
        "behind": sitting.stale or clock.now() - sitting.as_of > _BEHIND_MS,
        "sort_links": {name: _link(**kept, sort=_turned(name, sort)) for name in _SORTS},
        "next_link": None
        if following is None
        else _link(**first_page, cursor=following, back=",".join([*back, cursor or ""][-_BACK:])),
        "previous_link": _link(**first_page, cursor=back[-1], back=",".join(back[:-1])) if back else None,
        "first_link": _link(**first_page) if cursor is not None else None,
        "funnel_links": [
            (f, _link(**{**first_page, "cursor": cursor, "funnel": f.funnel_id})) for f in found["funnels"]
        ],
        "all_link": _link(**{**first_page, "listed": None}),
        "listed_link": _link(**{**first_page, "listed": "1"}),
        "steps": {} if funnel is None else {step.to_stage: step for step in funnel.conversion},
        "most": 1 if funnel is None else max([stage.entered for stage in funnel.stages] or [0]) or 1,
    }


def _cells(texts: Texts, row: Any) -> list[str]:
    """Return the seven numbers of a row as text: a template that calls for each is ten times slower."""
    return [
        texts.count(getattr(row, name)) if name.endswith("_count") else texts.money(getattr(row, name))
        for name in FIELDS
    ]


def _turned(name: str, sort: str) -> str:
    """Return how a click on a column sorts: descending first, then the other way."""
    return name if sort == f"-{name}" else f"-{name}"


def _link(**params: str | None) -> str:
    given = {name: value for name, value in params.items() if value}
    return f"/?{urlencode(given)}" if given else "/"
