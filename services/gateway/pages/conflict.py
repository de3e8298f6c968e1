"""The page that asks mine or theirs: somebody else saved what one has open, and both changed the same fields (#5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages import menu
from services.gateway.pages.asking import employees
from services.gateway.pages.clients.story import field_labels, told, written
from services.gateway.pages.doing import csrf
from services.gateway.pages.languages import LANGUAGES, catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.merging import Merged, opened_with
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit import clock
from services.kit.web import Asker, caller_of
from services.kit.web.forms import form_of

_GROUPS = ("clients", "gateway")


async def opened_now(request: Request, version: int, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what an edit form says it was opened with: the record as it is, or as the form that comes back said."""
    form = await form_of(request) if request.method == "POST" else {}
    said = opened_with(form)
    return {"opened_version": form.get("version", "") if said else version, "opened_fields": said or fields}


async def conflict(
    asker: Asker,
    request: Request,
    record: Any,
    found: Merged,
    theirs: Mapping[str, str],
    *,
    draft: str,
    back: str,
    current: str,
    history: tuple[str, dict[str, str]],
    also: Mapping[str, str],
) -> Response:
    """Ask with 422. `theirs`: all fields as they are stored; `history`: the query that tells who saved, and its
    parameters; `also`: what else the form sends; `current`: the entry of the menu."""
    look, caller = Look.of(request), caller_of(request)
    words = catalogue(look.language)
    path, of = history
    async with asker.sitting(caller, _GROUPS) as sitting:
        settings = (await asker.ask(sitting, "/settings")).item
        names = await employees(asker, sitting)
        texts = Texts(look.language, settings.base_currency, settings.zone)
        last = told(texts, words, names, (await asker.ask(sitting, path, **of, limit=1, cursor=None)).items)
    labels = field_labels(words)
    if "contact_id" in of:
        labels["name"] = words.pgettext("person", "Name")

    def shown(name: str, value: str) -> str:
        if name == "language":
            return LANGUAGES.get(value, value) or written(words, names, name, None)
        return written(words, names, name, ", ".join(value.split("\n")) or None)

    values = {
        "shell": menu.shell(words, caller, current, settings.name),
        "record": record,
        "saved": last[0] if last else None,
        "asked": [(each.name, labels[each.name], shown(each.name, each.theirs), shown(each.name, each.mine))
                  for each in found.asked],
        "taken": [(labels[name], shown(name, before), shown(name, now)) for name, before, now in found.taken],
        "sent": {**also, **found.fields},
        "theirs": theirs,
        "key": clock.new_id(),
        "csrf": csrf(request),
        "draft_name": draft,
        "back": back,
    }  # fmt: skip
    return html(look, "conflict.html", values, status=422)
