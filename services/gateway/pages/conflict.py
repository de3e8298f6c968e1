"""Saving an edit form when somebody else saved first: what does not meet is put together; where both changed the same
fields, a page asks mine or theirs (#5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import VersionConflict
from services.gateway.pages import menu
from services.gateway.pages.asking import employees
from services.gateway.pages.clients.kept import since
from services.gateway.pages.clients.story import field_labels, told, written
from services.gateway.pages.doing import csrf, seen_version
from services.gateway.pages.languages import LANGUAGES, catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.merging import Merged, merged, opened_with
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


@dataclass(frozen=True)
class Saving:
    """How a record of an edit form is saved. `save` is given the record as it is, the form's fields, a key and the
    version meant, and raises VersionConflict. `read`: the record now; `shown`: its fields as the form has them."""

    save: Callable[[Any, Mapping[str, str], str, int | None], Awaitable[Response]]
    read: Callable[[], Awaitable[Any]]
    shown: Callable[[Any], Mapping[str, str]]
    draft: str
    """The name of the form, under which what is typed is kept."""
    back: str
    current: str
    """The entry of the menu."""
    history: tuple[str, dict[str, str]]
    """The query that tells who saved, and its parameters."""


async def saved(
    asker: Asker, request: Request, record: Any, fields: Mapping[str, str], key: str, of: Saving
) -> Response:
    """Save the fields that were typed; what somebody else saved since the form was opened is kept, or asked about."""
    form = await form_of(request)
    try:
        return await of.save(record, fields, key, seen_version(form))
    except VersionConflict as conflict:
        now = await since(of.read, conflict)
    theirs = of.shown(now)
    found = merged(fields, theirs, opened_with(form))
    if not found.asked:
        return await of.save(now, found.fields, f"{key}-{now.version}", now.version)
    return await _asked(asker, request, now, found, theirs, of)


async def _asked(
    asker: Asker, request: Request, record: Any, found: Merged, theirs: Mapping[str, str], of: Saving
) -> Response:
    """Ask with 422. `theirs`: all fields as they are stored."""
    look, caller = Look.of(request), caller_of(request)
    words = catalogue(look.language)
    path, params = of.history
    async with asker.sitting(caller, _GROUPS) as sitting:
        settings = (await asker.ask(sitting, "/settings")).item
        names = await employees(asker, sitting)
        texts = Texts.of(look.language, settings)
        last = told(texts, words, names, (await asker.ask(sitting, path, **params, limit=1, cursor=None)).items)
    labels = field_labels(words)
    if "contact_id" in params:
        labels["name"] = words.pgettext("person", "Name")

    def shown(name: str, value: str) -> str:
        if name == "language":
            return LANGUAGES.get(value, value) or written(words, names, name, None)
        return written(words, names, name, ", ".join(value.split("\n")) or None)

    values = {
        "shell": menu.shell(words, caller, of.current, settings.name),
        "record": record,
        "saved": last[0] if last else None,
        "asked": [(each.name, labels[each.name], shown(each.name, each.theirs), shown(each.name, each.mine))
                  for each in found.asked],
        "taken": [(labels[name], shown(name, before), shown(name, now)) for name, before, now in found.taken],
        "sent": found.fields,
        "theirs": theirs,
        "key": clock.new_id(),
        "csrf": csrf(request),
        "draft_name": of.draft,
        "back": of.back,
    }  # fmt: skip
    return html(look, "conflict.html", values, status=422)
