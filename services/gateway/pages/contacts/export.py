"""The list of contact persons taken out as a file: by right, as it is searched, and written down (S1.15, P17)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.money import EXPONENTS
from contracts.problem import Invalid, Unavailable
from services.gateway.pages import exporting, menu
from services.gateway.pages.asking import employees
from services.gateway.pages.contacts.found import MOST, Asked, found, metrics_of
from services.gateway.pages.contacts.page import GROUPS
from services.gateway.pages.contacts.shown import company
from services.gateway.pages.doing import csrf
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.more import EXPORT_CONTACTS
from services.gateway.pages.numbers import FIELDS, labels
from services.gateway.pages.render import html
from services.gateway.pages.sheets import Cell, Column, known, numbers
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, Sitting, caller_of


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    right = needs("clients.read", "export")
    return (
        PageRoute(EXPORT_CONTACTS, export_form, needs=right),
        PageRoute(EXPORT_CONTACTS, export, needs=right, method="POST"),
    )


async def export_form(asker: Asker, request: Request) -> Response:
    """Ask for the kind of file; the address names the search."""
    look, asked, caller = Look.of(request), Asked.of(request.query_params), caller_of(request)
    say = catalogue(look.language)
    try:
        async with asker.sitting(caller, GROUPS) as sitting:
            settings = (await asker.ask(sitting, "/settings")).item
            first = await found(asker, sitting, asked, limit=1, cursor=None)
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": menu.shell(say, caller, menu.CONTACTS, settings.name),
        "what": "contacts",
        "filters": say.gettext("“%(text)s”") % {"text": asked.q} if asked.q else "",
        "count": Texts(look.language, settings.base_currency, settings.zone).count(first.total),
        "exact": first.exact,
        "near": first.near,
        "too_many": bool(asked.q) and (first.total > MOST or not first.exact),
        "action": asked.address(EXPORT_CONTACTS),
        "back": asked.address(),
        "csrf": csrf(request),
        "key": clock.new_id(),
    }
    return html(look, "export.html", values)


async def export(asker: Asker, request: Request) -> Response:
    """Send the file."""
    look, asked = Look.of(request), Asked.of(request.query_params)
    say = catalogue(look.language)

    async def taken(sitting: Sitting) -> exporting.Taken:
        settings = (await asker.ask(sitting, "/settings")).item
        day = Texts(look.language, settings.base_currency, settings.zone).date(clock.now())
        columns = _columns(say, await employees(asker, sitting))
        if caller_of(request).may("numbers"):
            currency = settings.base_currency or ""
            columns += numbers(FIELDS, labels(say), currency, EXPONENTS.get(currency, 2))
        pieces = _pieces(asker, sitting, asked, columns)
        return exporting.Taken("contacts", say.gettext("Contacts"), day, ["q"] if asked.q else [], pieces)

    return await exporting.export(asker, request, GROUPS, taken)


@dataclass(frozen=True)
class _Row:
    """A contact person and the client; None: it is not known, or was erased."""

    person: Any
    client: Any | None


def _columns(say: NullTranslations, owners: Mapping[str, str]) -> list[Column]:
    """Return the columns in the order of the table: who it is, how to reach them, whose."""
    number, name, position, email, telegram, birthday = (
        Column(each.title, lambda row, _, each=each: each.cell(row.person, None))  # type: ignore[misc]
        for each in known(
            {
                "number": say.gettext("Number"),
                "name": say.pgettext("person", "Name"),
                "position": say.gettext("Position"),
                "email": say.gettext("Email"),
                "telegram": "Telegram",
                "birthday": say.gettext("Birthday"),
            }
        )
    )
    phones = Column(say.gettext("Phones"), lambda row, _: ", ".join(row.person.phones))
    of = Column(say.gettext("Company"), lambda row, _: company(row.client)[0])
    owner = Column(
        say.gettext("Owner"), lambda row, _: owners.get(row.person.owner_id or "", row.person.owner_id or "")
    )
    return [number, name, position, phones, email, of, telegram, birthday, owner]


async def _pieces(
    asker: Asker, sitting: Sitting, asked: Asked, columns: Sequence[Column]
) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """Yield the head, then all rows. Raises Invalid for a search that finds more than can be listed."""
    yield [[column.title for column in columns]]
    cursor, more = None, True
    while more:
        piece = await found(asker, sitting, asked, limit=MOST, cursor=cursor)
        if asked.q and (piece.total > len(piece.people) or not piece.exact):
            raise Invalid(f"finds more than {MOST} contacts; narrow the search, or export without it", field="q")
        metrics = await metrics_of(asker, sitting, piece.people)
        rows = [(_Row(each, piece.clients.get(each.client_id)), metrics.get(each.contact_id)) for each in piece.people]
        yield [[column.cell(row, counted) for column in columns] for row, counted in rows]
        cursor, more = piece.next, piece.next is not None
