"""The addresses of acts on many clients: begun from the table, looked at, gone on with, taken back, put away (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import IllegalMove, Invalid, NotFound
from services.gateway.bulk.acts import Acts
from services.gateway.domain.bulk import Begun
from services.gateway.pages.clients.bulk.chosen import id_of, matching, picked, wanted
from services.gateway.pages.clients.bulk.shown import BULK, named, notice
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.listed import GROUPS
from services.gateway.pages.doing import csrf
from services.gateway.pages.refusals import said
from services.gateway.pages.render import html
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.forms import form_of

_AT_ONCE = 0.3
"""Seconds that an answer waits for the end; after that the page shows how far it is."""


@dataclass(frozen=True)
class BulkPages:
    """The pages. `acts`: carries acts out."""

    acts: Acts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the routes."""
        one = f"{BULK}/{{bulk_id}}"
        right = needs("clients.read", "clients.write")
        table: list[tuple[str, str, Callable[[Asker, Request], Awaitable[Response]]]] = [
            ("POST", BULK, self.begin),
            ("GET", one, self.show),
            ("GET", f"{one}/state", self.state),
            ("POST", f"{one}/undo", self.undo),
            ("POST", f"{one}/resume", self.resume),
            ("POST", f"{one}/close", self.close),
        ]
        return tuple(PageRoute(path, handler, needs=right, method=method) for method, path, handler in table)

    async def begin(self, asker: Asker, request: Request) -> Response:
        """Begin, and go back to the list, which tells what it came to or how far it is."""
        form, caller = await form_of(request), caller_of(request)
        async with asker.sitting(caller, GROUPS) as sitting:
            frame = await Frame.of(asker, sitting, request)
            try:
                owners = (await asker.ask(sitting, "/employees", limit=200)).items
                what = wanted(form, {each.employee_id for each in owners})
                every = form.get("every") == "1"
                ids = await matching(asker, sitting, frame) if every else picked(form)
            except Invalid as refusal:
                return _refused(frame, refusal)
        bulk_id = id_of(caller.actor, form.get("key", ""), what, ids)
        await self.acts.begin(caller, bulk_id, what.action, what.value, ids)
        await self.acts.over(bulk_id, _AT_ONCE)
        return RedirectResponse(frame.back, 303)

    async def show(self, asker: Asker, request: Request) -> Response:
        """Show one act: what it came to, and each client that it left as it was."""
        return await self._shown(asker, request, page=True)

    async def state(self, asker: Asker, request: Request) -> Response:
        """Answer the part that looks how far it is; when it is over, the page comes anew."""
        if self.acts.progress(request.path_params["bulk_id"]) is None:
            return Response(status_code=200, headers={"hx-refresh": "true"})
        return await self._shown(asker, request, page=False)

    async def undo(self, asker: Asker, request: Request) -> Response:
        """Take it back."""
        caller, bulk_id = caller_of(request), request.path_params["bulk_id"]
        try:
            await self.acts.undo(caller, bulk_id)
        except NotFound:
            return await self._shown(asker, request, page=True)
        except IllegalMove:
            return await self._shown(asker, request, page=True, late=True)
        return await self._back(asker, request)

    async def resume(self, asker: Asker, request: Request) -> Response:
        """Go on with what was interrupted."""
        caller, bulk_id = caller_of(request), request.path_params["bulk_id"]
        try:
            await self.acts.look(caller, bulk_id)
        except NotFound:
            return await self._shown(asker, request, page=True)
        self.acts.resume(caller, bulk_id)
        return await self._back(asker, request)

    async def close(self, asker: Asker, request: Request) -> Response:
        """Do not tell of it in lists any more."""
        self.acts.close(caller_of(request), request.path_params["bulk_id"])
        return await self._back(asker, request)

    async def _back(self, asker: Asker, request: Request) -> Response:
        """Go where the form was: to the act's own page, or to the list."""
        bulk_id = request.path_params["bulk_id"]
        await self.acts.over(bulk_id, _AT_ONCE)
        if (await form_of(request)).get("from") == "page":
            return RedirectResponse(f"{BULK}/{bulk_id}", 303)
        async with asker.sitting(caller_of(request), GROUPS) as sitting:
            return RedirectResponse((await Frame.of(asker, sitting, request)).back, 303)

    async def _shown(self, asker: Asker, request: Request, *, page: bool, late: bool = False) -> Response:
        caller, bulk_id = caller_of(request), request.path_params["bulk_id"]
        async with asker.sitting(caller, GROUPS) as sitting:
            frame = await Frame.of(asker, sitting, request)
            try:
                state = await self.acts.look(caller, bulk_id)
            except NotFound:
                return html(frame.look, "clients/bulk/nothing.html", {"shell": frame.shell}, status=404)
            values: dict[str, Any] = {
                "bulk": notice(self.acts, frame, bulk_id, state),
                "texts": frame.texts,
                "csrf": csrf(request),
                "on_page": page or "page" in request.query_params,
            }
            if not page:
                return html(frame.look, "clients/bulk/state.html", values)
            values |= {"shell": frame.shell, "late": late, "at": _at(frame, state), "skipped": state.skipped}
            for name in ("not_done", "not_undone"):
                values[name] = await named(asker, sitting, frame.say, getattr(state, name))
        return html(frame.look, "clients/bulk/page.html", values, status=422 if late else 200)


def _at(frame: Frame, state: Begun) -> str:
    return frame.texts.moment(state.ended_at) if state.ended_at else ""


def _refused(frame: Frame, refusal: Invalid) -> Response:
    say = frame.say
    known = {
        "value": say.gettext("Choose or type a value."),
        "ids": say.gettext("Choose clients in the list first."),
        "q": say.gettext("The search finds too many clients. Type more of the name, or use filters."),
    }
    return frame.refused(known.get(refusal.field or "") or said(say, refusal.detail))
