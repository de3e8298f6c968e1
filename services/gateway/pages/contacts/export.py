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
from services.gateway.pages import exporting
from services.gateway.pages.asking import employees
from services.gateway.pages.bulk.chosen import picked
from services.gateway.pages.contacts.found import MOST, Asked, found, found_of, metrics_of
from services.gateway.pages.contacts.frame import Frame
from services.gateway.pages.contacts.page import GROUPS
from services.gateway.pages.contacts.shown import company
from services.gateway.pages.doing import csrf
from services.gateway.pages.look import Look
from services.gateway.pages.more import EXPORT_CONTACTS
from services.gateway.pages.numbers import FIELDS, labels
from services.gateway.pages.render import html
from services.gateway.pages.sheets import Cell, Column, known, numbers
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
    """Ask for the kind of file; the address names the search, or the ids of the rows that were chosen."""
    look, ids = Look.of(request), picked(request.query_params)
    try:
        async with asker.sitting(caller_of(request), GROUPS) as sitting:
            frame = await Frame.of(asker, sitting, request)
            asked, say = frame.asked, frame.say
            first = await (found_of(asker, sitting, ids) if ids else found(asker, sitting, asked, limit=1, cursor=None))
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": frame.shell,
        "what": "contacts",
        "filters": "" if ids or not asked.q else say.gettext("“%(text)s”") % {"text": asked.q},
        "chosen": bool(ids),
        "count": frame.texts.count(first.total),
        "exact": first.exact,
        "near": first.near,
        "too_many": bool(asked.q) and not ids and (first.total > MOST or not first.exact),
        "action": asked.address(EXPORT_CONTACTS, ids=",".join(ids)),
        "back": asked.address(),
        "csrf": csrf(request),
        "key": clock.new_id(),
    }
    return html(look, "export.html", values)


async def export(asker: Asker, request: Request) -> Response:
    """Send the file."""
    ids = picked(request.query_params)[:MOST]

    async def taken(sitting: Sitting) -> exporting.Taken:
        frame = await Frame.of(asker, sitting, request)
        say, asked = frame.say, frame.asked
        columns = _columns(say, await employees(asker, sitting))
        if caller_of(request).may("numbers"):
            columns += numbers(FIELDS, labels(say), frame.currency, EXPONENTS.get(frame.currency, 2))
        pieces = _pieces(asker, sitting, asked, ids, columns)
        told = ["chosen"] if ids else ["q"] if asked.q else []
        return exporting.Taken("contacts", say.gettext("Contacts"), frame.texts.date(clock.now()), told, pieces)

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
    asker: Asker, sitting: Sitting, asked: Asked, ids: Sequence[str], columns: Sequence[Column]
) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """Yield the head, then all rows. Raises Invalid for a search that finds more than can be listed."""
    yield [[column.title for column in columns]]
    cursor, more = None, True
    while more:
        piece = await (
            found_of(asker, sitting, ids) if ids else found(asker, sitting, asked, limit=MOST, cursor=cursor)
        )
        if asked.q and not ids and (piece.total > len(piece.people) or not piece.exact):
            raise Invalid(f"finds more than {MOST} contacts; narrow the search, or export without it", field="q")
        metrics = await metrics_of(asker, sitting, piece.people)
        rows = [(_Row(each, piece.clients.get(each.client_id)), metrics.get(each.contact_id)) for each in piece.people]
        yield [[column.cell(row, counted) for column in columns] for row, counted in rows]
        cursor, more = piece.next, piece.next is not None
