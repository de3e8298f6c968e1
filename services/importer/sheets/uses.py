"""What else there is of a client than its import, as the read models have it: an undo leaves such a client (#5)."""

from __future__ import annotations

from collections.abc import Mapping

from services.kit.documents import Filter
from services.kit.engine import Engine
from services.kit.ports import Reader

_PAGE = 200
_SEEN = (
    ("clients", "notes", "it has a note of somebody else", True),
    ("clients", "contacts", "it has a contact person of somebody else", True),
    ("pipeline", "deals", "it has a deal", False),
    ("pipeline", "orders", "it has an order", False),
    ("pipeline", "payments", "it has a payment", False),
)
"""Group, collection, what is said of it, whether what was removed does not count."""


class Uses:
    """See undo.Used. `groups`: projection name → versioned group. Each client is looked at in a snapshot of its own:
    one for all would grow too old where there are many."""

    def __init__(self, engine: Engine, groups: Mapping[str, str]) -> None:
        self._engine = engine
        self._groups = groups

    async def __call__(self, client: str, own: frozenset[str]) -> str:
        """Return the first thing found that is none of `own`."""
        async with self._engine.reading() as reader:
            return await self._found(reader, client, own)

    async def _found(self, reader: Reader, client: str, own: frozenset[str]) -> str:
        for group, collection, words, removable in _SEEN:
            where = [Filter("client_id", "=", client)]
            where += [Filter("removed_at", "null")] if removable else []
            cursor = None
            while True:
                page = await reader.find(
                    self._groups[group], collection, where, cursor=cursor, limit=_PAGE, columns=("client_id",)
                )
                if any(row.id not in own for row in page.rows):
                    return words
                cursor = page.next
                if cursor is None:
                    break
        return ""
