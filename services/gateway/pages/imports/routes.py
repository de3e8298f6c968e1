"""The addresses of the import: choosing a file, one import from its columns to its undo, and what goes on (#5)."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from contracts.clients.import_events import TableKind
from contracts.problem import IllegalMove, Invalid, NotFound, Unavailable
from services.gateway.pages.imports.chosen import chosen
from services.gateway.pages.imports.port import Choices, Imports, Job
from services.gateway.pages.imports.shown import away, job_page, nothing, start_page, state_part
from services.gateway.pages.look import Look
from services.gateway.pages.menu import IMPORT
from services.gateway.pages.render import html
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.forms import form_of
from services.kit.web.uploads import MOST_BYTES, upload_of

_NEEDS = needs("clients.write", "clients.import")
Handler = Callable[[Asker, Request], Awaitable[Response]]


class ImportPages:
    """The pages. `imports`: None where this process cannot take a file in."""

    def __init__(self, imports: Imports | None) -> None:
        self._imports = imports

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the routes."""
        one = f"{IMPORT}/{{job_id}}"
        table: list[tuple[str, str, Callable[[Imports, Asker, Request], Awaitable[Response]]]] = [
            ("GET", IMPORT, _start),
            ("POST", IMPORT, _receive),
            ("GET", one, _show),
            ("GET", f"{one}/state", _state),
            ("GET", f"{one}/refused.csv", _refused),
            ("POST", f"{one}/match", _match),
            ("POST", f"{one}/take", _take),
            ("POST", f"{one}/undo", _undo),
            ("POST", f"{one}/drop", _drop),
        ]
        return tuple(PageRoute(path, self._there(each), needs=_NEEDS, method=method) for method, path, each in table)

    def _there(self, handler: Callable[[Imports, Asker, Request], Awaitable[Response]]) -> Handler:
        """Answer in words where nothing can be taken in, is loaded yet, or is there."""

        @functools.wraps(handler)
        async def answer(asker: Asker, request: Request) -> Response:
            if self._imports is None:
                return away(request)
            try:
                return await handler(self._imports, asker, request)
            except NotFound:
                return nothing(request)
            except Unavailable:
                return html(Look.of(request), "loading.html", {}, status=503, headers={"refresh": "2"})

        return answer


async def _start(imports: Imports, asker: Asker, request: Request) -> Response:
    return await start_page(imports, asker, request, Choices().kind)


async def _receive(imports: Imports, asker: Asker, request: Request) -> Response:
    """Keep the file and go to its columns, or say at the field what is wrong with it."""
    upload = await upload_of(request)
    named = upload.fields.get("kind", "")
    kind = cast(TableKind, named if named in get_args(TableKind) else "clients")
    try:
        if upload.too_large:
            raise Invalid(f"the file is larger than {MOST_BYTES // 1_000_000} MB; split it into several", field="file")
        if upload.file is None:
            raise Invalid("choose a file first", field="file")
        name = upload.file.filename or ""
        job = await imports.receive(caller_of(request).actor, name, upload.file.file, kind)
    except Invalid as refusal:
        return await start_page(imports, asker, request, kind, refusal.detail)
    return RedirectResponse(_address(job), 303)


async def _show(imports: Imports, asker: Asker, request: Request) -> Response:
    return await job_page(imports, asker, request, await _job(imports, request))


async def _state(imports: Imports, _: Asker, request: Request) -> Response:
    """Answer the page that looks how far it is; when it is over, the page comes anew."""
    job = await _job(imports, request)
    if imports.going() != job.job_id:
        return Response(status_code=200, headers={"hx-refresh": "true"})
    return state_part(imports, request, job)


async def _refused(imports: Imports, _: Asker, request: Request) -> Response:
    path = imports.refused(await _job(imports, request))
    if path is None:
        raise NotFound("the list of refused rows is not kept any more")
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="refused-rows.csv")


async def _match(imports: Imports, asker: Asker, request: Request) -> Response:
    """Keep how the file is to be taken, and show what that would do."""
    job = await _job(imports, request)
    form = await form_of(request)
    try:
        job = imports.choose(job, chosen(job.choices, form))
    except IllegalMove:
        return RedirectResponse(_address(job), 303)
    if "hx-request" in request.headers:
        return await job_page(imports, asker, request, job, part=True)
    return RedirectResponse(_address(job), 303)


async def _take(imports: Imports, asker: Asker, request: Request) -> Response:
    """Begin to import, as the form says that was sent along; or go on."""
    job = await _job(imports, request)
    form = await form_of(request)
    actor = caller_of(request).actor

    async def act() -> None:
        at = job
        if job.state == "ready":
            at = imports.choose(job, chosen(job.choices, form))
        await imports.take(at, actor)

    return await _done(imports, asker, request, job, act)


async def _undo(imports: Imports, asker: Asker, request: Request) -> Response:
    job = await _job(imports, request)
    actor = caller_of(request).actor
    return await _done(imports, asker, request, job, lambda: imports.undo(job, actor))


async def _drop(imports: Imports, asker: Asker, request: Request) -> Response:
    job = await _job(imports, request)

    async def act() -> None:
        imports.drop(job)

    return await _done(imports, asker, request, job, act, IMPORT)


async def _done(
    imports: Imports, asker: Asker, request: Request, job: Job, act: Callable[[], Awaitable[None]], to: str = ""
) -> Response:
    """Do it and show where it leads, or the page again with why it was refused."""
    if imports.going() != job.job_id:  # else a form was sent twice
        try:
            await act()
        except (Invalid, IllegalMove) as refusal:
            return await job_page(imports, asker, request, await _job(imports, request), refusal=refusal)
    return RedirectResponse(to or _address(job), 303)


async def _job(imports: Imports, request: Request) -> Job:
    return await imports.find(request.path_params["job_id"])


def _address(job: Job) -> str:
    return f"{IMPORT}/{job.job_id}"
