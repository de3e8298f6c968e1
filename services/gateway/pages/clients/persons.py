"""The contact persons on a client's page: the main one first, then by name; below, who was removed (P23, S3.13)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from contracts.problem import Invalid
from services.gateway.pages.asking import allowed
from services.gateway.pages.clients.shown import address
from services.gateway.pages.contacts.shown import Person, person
from services.kit.web import Asker, Sitting

_FIRST = 3
"""Of those at the side of the page's main tab."""
_PAGE = 50
_MOST = 200
"""Among so many, by name, those that were removed are looked for."""


async def persons(asker: Asker, sitting: Sitting, client: Any, cursor: str | None) -> dict[str, Any]:
    """Return the first persons (None), or a page of them from this cursor; from the first one if it is broken."""
    given: dict[str, Any] = {"client_id": client.client_id, "limit": _FIRST + 1 if cursor is None else _PAGE}
    try:
        page = await asker.ask(sitting, "/clients/{client_id}/contacts", **given, cursor=cursor or None)
    except Invalid:
        cursor = ""
        page = await asker.ask(sitting, "/clients/{client_id}/contacts", **given)
    main_id = client.main_contact_id
    rest = [person(each) for each in page.items if each.contact_id != main_id and each.erased_at is None]
    every = rest if cursor else [*await _main(asker, sitting, client), *rest]
    tab = f"{address(client.client_id)}?tab=contacts"
    return {
        "people": every[:_FIRST] if cursor is None else every,
        "more_people": tab if cursor is None and (len(every) > _FIRST or page.next) else "",
        "next_people": f"{tab}&{urlencode({'cursor': page.next})}" if cursor is not None and page.next else "",
        "first_people": tab if cursor else "",
        "removed_people": [] if cursor is None or cursor else await _removed(asker, sitting, client),
    }


async def _removed(asker: Asker, sitting: Sitting, client: Any) -> list[Person]:
    """Return who was removed, by name."""
    of, given = client.client_id, {"removed": True, "limit": _MOST}
    page = await asker.ask(sitting, "/clients/{client_id}/contacts", client_id=of, **given)
    return [person(each) for each in page.items if each.removed_at is not None and each.erased_at is None]


async def _main(asker: Asker, sitting: Sitting, client: Any) -> list[Person]:
    """Return the main contact person, if there is one still."""
    if client.main_contact_id is None:
        return []
    found = await allowed(asker, sitting, "/contacts/{contact_id}", contact_id=client.main_contact_id)
    if found is None or found.item.removed_at is not None or found.item.erased_at is not None:
        return []
    return [person(found.item, client.main_contact_id)]
