"""What the palette finds: clients, contacts, what one can do, similar names; before that new mentions and what was
changed last (S0.39)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from gettext import NullTranslations
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Unavailable
from services.gateway.pages import menu
from services.gateway.pages.asking import sought
from services.gateway.pages.clients.shown import address
from services.gateway.pages.contacts import shown as contacts
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.mentions.bell import told
from services.gateway.pages.render import html
from services.gateway.pages.shell import Entry
from services.gateway.pages.texts import Texts
from services.kit.rights import Caller
from services.kit.web import Asker, Sitting, caller_of

_MOST = 5
_PHONE = re.compile(r"\+?[\d\s().-]*\d[\d\s().-]*")
_SIGNS = re.compile(r"\D")


async def palette(asker: Asker, request: Request) -> Response:
    """Answer what is typed."""
    look, caller = Look.of(request), caller_of(request)
    words = catalogue(look.language)
    text = sought(request.query_params)
    try:
        async with asker.sitting(caller, ("clients",)) as sitting:
            found = await _found(asker, sitting, "/clients", _digits(text), _client)
            persons = await _found(asker, sitting, "/contacts", _digits(text), _person)
            news = [] if text else (await told(asker, sitting, Texts(look.language), unread=True, limit=_MOST))[0]
    except Unavailable:
        return Response(status_code=503)
    acts = (words.gettext("Actions"), _acts(words, caller, text))
    if text:
        groups = [
            (words.gettext("Clients"), _entries(found.exact)),
            (words.gettext("Contacts"), _entries(persons.exact)),
            acts,
            (words.gettext("Similar names"), _entries([*found.near, *persons.near])),
        ]
    else:
        last = sorted([*found.exact, *persons.exact], key=lambda each: each[0], reverse=True)[:_MOST]
        mentions = [Entry(each.text, each.address, "bell", each.since) for each in news]
        groups = [(words.gettext("Mentions of you"), mentions), (words.gettext("Changed last"), _entries(last)), acts]
    return html(look, "ui/found.html", {"groups": groups})


class _Found(NamedTuple):
    """What has all the words, and what nearly has them; each with when it was changed."""

    exact: list[tuple[int, Entry]]
    near: list[tuple[int, Entry]]


async def _found(asker: Asker, sitting: Sitting, path: str, text: str, entry: Callable[[Any], Entry]) -> _Found:
    given: dict[str, Any] = {"sort": "-changed_at", "q": text or None}
    exact = (await asker.ask(sitting, path, **given, match="exact", limit=_MOST)).items
    near = []
    if text and len(exact) < _MOST:
        near = (await asker.ask(sitting, path, **given, match="near", limit=_MOST - len(exact))).items
    return _Found(*([(each.changed_at, entry(each)) for each in some] for some in (exact, near)))


def _client(each: Any) -> Entry:
    return Entry(each.name, address(each.client_id), "building", f"#{each.number}")


def _person(each: Any) -> Entry:
    return Entry(each.name, contacts.address(each.contact_id), "user", f"#{each.number}")


def _digits(text: str) -> str:
    """Return what to look for: of a phone, however it is written, the digits alone."""
    return _SIGNS.sub("", text) if _PHONE.fullmatch(text) else text


def _entries(found: Sequence[tuple[int, Entry]]) -> list[Entry]:
    return [entry for _, entry in found]


def _acts(words: NullTranslations, caller: Caller, text: str) -> list[Entry]:
    """Return what one can do and where one can go that has the text in its name; what can be made comes first."""
    shell = menu.shell(words, caller, "")
    named = {
        menu.NEW_CLIENT: words.gettext("Create a client"),
        menu.NEW_CONTACT: words.gettext("Create a contact"),
    }
    acts = [Entry(named[each.address], each.address, "plus") for each in shell.create]
    if shell.imports:
        acts.append(Entry(words.gettext("Import from a file"), shell.imports, "upload"))
    acts += [entry for group in shell.menu for entry in group.entries]
    return [entry for entry in acts if text.casefold() in entry.label.casefold()][:_MOST]
