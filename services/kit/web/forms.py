"""Forms of pages: read once, small, as text by name."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.kit.web.commands import raw_body
from services.kit.web.problems import Malformed

FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 100_000
_MOST_FIELDS = 600
"""One for each column of a wide spreadsheet, and some."""


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a sent form; of a field that is there twice, the last. Raises Malformed, TooLarge."""
    found: Mapping[str, str] | None = getattr(request.state, "form", None)
    if found is None:
        raw = await raw_body(request, _MOST_BYTES)
        try:
            pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise Malformed("the form cannot be read: it is no UTF-8, or has too many fields") from None
        found = request.state.form = dict(pairs)
    return found
