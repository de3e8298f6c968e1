"""What @ in a note offers: employees who may read the client's record (#5)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid, NotFound
from services.gateway.known import KnownEmployee
from services.gateway.pages.asking import known, sought
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.kit.rights import lets
from services.kit.web import Asker, caller_of

OPTIONS = "/options/mentions"
_MOST = 8


async def options(asker: Asker, request: Request) -> Response:
    """Answer with those whose name has what is typed, who may see `client`, or a new client of `owner`."""
    given, caller = request.query_params, caller_of(request)
    owner: str | None = given.get("owner") or (None if caller.records == "all" else caller.actor)
    if client := given.get("client", ""):
        try:
            async with asker.sitting(caller, ("clients",)) as sitting:
                owner = (await asker.ask(sitting, "/clients/{client_id}", client_id=client)).item.owner_id
        except (NotFound, Invalid):
            return _answer(request, [])
    text = sought(given).casefold()
    found = [
        (id, employee)
        for id, employee in known(asker).employees.items()
        if id != caller.actor and _fits(employee, text) and lets(asker.engine.known, id, owner, "clients.read")
    ]
    found.sort(key=lambda each: (not each[1].name.casefold().startswith(text), each[1].name.casefold(), each[0]))
    return _answer(request, found[:_MOST])


def _fits(employee: KnownEmployee, text: str) -> bool:
    """Tell whether the name, or a word in it, begins like this."""
    name = employee.name.casefold()
    return name.startswith(text) or f" {text}" in name


def _answer(request: Request, found: list[tuple[str, KnownEmployee]]) -> Response:
    listed = [{"value": id, "label": employee.name, "note": employee.team or ""} for id, employee in found]
    name = request.query_params.get("list", "list")
    return html(Look.of(request), "ui/options.html", {"options": listed, "list": name})
