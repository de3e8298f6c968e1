"""Erased clients: the personal words in their deals, orders and payments become blanks, slice by slice (DESIGN 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from contracts.clients.events import ClientErased
from contracts.envelope import RecordedEvent
from services.kit.documents import Collection, Filter
from services.kit.projection import Context, Key, Projection

SLICE = 400
"""Documents written at once, at most (DESIGN 6)."""
BLANKS: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    ("deals", "deal_id", {"title": "", "external_id": None}),
    ("orders", "order_id", {"external_id": None}),
    ("payments", "payment_id", {"external_id": None, "reason": ""}),
)
"""Collections with personal words, their id field, and what is put in the words' place. Their documents have the
columns `client_id` and `personal`."""


class ErasedClient(msgspec.Struct, frozen=True):
    """Stays for ever: an event of the client from another topic may come before its key is destroyed. `pending` 1:
    there is more to blank."""

    client_id: str
    erased_at: int
    pending: int


ERASED = Projection(
    "erased",
    1,
    [Collection("erased", ErasedClient, {"pending": "int"}, (("pending",),))],
)


def erased_key(client_id: str | None) -> Iterable[Key]:
    """Return the key of the marker, for a fold that asks `may_name`."""
    return [("erased", client_id)] if client_id else []


def may_name(ctx: Context, client_id: str | None) -> bool:
    """Tell whether the client's personal words may still be kept."""
    return client_id is None or ctx.get("erased", client_id) is None


@ERASED.on(ClientErased, keys=lambda data, _event: erased_key(data.client_id))
def _erased(ctx: Context, data: Any, event: RecordedEvent) -> None:
    _blank(ctx, ErasedClient(data.client_id, event.occurred_at, 1))


def blank_more(ctx: Context) -> bool:
    """Do one slice of what is left; True: there is more (Projection.work)."""
    for marker in ctx.find("erased", [Filter("pending", "=", 1)]):
        _blank(ctx, marker)
        return True
    return False


def _blank(ctx: Context, marker: ErasedClient) -> None:
    left = SLICE
    for collection, id_field, blanks in BLANKS:
        where = [Filter("client_id", "=", marker.client_id), Filter("personal", "=", 1)]
        found = ctx.find(collection, where, limit=left) if left else []
        for document in found:
            ctx.put(collection, getattr(document, id_field), msgspec.structs.replace(document, **blanks, personal=0))
        left -= len(found)
    ctx.put("erased", marker.client_id, msgspec.structs.replace(marker, pending=0 if left else 1))
