"""A document that an event changes must be there: its first event came before, in the same lane."""

from __future__ import annotations

from typing import Any

from services.kit.projection import Context


def present(ctx: Context, collection: str, id: str) -> Any:
    """Return the document. Raises LookupError, which stops the lane: a wrong number is worse than a late one."""
    document = ctx.get(collection, id)
    if document is None:
        raise LookupError(f"{collection} has no document {id} in lane {ctx.lane}: its first event was not folded")
    return document
