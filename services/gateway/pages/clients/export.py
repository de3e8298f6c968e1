"""The list of clients taken out as a file: by right, as it is filtered, written down in the log (P17, #5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Invalid, Unavailable
from services.gateway.pages import exporting, menu
from services.gateway.pages.clients.found import MOST, found
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.listed import GROUPS
from services.gateway.pages.clients.sheets import columns
from services.gateway.pages.doing import csrf
from services.gateway.pages.look import Look
from services.gateway.pages.more import EXPORT
from services.gateway.pages.render import html
from services.gateway.pages.sheets import Cell
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, Sitting, caller_of


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    right = needs("clients.read", "export")
    return (
        PageRoute(EXPORT, export_form, needs=right),
        PageRoute(EXPORT, export, needs=right, method="POST"),
    )


async def export_form(asker: Asker, request: Request) -> Response:
    """Ask for the kind of file; the address names the filters."""
    look = Look.of(request)
    try:
        async with asker.sitting(caller_of(request), GROUPS) as sitting:
            page = await Frame.of(asker, sitting, request)
            first = await found(
                asker, sitting, page.asked, numbers=page.numbers, places=page.places, limit=1, cursor=None
            )
    except Unavailable:
        return html(look, "loading.html", {}, status=503, headers={"refresh": "2"})
    values = {
        "shell": menu.shell(page.say, page.caller, menu.CLIENTS, page.settings.name),
        "what": "clients",
        "filters": page.words.together(page.asked),
        "count": page.texts.count(first.total),
        "exact": first.exact,
        "near": first.near,
        "too_many": bool(page.asked.q) and (first.total > MOST or not first.exact),
        "action": page.asked.address(EXPORT),
        "back": page.asked.address(),
        "csrf": csrf(request),
        "key": clock.new_id(),
    }
    return html(look, "export.html", values)


async def export(asker: Asker, request: Request) -> Response:
    """Send the file."""

    async def taken(sitting: Sitting) -> exporting.Taken:
        page = await Frame.of(asker, sitting, request)
        told = [f"{name}={value}" for name, value in page.asked.pairs() if name not in ("q", "view", "sort", "saved")]
        return exporting.Taken(
            "clients",
            page.say.gettext("Clients"),
            page.texts.date(clock.now()),
            told + (["q"] if page.asked.q else []),
            _pieces(asker, sitting, page),
        )

    return await exporting.export(asker, request, GROUPS, taken)


async def _pieces(asker: Asker, sitting: Sitting, page: Frame) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """Yield the head, then all rows. Raises Invalid for a search that finds more than can be listed."""
    made, cursor = None, None
    while made is None or cursor is not None:
        piece = await found(
            asker, sitting, page.asked, numbers=page.numbers, places=page.places, limit=MOST, cursor=cursor
        )
        if page.asked.q and (piece.total > len(piece.clients) or not piece.exact):
            raise Invalid(f"finds more than {MOST} clients; narrow the search, or export without it", field="q")
        if made is None:
            balance = piece.totals is not None and piece.totals.balance is not None
            given = {"numbers": page.numbers, "balance": balance}
            made = columns(page.say, page.words, **given, currency=page.currency, places=page.places)
            yield [[column.title for column in made]]
        yield [
            [column.cell(client, piece.metrics.get(client.client_id)) for column in made] for client in piece.clients
        ]
        cursor = piece.next
