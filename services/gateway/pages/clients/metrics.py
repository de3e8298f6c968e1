"""The numbers of the clients of a page."""

from __future__ import annotations

from typing import Any

from services.kit.rights import Denied
from services.kit.web import Asker, Sitting


async def metrics_of(asker: Asker, sitting: Sitting, ids: list[str]) -> dict[str, Any]:
    """Return the metrics of clients by id; none without the right to numbers (P25)."""
    if not ids:
        return {}
    try:
        found = await asker.ask(sitting, "/metrics/clients", ids=",".join(ids))
    except Denied:
        return {}
    return {each.id: each for each in found.items}
