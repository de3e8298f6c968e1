"""The saved views above the list of clients: which there are, which one is shown, what was changed of it (#5)."""

from __future__ import annotations

from dataclasses import replace
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request

from contracts.problem import NotFound
from services.gateway.edge_views import audiences, changes
from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.doing import csrf
from services.gateway.pages.menu import CLIENTS
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of

VIEWS = "/clients/views"
_RE_ENGAGE = Asked(status="potential", temperature="cold")
"""The view that everybody has (P28, S3.28); it is nobody's, so it cannot be changed or removed."""


def address(view: Any) -> str:
    """Return the address of the list as a view shows it."""
    pairs = [tuple(each.split("=", 1)) for each in view.query if "=" in each]
    return f"{CLIENTS}?{urlencode([*pairs, ('saved', view.view_id)])}"


async def offered(
    asker: Asker, sitting: Sitting, request: Request, asked: Asked, say: NullTranslations, view: str
) -> dict[str, Any]:
    """Return what the template `clients/views.html` shows. `view`: cards or table, as the list is shown."""
    whole = replace(asked, view=view)
    caller, found = caller_of(request), (await asker.ask(sitting, "/views")).items
    now = next((each for each in found if each.view_id == asked.saved), None)
    mine = now is not None and changes(caller, now.owner_id, now.audience)
    names = {"own": say.gettext("Only me"), "team": say.gettext("My team"), "all": say.gettext("Everybody")}
    return {
        "entries": [
            (say.gettext("Cold, to re-engage"), _RE_ENGAGE.address(), ""),
            *((each.name, address(each), "") for each in found),
        ],
        "current": _current(asked, now),
        "view": now,
        "changed": now is not None and whole.kept() != list(now.query),
        "mine": mine,
        "gone": bool(asked.saved) and now is None,
        "removed": await _removed(asker, sitting, request),
        "some": bool(asked.kept()),
        "audiences": [(each, names[each]) for each in audiences(caller)],
        "shared": names[now.audience] if now is not None else "",
        "one": f"{VIEWS}/{quote(now.view_id, safe='')}" if now is not None else "",
        "query": whole.address(""),
        "csrf": csrf(request),
        "key": clock.new_id(),
    }


def _current(asked: Asked, now: Any | None) -> str:
    """Return the address of the view that the list shows: of `now`, the ready one, all clients; empty if none."""
    if now is not None:
        return address(now)
    if replace(asked, view="", sort="", saved="", cursor="", wrong=()) == _RE_ENGAGE:
        return _RE_ENGAGE.address()
    return "" if asked.kept() or asked.q else CLIENTS


async def _removed(asker: Asker, sitting: Sitting, request: Request) -> dict[str, str] | None:
    """Return the view that was removed just now, as the address says, so that it can be restored."""
    view_id = request.query_params.get("removed", "")
    if not view_id or len(view_id) > 64:
        return None
    try:
        view = (await asker.ask(sitting, "/views/{view_id}", view_id=view_id)).item
    except NotFound:
        return None
    restore = f"{VIEWS}/{quote(view.view_id, safe='')}/restore"
    return None if view.removed_at is None else {"name": view.name, "restore": restore}
