"""The bell: who mentioned one in which note, what of it is read, and taking that back (#5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.base import Command
from contracts.clients.commands import ReadMention, UnreadMention
from contracts.problem import NotFound
from services.gateway.pages.asking import names_of, settings_of, shown_after
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import csrf
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.mentions.marks import parts, plain
from services.gateway.pages.menu import BELL, CLIENTS
from services.gateway.pages.render import html
from services.gateway.pages.shell import News
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.handle import Effect
from services.kit.rights import needs
from services.kit.token import Token
from services.kit.web import Asker, PageRoute, Sitting, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

GROUPS = ("clients", "gateway")
_SHOWN = 20
_PAGE = 200
_AT_ONCE = 1_000
"""Mentions that one click marks as read."""
_TOGETHER = 20


async def bell(asker: Asker, request: Request) -> Response:
    """Show the list, with how many are unread."""
    return await _list(asker, request, shown_after(request))


async def read_one(asker: Asker, request: Request) -> Response:
    """Mark one as read: it was opened."""
    await _mark(asker, request, ReadMention, [request.path_params["note_id"]])
    return Response(status_code=204)


async def read_all(asker: Asker, request: Request) -> Response:
    """Mark all that are unread as read; the answer offers to take it back."""
    notes: list[str] = []
    cursor: str | None = None
    async with asker.sitting(caller_of(request), GROUPS) as sitting:
        while len(notes) < _AT_ONCE:
            page = await asker.ask(sitting, "/mentions", unread=True, limit=_PAGE, cursor=cursor)
            notes += [each.note_id for each in page.items]
            if (cursor := page.next) is None:
                break
    marked, after = await _mark(asker, request, ReadMention, notes)
    return await _answer(asker, request, after, marked)


async def unread(asker: Asker, request: Request) -> Response:
    """Take back what `read_all` did."""
    notes = (await form_of(request)).get("notes", "").split()[:_AT_ONCE]
    _, after = await _mark(asker, request, UnreadMention, notes)
    return await _answer(asker, request, after, [])


async def _answer(asker: Asker, request: Request, after: str | None, marked: Sequence[str]) -> Response:
    if "hx-request" not in request.headers:
        return RedirectResponse(CLIENTS, 303)
    return await _list(asker, request, after, marked)


async def _mark(
    asker: Asker, request: Request, what: type[ReadMention | UnreadMention], notes: Sequence[str]
) -> tuple[list[str], str | None]:
    """Mark the caller's mentions in these notes; return those that were marked, and what a read must wait for."""
    key = (await form_of(request)).get("key", "") or clock.new_id()

    async def one(note_id: str) -> tuple[str, Effect] | None:
        try:
            command: Command = what.model_validate({"note_id": note_id})
            effect = await send(asker.engine, request, command, note_id, key)
        except (NotFound, ValidationError):  # it is not there any more, not one's own to see, or never was
            return None
        return (note_id, effect) if effect.events else None

    done: list[tuple[str, Effect]] = []
    for begin in range(0, len(notes), _TOGETHER):
        made = await asyncio.gather(*(one(each) for each in notes[begin : begin + _TOGETHER]))
        done += [each for each in made if each is not None]
    places = [place for _, effect in done for place in asker.engine.token(effect).places]
    newest = {(topic, lane): at for topic, lane, at in sorted(places, key=lambda place: place[2])}
    after = Token(asker.engine.ports.store.log_id, [(topic, lane, at) for (topic, lane), at in newest.items()])
    return [note_id for note_id, _ in done], str(after) if places else None


async def _list(asker: Asker, request: Request, after: str | None, marked: Sequence[str] = ()) -> Response:
    look = Look.of(request)
    async with asker.sitting(caller_of(request), GROUPS, after) as sitting:
        texts = await settings_of(asker, sitting, look.language)
        news, count, exact = await told(asker, sitting, texts)
    shown = texts.count(count) if exact else f"{texts.count(count)}+"
    values = {
        "news": news,
        "unread": count,
        "shown": shown,
        "bell": BELL,
        "csrf": csrf(request),
        "key": clock.new_id(),
        "marked": " ".join(marked),
        "marked_count": len(marked),
    }
    return html(look, "ui/bell.html", values)


async def told(
    asker: Asker, sitting: Sitting, texts: Texts, *, unread: bool = False, limit: int = _SHOWN
) -> tuple[list[News], int, bool]:
    """Return the newest mentions, how many are unread, and whether that is all of them."""
    words, names = catalogue(texts.language), names_of(asker)
    page = await asker.ask(sitting, "/mentions", unread=unread, limit=limit)
    counted = await asker.ask(sitting, "/mentions", unread=True, limit=1, count=True)

    def news(each: Any) -> News:
        who = names.get(each.by, words.gettext("Somebody"))
        return News(
            text=words.gettext("%(who)s mentioned you · %(client)s") % {"who": who, "client": each.client_name},
            since=texts.ago(clock.now() - each.at),
            address=at_note(each.client_id, each.note_id),
            unread=each.read_at is None,
            line=plain(parts(each.line, each.mentions, names)),
            at=texts.moment(each.at),
        )

    return [news(each) for each in page.items], counted.total, counted.total_exact


def at_note(client_id: str, note_id: str) -> str:
    """Return the address of the client's page at this note."""
    return f"{address(client_id)}?note={note_id}#note-{note_id}"


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    table = [
        ("GET", BELL, bell),
        ("POST", f"{BELL}/read", read_all),
        ("POST", f"{BELL}/unread", unread),
        ("POST", f"{BELL}/{{note_id}}/read", read_one),
    ]
    return tuple(
        PageRoute(path, handler, needs=needs("clients.read"), method=method) for method, path, handler in table
    )
