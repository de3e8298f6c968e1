"""An act on many records as pages tell it: what is done, how far it is, what it came to, what can be undone (#5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from contracts.gateway.bulk_events import NotDone
from services.gateway.bulk.acts import Acts
from services.gateway.domain.bulk import UNDO_MS, Begun
from services.gateway.pages.bulk.kind import F, Listed
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.web import Asker, Sitting

_NAMED = 200
"""Records that one question names."""


def reasons(say: NullTranslations, no_right: str) -> dict[str, str]:
    """Return why a record was left as it was, in words."""
    _ = say.gettext
    return {
        "same": _("it was so already"),
        "gone": _("it is not there, or not yours to change"),
        "erased": _("its data was erased"),
        "changed": _("somebody changed it since"),
        "no-right": no_right,
        "refused": _("it could not be changed"),
    }


def notice(acts: Acts, listed: Listed[F], frame: F, bulk_id: str, state: Begun) -> dict[str, Any]:
    """Return what the template `bulk/parts.html` shows."""
    progress = acts.progress(bulk_id)
    over = state.stage in ("finished", "undone")
    until = state.ended_at + UNDO_MS
    done, of = progress or (0, 0)
    undone = state.stage == "undone"
    known = reasons(frame.say, listed.words(frame.say).no_right)
    return {
        "address": f"{listed.at}/{quote(bulk_id, safe='')}",
        "query": frame.query,
        "title": listed.title(frame, state),
        "stage": state.stage,
        "going": progress is not None,
        "interrupted": progress is None and not over,
        "done": done,
        "of": of,
        "told": listed.told(frame, state.undone if undone else state.changed, undone=undone),
        "left": state.left if undone else state.skipped,
        "why": _why(known, frame.texts, state.not_undone if undone else state.not_done),
        "until": frame.texts.time(until)
        if state.stage == "finished" and state.changed and clock.now() <= until
        else "",
    }


async def lately(acts: Acts, listed: Listed[F], frame: F) -> dict[str, Any] | None:
    """Return the notice of the caller's last act on this list if it goes on or can be undone; else None."""
    bulk_id = await acts.latest(frame.caller, listed.subject)
    if not bulk_id:
        return None
    return notice(acts, listed, frame, bulk_id, await acts.look(frame.caller, bulk_id))


def _why(known: dict[str, str], texts: Texts, not_done: Sequence[NotDone]) -> str:
    """Say how many were left and why; only why if that is one thing."""
    counted = Counter(each.why for each in not_done)
    if len(counted) == 1:
        return known[next(iter(counted))]
    return "; ".join(f"{texts.count(count)}\u00a0– {known[why]}" for why, count in counted.most_common())


async def named(
    asker: Asker, sitting: Sitting, listed: Listed[F], frame: F, not_done: Sequence[NotDone]
) -> list[dict[str, str]]:
    """Return the records that were left, by name where the caller may see them, each with why."""
    left = [(each.contact_id or each.client_id or "", each.why) for each in not_done]
    names = await listed.names(asker, sitting, [id for id, _ in left[:_NAMED]])
    known = reasons(frame.say, listed.words(frame.say).no_right)
    rows = []
    for id, why in left:
        name, address = names.get(id, ("", ""))
        rows.append({"name": name, "address": address, "why": known[why]})
    return rows
