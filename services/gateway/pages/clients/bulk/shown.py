"""An act on many clients as pages tell it: what is done, how far it is, what it came to, what can be undone (#5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from contracts.gateway.bulk_events import NotDone
from services.gateway.bulk.acts import Acts
from services.gateway.domain.bulk import UNDO_MS, Begun
from services.gateway.pages.asking import allowed
from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.clients.filters import Words
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import csrf
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of

BULK = "/clients/bulk"
_NAMED = 200
"""Clients that one question names."""


def title(say: NullTranslations, words: Words, state: Begun) -> str:
    """Say what is done."""
    value = state.value or ""
    match state.action:
        case "owner":
            name = words.value("owner", value)
            return say.gettext("New owner: %(name)s") % {"name": name} if value else say.gettext("Without an owner")
        case "temperature":
            name = words.value("temperature", value)
            return (
                say.gettext("Temperature: %(value)s") % {"value": name} if value else say.gettext("Without temperature")
            )
        case "tag":
            return say.gettext("Tag added: %(tag)s") % {"tag": value}
        case "untag":
            return say.gettext("Tag removed: %(tag)s") % {"tag": value}
        case "archive":
            return say.gettext("Into the archive")


def reasons(say: NullTranslations) -> dict[str, str]:
    """Return why a client was left as it was, in words."""
    _ = say.gettext
    return {
        "same": _("it was so already"),
        "gone": _("it is not there, or not yours to change"),
        "erased": _("its data was erased"),
        "changed": _("somebody changed it since"),
        "no-right": _("your account may not change clients any more"),
        "refused": _("it could not be changed"),
    }


def notice(acts: Acts, frame: Frame, bulk_id: str, state: Begun) -> dict[str, Any]:
    """Return what the template `bulk/notice.html` shows."""
    progress = acts.progress(bulk_id)
    over = state.stage in ("finished", "undone")
    until = state.ended_at + UNDO_MS
    done, of = progress or (0, 0)
    undone = state.stage == "undone"
    return {
        "address": f"{BULK}/{quote(bulk_id, safe='')}",
        "query": frame.asked.address("", cursor=frame.asked.cursor),
        "title": title(frame.say, frame.words, state),
        "stage": state.stage,
        "going": progress is not None,
        "interrupted": progress is None and not over,
        "done": done,
        "of": of,
        "count": len(state.client_ids),
        "changed": state.changed,
        "undone": state.undone,
        "left": state.left if undone else state.skipped,
        "why": _why(frame.say, frame.texts, state.not_undone if undone else state.not_done),
        "until": frame.texts.time(until)
        if state.stage == "finished" and state.changed and clock.now() <= until
        else "",
    }


async def lately(acts: Acts, frame: Frame) -> dict[str, Any] | None:
    """Return the notice of the caller's last act if it goes on or can be undone; else None."""
    bulk_id = await acts.latest(frame.caller)
    if not bulk_id:
        return None
    return notice(acts, frame, bulk_id, await acts.look(frame.caller, bulk_id))


async def offered(asker: Asker, sitting: Sitting, request: Request, asked: Asked, view: str) -> dict[str, Any]:
    """Return what the table needs so that many clients can be changed; `picking` false: they cannot."""
    if view != "table" or not caller_of(request).may("clients.write"):
        return {"picking": False, "csrf": csrf(request)}
    people = await allowed(asker, sitting, "/employees", limit=200)
    return {
        "picking": True,
        "csrf": csrf(request),
        "key": clock.new_id(),
        "action": asked.address(BULK, cursor=asked.cursor),
        "owners": [] if people is None else [(each.employee_id, each.name) for each in people.items],
    }


def _why(say: NullTranslations, texts: Texts, not_done: Sequence[NotDone]) -> str:
    """Say how many were left and why; only why if that is one thing."""
    counted = Counter(each.why for each in not_done)
    known = reasons(say)
    if len(counted) == 1:
        return known[next(iter(counted))]
    return "; ".join(f"{texts.count(count)}\u00a0– {known[why]}" for why, count in counted.most_common())


async def named(
    asker: Asker, sitting: Sitting, say: NullTranslations, not_done: Sequence[NotDone]
) -> list[dict[str, str]]:
    """Return the clients that were left, by name where the caller may see them, each with why."""
    ids = ",".join(each.client_id for each in not_done[:_NAMED])
    found = (await asker.ask(sitting, "/clients", ids=ids)).items if ids else []
    names = {each.client_id: each.name for each in found}
    known = reasons(say)
    return [
        {
            "name": names.get(each.client_id, ""),
            "address": address(each.client_id) if each.client_id in names else "",
            "why": known[each.why],
        }
        for each in not_done
    ]
