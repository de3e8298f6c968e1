"""Clients and contact persons who have a phone or email that is being typed: "Looks like ..." (#5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages.asking import sought
from services.gateway.pages.clients import shown as clients
from services.gateway.pages.contacts import shown as contacts
from services.gateway.pages.contacts.fields import phones
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.kit.web import Asker, Sitting, caller_of

_LEAST, _TAIL = 7, 9
"""Digits that make a phone worth comparing, and those that tell phones apart whatever stands before them."""
_MOST = 3
_FEW = 20
_LONGEST = 300


@dataclass(frozen=True)
class Alike:
    """Somebody known already. `by`: what matches."""

    name: str
    number: int
    address: str
    icon: str
    by: Literal["phone", "email"]


async def alike(
    asker: Asker, sitting: Sitting, phones: Sequence[str], email: str | None, but: Collection[str] = ()
) -> list[Alike]:
    """Return clients and contact persons within reach who have one of the phones, or the email; not those with the ids
    of `but`."""
    ways: list[tuple[Literal["phone", "email"], str]] = [
        ("phone", _tail(phone)) for phone in phones[:_MOST] if len(_tail(phone)) >= _LEAST
    ]
    email = (email or "").strip().casefold()
    if "@" in email:
        ways.append(("email", email))
    found: dict[str, Alike] = {}
    for by, text in ways:
        for each in (await asker.ask(sitting, "/clients", q=text, match="exact", limit=_FEW)).items:
            if each.client_id not in but and _has(each, by, text):
                at = clients.address(each.client_id)
                found.setdefault(each.client_id, Alike(each.name, each.number, at, "building", by))
        for each in (await asker.ask(sitting, "/contacts", q=text, match="exact", limit=_FEW)).items:
            if each.contact_id not in but and _has(each, by, text):
                at = contacts.address(each.contact_id)
                found.setdefault(each.contact_id, Alike(each.name, each.number, at, "user", by))
    return list(found.values())[:_MOST]


async def known_already(
    asker: Asker, request: Request, phones: Sequence[str], email: str | None, but: Collection[str] = ()
) -> list[Alike]:
    """Return the same in a sitting of its own."""
    async with asker.sitting(caller_of(request), ("clients",)) as sitting:
        return await alike(asker, sitting, phones, email, but)


async def similar(asker: Asker, request: Request) -> Response:
    """Answer a form while one types in it. `but`: whose form it is; `client_id`: their client, who may well have the
    same phone; `new`: it can be created anyway."""
    given = request.query_params
    but = {sought(given, "but"), sought(given, "client_id")}
    wanted = phones({"phones": given.get("phones", "")[:_LONGEST]})
    found = await known_already(asker, request, wanted, sought(given, "email"), but)
    return html(Look.of(request), "clients/similar.html", {"similar": found, "anyway": "new" in given})


def _has(record: Any, by: str, text: str) -> bool:
    if by == "email":
        return (record.email or "").casefold() == text
    tails = [_tail(phone) for phone in record.phones]
    return any(len(tail) >= _LEAST and (tail.endswith(text) or text.endswith(tail)) for tail in tails)


def _tail(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())[-_TAIL:]
