"""What a form for many clients says: what is to be done, and to whom (#5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any, NamedTuple, cast, get_args

from contracts.clients.events import Temperature
from contracts.gateway.bulk_events import BulkAction
from contracts.ids import created_id
from contracts.problem import Invalid
from services.gateway.pages.clients.found import MOST, found
from services.gateway.pages.clients.frame import Frame
from services.kit.web import Asker, Sitting

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}").fullmatch
_LONGEST_TAG = 300


class Wanted(NamedTuple):
    """What is to be done; `value` as in BulkBegun."""

    action: BulkAction
    value: str | None


def wanted(form: Mapping[str, str], owners: Collection[str]) -> Wanted:
    """Return what a form asks for. `owners`: ids of those who may be one. Raises Invalid of the field `value`."""
    action, value = form.get("action", ""), " ".join(form.get("value", "").split())
    match action:
        case "owner" if not value or value in owners:
            return Wanted(action, value or None)
        case "temperature" if not value or value in get_args(Temperature):
            return Wanted(action, value or None)
        case "tag" | "untag" if value and len(value) <= _LONGEST_TAG and value.isprintable():
            return Wanted(cast(BulkAction, action), value)
        case "archive":
            return Wanted(action, None)
        case _:
            raise Invalid("choose or type a value", field="value")


def picked(form: Mapping[str, str]) -> list[str]:
    """Return the ids of the rows that were chosen. Raises Invalid of the field `ids` if there are none."""
    ids = list(dict.fromkeys(id for id in form.get("ids", "").split(",") if _ID(id)))
    return _some(ids)


async def matching(asker: Asker, sitting: Sitting, frame: Frame) -> list[str]:
    """Return the ids of all clients that the list shows, of all its pages; never those whose
    names are only similar to a search. Raises Invalid of the field `q` if a search
    finds more than one page."""
    asked = frame.asked
    if asked.q:
        given: dict[str, Any] = {"numbers": frame.numbers, "places": frame.places, "limit": MOST, "cursor": None}
        page = await found(asker, sitting, asked, **given, match="exact")
        if page.total > len(page.clients) or not page.exact:
            raise Invalid("narrow the search", field="q")
        return _some([each.client_id for each in page.clients])
    path, given, name = "/clients", asked.of_clients(), "client_id"
    if asked.where:
        path, given, name = "/metrics/clients", asked.of_numbers(frame.places), "id"
    ids: list[str] = []
    cursor: str | None = None
    while True:
        page = await asker.ask(sitting, path, **given, limit=MOST, cursor=cursor)
        ids += [getattr(each, name) for each in page.items]
        cursor = page.next
        if cursor is None:
            return _some(ids)


def _some(ids: list[str]) -> list[str]:
    if not ids:
        raise Invalid("choose clients first", field="ids")
    return ids


def id_of(actor: str, key: str, what: Wanted, ids: list[str]) -> str:
    """Return the id of the act: the same for the same form sent again, another for other clients."""
    whom = sha256(",".join(ids).encode()).hexdigest()
    return created_id(actor, f"bulk:{key}:{what.action}:{what.value}:{whom}")
