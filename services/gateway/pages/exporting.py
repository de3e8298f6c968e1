"""A list taken out as a file: written on disk, then in the log, then sent (P17, #5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import IO, cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from contracts.gateway.commands import RecordExport
from contracts.gateway.events import ExportedList, ExportFormat
from contracts.ids import created_id
from contracts.problem import Invalid
from services.gateway.pages.sheets import MEDIA, SEPARATORS, Book, Cell, Separated, Sheet
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

_CHUNK = 64 * 1024
_FORMATS = ("xlsx", "csv")
_Piece = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Taken:
    """A list to be taken out. `title`: of the sheet; `day`: for the file's name; `filters`: as the log tells them;
    `pieces`: the head alone, then rows."""

    what: ExportedList
    title: str
    day: str
    filters: list[str]
    pieces: AsyncIterator[_Piece]


async def export(
    asker: Asker, request: Request, groups: Sequence[str], taken: Callable[[Sitting], Awaitable[Taken]]
) -> Response:
    """Write the file, then the record of it, then send the file: nothing is sent that is not in the log. One snapshot
    is read, piece by piece; the file lies on disk, so a list of any size takes little memory. Raises Invalid."""
    form, actor = await form_of(request), caller_of(request).actor
    format, separator = _asked(form)
    file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - closed when it was sent
    try:
        async with asker.sitting(caller_of(request), groups) as sitting:
            rows = await taken(sitting)
            # In a thread: the first workbook loads its library.
            made = partial(Book, file, rows.title) if format == "xlsx" else partial(Separated, file, separator)
            sheet: Sheet = await asyncio.to_thread(made)
            count = await _written(sheet, rows.pieces)
            file.seek(0, 2)
        key = form.get("key", "") or clock.new_id()
        id = created_id(actor, f"export:{key}")
        command = RecordExport(export_id=id, what=rows.what, format=format, count=count, filters=rows.filters)
        await send(asker.engine, request, command, id, key)
    except BaseException:
        file.close()
        raise
    name = f"{rows.what}-{rows.day}.{format}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(file.tell())}
    return StreamingResponse(_sent(file), media_type=MEDIA[format], headers=headers)


def _asked(form: Mapping[str, str]) -> tuple[ExportFormat, str]:
    format, separator = form.get("format", "xlsx"), form.get("separator", "comma")
    if format not in _FORMATS or separator not in SEPARATORS:
        raise Invalid("must be xlsx, or csv with comma, semicolon or tab", field="format")
    return cast("ExportFormat", format), SEPARATORS[separator]


async def _written(sheet: Sheet, pieces: AsyncIterator[_Piece]) -> int:
    """Write the head and all rows; return how many rows."""
    count = -1
    async for piece in pieces:
        await asyncio.to_thread(sheet.write, piece)
        count += len(piece)
    await asyncio.to_thread(sheet.close)
    return count


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
