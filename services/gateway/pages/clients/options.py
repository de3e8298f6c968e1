"""What answers a choice of a client: those found by name, phone, email or number; the last changed before that."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages.asking import sought
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.kit.web import Asker, caller_of

OPTIONS = "/options/clients"
_MOST = 8


async def options(asker: Asker, request: Request) -> Response:
    """Answer the combobox."""
    text = sought(request.query_params)
    async with asker.sitting(caller_of(request), ("clients",)) as sitting:
        sort = "name" if text else "-changed_at"
        found = (await asker.ask(sitting, "/clients", q=text or None, match="exact", sort=sort, limit=_MOST)).items
    listed = [{"value": each.client_id, "label": each.name, "note": f"#{each.number}"} for each in found]
    name = request.query_params.get("list", "list")
    return html(Look.of(request), "ui/options.html", {"options": listed, "list": name})
