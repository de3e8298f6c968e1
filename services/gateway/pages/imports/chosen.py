"""What the form of an import says: kind, columns, duplicates, country, sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count, takewhile
from typing import cast, get_args

from contracts.clients.import_events import TableKind
from services.gateway.pages.imports.port import Choices, Duplicates

_CODE = re.compile("[A-Z]{2}").fullmatch


def chosen(before: Choices, form: Mapping[str, str]) -> Choices:
    """Return the choices of a form; what makes no sense stays as before. Another kind or sheet has its columns matched
    by name anew."""
    kind, duplicates = form.get("kind", ""), form.get("duplicates", "")
    country, sheet = form.get("country", before.country), form.get("sheet", before.sheet)
    made = Choices(
        kind=cast(TableKind, kind) if kind in get_args(TableKind) else before.kind,
        fields=before.fields,
        duplicates=cast(Duplicates, duplicates) if duplicates in get_args(Duplicates) else before.duplicates,
        country=country if _CODE(country) else "",
        sheet=sheet,
    )
    if (made.kind, made.sheet) != (before.kind, before.sheet):
        return Choices(kind=made.kind, duplicates=made.duplicates, country=made.country, sheet=made.sheet)
    places = list(takewhile(lambda place: f"column-{place}" in form, count()))
    if not places:
        return made
    fields = tuple(form[f"column-{place}"] for place in places)
    return Choices(kind=made.kind, fields=fields, duplicates=made.duplicates, country=made.country, sheet=made.sheet)
