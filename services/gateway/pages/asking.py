"""What several pages ask for: what is left out without the right, names, histories, explanations."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import NotFound, Refusal
from services.gateway.known import GatewayKnown
from services.gateway.pages.clients.story import told
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.rights import Denied
from services.kit.token import Token
from services.kit.web import Asker, Sitting, caller_of

_HISTORY = 50
_LONGEST = 200
_EXPLAINED = ("clients", "analytics", "catalog", "gateway")


def sought(given: Mapping[str, str], name: str = "q") -> str:
    """Return what is looked for, as the address says: in one line, not too long, without what no text can hold."""
    return " ".join(given.get(name, "").replace("\x00", " ").split())[:_LONGEST]


def shown_after(request: Request) -> str | None:
    """Return what the page must show, as the form before it said; nothing if that cannot be read."""
    after = request.query_params.get("after", "")
    try:
        Token.parse(after)
    except Refusal:
        return None
    return after


async def allowed(asker: Asker, sitting: Sitting, path: str, **params: Any) -> Any:
    """Answer a query; None without the right to it, or while it is not counted yet."""
    try:
        return await asker.ask(sitting, path, **params)
    except (Denied, NotFound):
        return None


def known(asker: Asker) -> GatewayKnown:
    """Return what is known of employees and accounts, without asking for it: names, and who may see what."""
    return cast(GatewayKnown, asker.engine.known["gateway"])


def names_of(asker: Asker) -> dict[str, str]:
    """Return the present name of each employee by id, also of those who left."""
    return {id: employee.name for id, employee in known(asker).employees.items()}


async def settings_of(asker: Asker, sitting: Sitting, language: str) -> Texts:
    """Return how numbers and times are written here."""
    settings = (await asker.ask(sitting, "/settings")).item
    return Texts.of(language, settings)


async def employees(asker: Asker, sitting: Sitting) -> dict[str, str]:
    """Return the names of all employees by id, also of those who left; none without the right to see them."""
    found = await allowed(asker, sitting, "/employees", limit=200, left=True)
    return {} if found is None else {each.employee_id: each.name for each in found.items}


async def history(
    asker: Asker,
    sitting: Sitting,
    texts: Texts,
    words: NullTranslations,
    names: dict[str, str],
    request: Request,
    address: str,
    path: str,
    **of: str,
) -> dict[str, Any]:
    """Return the history that a query answers, in sentences, newest first from the request's `cursor`; `address`: of
    the page it is a tab of."""
    cursor = request.query_params.get("cursor", "")
    cursor = cursor if cursor.isdecimal() and cursor.isascii() else ""
    page = await asker.ask(sitting, path, **of, limit=_HISTORY, cursor=cursor or None)
    following = f"{address}?tab=history&cursor={page.next}" if page.next else ""
    return {"saves": told(texts, words, names, page.items), "next": following, "later": bool(cursor)}


async def explained(asker: Asker, request: Request, path: str, **of: str) -> Response:
    """Show the parts of a number of whom `path` and `of` name, which sum to it (X2). Raises NotFound."""
    look, field = Look.of(request), request.path_params["field"]
    (id,) = of.values()
    async with asker.sitting(caller_of(request), _EXPLAINED) as sitting:
        settings = (await asker.ask(sitting, "/settings")).item
        texts = Texts.of(look.language, settings)
        await asker.ask(sitting, path, **of)
        found = await asker.ask(sitting, "/explain/clients/{subject_id}/{field}", subject_id=id, field=field)
    write = texts.count if field.endswith("_count") else texts.money
    parts = [(part.kind, texts.day(part.at), write(part.amount)) for part in found.parts]
    values = {"explained": found, "parts": parts, "total": write(found.total), "value": write(found.value)}
    return html(look, "clients/why.html", {**values, "texts": texts})
