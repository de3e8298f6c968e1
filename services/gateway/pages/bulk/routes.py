"""The addresses of acts on many records: begun from the list, looked at, gone on with, taken back, put away (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.problem import IllegalMove, Invalid, NotFound
from services.gateway.bulk.acts import Acts
from services.gateway.domain.bulk import Begun
from services.gateway.pages.bulk.chosen import id_of, picked, some
from services.gateway.pages.bulk.kind import F, Listed
from services.gateway.pages.bulk.shown import named, notice
from services.gateway.pages.doing import csrf
from services.gateway.pages.refusals import said
from services.gateway.pages.render import html
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.forms import form_of

_AT_ONCE = 0.3
"""Seconds that an answer waits for the end; after that the page shows how far it is."""
_GROUPS = ("clients", "analytics", "catalog", "gateway")


@dataclass(frozen=True)
class BulkPages(Generic[F]):
    """The pages of acts on one list. `acts`: carries acts out."""

    acts: Acts
    listed: Listed[F]

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the routes."""
        at = self.listed.at
        one = f"{at}/{{bulk_id}}"
        right = needs("clients.read", "clients.write")
        table: list[tuple[str, str, Callable[[Asker, Request], Awaitable[Response]]]] = [
            ("POST", at, self.begin),
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
        async with asker.sitting(caller, _GROUPS) as sitting:
            frame = await self.listed.frame(asker, sitting, request)
            try:
                what = await self.listed.wanted(asker, sitting, form)
                every = form.get("every") == "1"
                ids = some(await self.listed.matching(asker, sitting, frame) if every else picked(form))
            except Invalid as refusal:
                return self._refused(frame, refusal)
        bulk_id = id_of(caller.actor, form.get("key", ""), what, ids)
        await self.acts.begin(caller, bulk_id, self.listed.subject, what.action, what.value, ids)
        await self.acts.over(bulk_id, _AT_ONCE)
        return RedirectResponse(frame.back, 303)

    async def show(self, asker: Asker, request: Request) -> Response:
        """Show one act: what it came to, and each record that it left as it was."""
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
            await self._look(request)
            await self.acts.undo(caller, bulk_id)
        except NotFound:
            return await self._shown(asker, request, page=True)
        except IllegalMove:
            return await self._shown(asker, request, page=True, late=True)
        return await self._back(asker, request)

    async def resume(self, asker: Asker, request: Request) -> Response:
        """Go on with what was interrupted."""
        try:
            await self._look(request)
            await self.acts.resume(caller_of(request), request.path_params["bulk_id"])
        except NotFound:
            return await self._shown(asker, request, page=True)
        return await self._back(asker, request)

    async def close(self, asker: Asker, request: Request) -> Response:
        """Do not tell of it in lists any more."""
        self.acts.close(caller_of(request), request.path_params["bulk_id"])
        return await self._back(asker, request)

    async def _look(self, request: Request) -> Begun:
        """Return the act that the address names. Raises NotFound, also for one of another list."""
        state = await self.acts.look(caller_of(request), request.path_params["bulk_id"])
        if state.subject != self.listed.subject:
            raise NotFound("this change of many records is one of another list")
        return state

    async def _back(self, asker: Asker, request: Request) -> Response:
        """Go where the form was: to the act's own page, or to the list."""
        bulk_id = request.path_params["bulk_id"]
        await self.acts.over(bulk_id, _AT_ONCE)
        if (await form_of(request)).get("from") == "page":
            return RedirectResponse(f"{self.listed.at}/{bulk_id}", 303)
        async with asker.sitting(caller_of(request), _GROUPS) as sitting:
            return RedirectResponse((await self.listed.frame(asker, sitting, request)).back, 303)

    async def _shown(self, asker: Asker, request: Request, *, page: bool, late: bool = False) -> Response:
        async with asker.sitting(caller_of(request), _GROUPS) as sitting:
            frame = await self.listed.frame(asker, sitting, request)
            words = self.listed.words(frame.say)
            home = {"home": self.listed.home, "words": words, "shell": frame.shell}
            try:
                state = await self._look(request)
            except NotFound:
                return html(frame.look, "bulk/nothing.html", home, status=404)
            values: dict[str, Any] = {
                "bulk": notice(self.acts, self.listed, frame, request.path_params["bulk_id"], state),
                "texts": frame.texts,
                "csrf": csrf(request),
                "on_page": page or "page" in request.query_params,
            }
            if not page:
                return html(frame.look, "bulk/state.html", values)
            at = frame.texts.moment(state.ended_at) if state.ended_at else ""
            values |= {**home, "late": late, "at": at, "skipped": state.skipped}
            for name in ("not_done", "not_undone"):
                values[name] = await named(asker, sitting, self.listed, frame, getattr(state, name))
        return html(frame.look, "bulk/page.html", values, status=422 if late else 200)

    def _refused(self, frame: F, refusal: Invalid) -> Response:
        say, words = frame.say, self.listed.words(frame.say)
        known = {"value": say.gettext("Choose or type a value."), "ids": words.choose, "q": words.narrow}
        return frame.refused(known.get(refusal.field or "") or said(say, refusal.detail))
