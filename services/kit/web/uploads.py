"""A form with a file: read once, bounded, the file kept on disk while it comes in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from services.kit.web.problems import Malformed

MULTIPART = "multipart/form-data"
MOST_BYTES = 50_000_000
"""Of the file."""
_MORE_BYTES = 100_000
"""Of the fields and the lines between."""
_MOST_FIELDS = 20
_READ_ON_BYTES = 200_000_000
"""What is read, and thrown away, of a file that is too large: a browser that is cut short shows no answer."""


class _Full(MultiPartException):
    """More came than is taken; the parser then closes what it has opened."""


@dataclass(frozen=True)
class Upload:
    """`fields`: of a field that is there twice, the last. `file`: None if none was chosen. `too_large`: it was left
    out; fields before it are there."""

    fields: Mapping[str, str]
    file: UploadFile | None = None
    too_large: bool = False


async def upload_of(request: Request) -> Upload:
    """Return the fields and the file of a sent form; `let_go` closes it. Raises Malformed."""
    found: Upload | None = getattr(request.state, "upload", None)
    if found is None:
        found = request.state.upload = await _read(request)
    return found


async def let_go(request: Request) -> None:
    """Close the file of a request, if it has one: nobody reads it any more."""
    found: Upload | None = getattr(request.state, "upload", None)
    if found is not None and found.file is not None:
        await found.file.close()


async def _read(request: Request) -> Upload:
    parser = MultiPartParser(
        request.headers, _bounded(request), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MORE_BYTES
    )
    too_large = False
    try:
        await parser.parse()
    except _Full:
        too_large = True
    except MultiPartException as error:
        raise Malformed(f"the form cannot be read: {error.message}") from None
    fields = {name: value for name, value in parser.items if isinstance(value, str)}
    file = next((value for _, value in parser.items if isinstance(value, UploadFile) and value.filename), None)
    for _, value in parser.items:
        if isinstance(value, UploadFile) and (too_large or value is not file):
            await value.close()
    if too_large or (file is not None and (file.size or 0) > MOST_BYTES):
        if file is not None:
            await file.close()
        return Upload(fields, too_large=True)
    return Upload(fields, file)


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield the body. Raises _Full if there is more than fits, when the rest has been read."""
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken <= MOST_BYTES + _MORE_BYTES:
            yield chunk
        elif taken > _READ_ON_BYTES:
            break
    if taken > MOST_BYTES + _MORE_BYTES:
        raise _Full("too large")
