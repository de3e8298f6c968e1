"""The list of clients taken out as a file: by right, as it is filtered, written down in the log (P17, #5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from tempfile import TemporaryFile
from typing import IO, cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contracts.gateway.commands import RecordExport
from contracts.gateway.events import ExportFormat
from contracts.ids import created_id
from contracts.problem import Invalid, Unavailable
from services.gateway.pages import menu
from services.gateway.pages.clients import sheets
from services.gateway.pages.clients.found import MOST, found
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.listed import GROUPS
from services.gateway.pages.clients.more import EXPORT
from services.gateway.pages.doing import csrf
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, Sitting, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

_CHUNK = 64 * 1024
_FORMATS = ("xlsx", "csv")


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    right = needs("clients.read", "export")
    return (
        PageRoute(EXPORT, export_form, needs=right),
        PageRoute(EXPORT, export, needs=right, method="POST"),
    )


async def export_form(asker: Asker, request: Request) -> Response:
    """Ask for the kind of file; the address names the filters."""
    look = Look.of(request)
    try:
        async with asker.sitting(caller_of(request), GROUPS) as sitting:
            page = await Frame.of(asker, sitting, request)
            first = await found(
                asker, sitting, page.asked, numbers=page.numbers, places=page.places, limit=1, cursor=None
            )
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": menu.shell(page.say, page.caller, menu.CLIENTS, page.settings.name),
        "workspace": page.settings.name,
        "filters": page.words.together(page.asked),
        "count": page.texts.count(first.total),
        "exact": first.exact,
        "too_many": bool(page.asked.q) and (first.total > MOST or not first.exact),
        "action": page.asked.address(EXPORT),
        "back": page.asked.address(),
        "csrf": csrf(request),
        "key": clock.new_id(),
    }
    return html(look, "clients/export.html", values)


async def export(asker: Asker, request: Request) -> Response:
    """Write the file, then the record of it, then send the file: nothing is sent that is not in the log. One snapshot
    is read, piece by piece; the file lies on disk, so a list of any size takes little memory."""
    form = await form_of(request)
    format, separator = form.get("format", "xlsx"), form.get("separator", "comma")
    if format not in _FORMATS or separator not in sheets.SEPARATORS:
        raise Invalid("must be xlsx, or csv with comma, semicolon or tab", field="format")
    file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - closed when it was sent
    try:
        async with asker.sitting(caller_of(request), GROUPS) as sitting:
            page = await Frame.of(asker, sitting, request)
            count = await _write(asker, sitting, page, file, format, sheets.SEPARATORS[separator])
        key = form.get("key", "") or clock.new_id()
        id = created_id(page.caller.actor, f"export:{key}")
        told = [f"{name}={value}" for name, value in page.asked.pairs() if name not in ("q", "view", "sort", "saved")]
        command = RecordExport(
            export_id=id,
            what="clients",
            format=cast("ExportFormat", format),
            count=count,
            filters=told + (["q"] if page.asked.q else []),
        )
        await send(asker.engine, request, command, id, key)
    except BaseException:
        file.close()
        raise
    name = f"clients-{page.texts.date(clock.now())}.{format}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(file.tell())}
    return StreamingResponse(_sent(file), media_type=sheets.MEDIA[format], headers=headers)


async def _write(asker: Asker, sitting: Sitting, page: Frame, file: IO[bytes], format: str, separator: str) -> int:
    """Write all rows and return how many. Raises Invalid for a search that finds more than can be listed."""
    made: Callable[[], sheets.Sheet] = (
        (lambda: sheets.Book(file, page.say.gettext("Clients")))
        if format == "xlsx"
        else (lambda: sheets.Separated(file, separator))
    )
    sheet, columns, cursor, count = made(), None, None, 0
    while columns is None or cursor is not None:
        piece = await found(
            asker, sitting, page.asked, numbers=page.numbers, places=page.places, limit=MOST, cursor=cursor
        )
        if page.asked.q and (piece.total > len(piece.clients) or not piece.exact):
            raise Invalid(f"finds more than {MOST} clients; narrow the search, or export without it", field="q")
        if columns is None:
            balance = piece.totals is not None and piece.totals.balance is not None
            columns = sheets.columns(
                page.say,
                page.words,
                numbers=page.numbers,
                balance=balance,
                currency=page.currency,
                places=page.places,
            )
            sheet.write([[column.title for column in columns]])
        rows = [
            [column.cell(client, piece.metrics.get(client.client_id)) for column in columns] for client in piece.clients
        ]
        await asyncio.to_thread(sheet.write, rows)
        count, cursor = count + len(rows), piece.next
    await asyncio.to_thread(sheet.close)
    file.seek(0, 2)
    return count


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
