"""What read models do about an erased client (X10): know that it is, and blank what is its own, slice by slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.kit.documents import Filter
from services.kit.projection import Context

SLICE = 150
"""Documents of one collection written at once: three collections stay below the 500 that one event may write (P2)."""


def erased_at(context: Context, client_id: str) -> int | None:
    """Return when the client was erased, UTC ms; None: it was not.

    A fact that was stored between the erasure and the end of its key still comes with personal text: folds ask here."""
    client = context.get("clients", client_id)
    return None if client is None else client.erased_at


def wipe(context: Context, collection: str, client_id: str, id: str, blank: Callable[[Any], Any]) -> bool:
    """Blank a slice of the client's documents; `id` names their id field. True: there may be more."""
    where = (Filter("client_id", "=", client_id), Filter("erased_at", "null"))
    rows = context.find(collection, where, limit=SLICE)
    for row in rows:
        context.put(collection, getattr(row, id), blank(row))
    return len(rows) == SLICE
