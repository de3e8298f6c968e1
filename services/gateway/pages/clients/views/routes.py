"""The addresses of saved views: saved, changed to what the list shows, renamed and shared, removed, restored (#5)."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Command
from contracts.gateway.view_commands import ChangeView, RemoveView, RestoreView, SaveView
from contracts.ids import created_id
from contracts.problem import NotFound
from services.gateway.pages import menu
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.listed import GROUPS
from services.gateway.pages.clients.views.shown import VIEWS, address
from services.gateway.pages.doing import gone_to, tried
from services.gateway.pages.refusals import said
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

_Handler = Callable[[Asker, Request], Awaitable[Response]]


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    one, right = f"{VIEWS}/{{view_id}}", needs("clients.read")
    table: list[tuple[str, _Handler]] = [
        (VIEWS, save),
        (f"{one}/query", change_query),
        (f"{one}/name", rename),
        (f"{one}/remove", remove),
        (f"{one}/restore", restore),
    ]
    return tuple(PageRoute(path, _there(handler), needs=right, method="POST") for path, handler in table)


def _there(handler: _Handler) -> _Handler:
    """Answer in words where there is no such view."""

    @functools.wraps(handler)
    async def answer(asker: Asker, request: Request) -> Response:
        try:
            return await handler(asker, request)
        except NotFound:
            frame = await _frame(asker, request)
            return frame.refused(frame.say.gettext("It is not there, or not shared with you."), 404)

    return answer


async def save(asker: Asker, request: Request) -> Response:
    """Save what the list shows as a new view, and show it."""
    form, frame = await form_of(request), await _frame(asker, request)
    key = form.get("key", "") or clock.new_id()
    view_id = created_id(caller_of(request).actor, f"view:{key}")

    def command() -> Command:
        return SaveView.model_validate({"view_id": view_id, "query": frame.asked.kept(), **_named(form)})

    return await _done(asker, request, frame, command, frame.asked.address(saved=view_id), key)


async def change_query(asker: Asker, request: Request) -> Response:
    """Make a view what the list shows now."""
    frame, view = await _frame(asker, request), await _view(asker, request)

    def command() -> Command:
        return ChangeView(view_id=view.view_id, name=view.name, audience=view.audience, query=frame.asked.kept())

    return await _done(asker, request, frame, command, frame.asked.address(saved=view.view_id))


async def rename(asker: Asker, request: Request) -> Response:
    """Give a view another name, or show it to others."""
    form, frame, view = await form_of(request), await _frame(asker, request), await _view(asker, request)

    def command() -> Command:
        return ChangeView.model_validate({"view_id": view.view_id, "query": view.query, **_named(form)})

    return await _done(asker, request, frame, command, frame.asked.address())


async def remove(asker: Asker, request: Request) -> Response:
    """Remove a view and show the whole list, which offers to restore it."""
    frame, view = await _frame(asker, request), await _view(asker, request)
    to = f"{menu.CLIENTS}?removed={view.view_id}"
    return await _done(asker, request, frame, lambda: RemoveView(view_id=view.view_id), to)


async def restore(asker: Asker, request: Request) -> Response:
    """Restore a view and show it."""
    frame, view = await _frame(asker, request), await _view(asker, request)
    return await _done(asker, request, frame, lambda: RestoreView(view_id=view.view_id), address(view))


def _named(form: Mapping[str, str]) -> dict[str, Any]:
    return {"name": form.get("name", ""), "audience": form.get("audience", "") or "own"}


async def _frame(asker: Asker, request: Request) -> Frame:
    async with asker.sitting(caller_of(request), GROUPS) as sitting:
        return await Frame.of(asker, sitting, request)


async def _view(asker: Asker, request: Request) -> Any:
    """Return a view that the caller sees. Raises NotFound."""
    async with asker.sitting(caller_of(request), ("gateway",)) as sitting:
        return (await asker.ask(sitting, "/views/{view_id}", view_id=request.path_params["view_id"])).item


async def _done(
    asker: Asker, request: Request, frame: Frame, command: Callable[[], Command], to: str, key: str = ""
) -> Response:
    """Do it and go on, or say why not."""

    async def act() -> Response:
        made = command()
        view_id = str(getattr(made, "view_id", ""))
        return gone_to(asker, to, await send(asker.engine, request, made, view_id, key or clock.new_id()))

    async def again(errors: list[tuple[str, str]]) -> Response:
        named = frame.say.gettext("Give the view a name, of at most 300 letters.")
        told = [named if field == "name" else said(frame.say, message) for field, message in errors]
        return frame.refused("; ".join(told))

    return await tried(act, again)
