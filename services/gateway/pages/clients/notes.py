"""Notes on a client: added, edited, removed, restored; who is named in them with @ (S3.21, S3.24, P12, #5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Command
from contracts.clients import commands as c
from contracts.clients.events import Mention
from contracts.clients.mentions import tells_nobody
from contracts.ids import created_id
from contracts.problem import Invalid
from services.gateway.pages import menu
from services.gateway.pages.asking import known, names_of
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import Errors, csrf, gone_to, tried
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.mentions.marks import marks, parts, plain, read
from services.gateway.pages.render import html
from services.kit import clock
from services.kit.rights import lets
from services.kit.web import Asker, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

_GROUPS = ("clients", "gateway")


async def add_note(asker: Asker, request: Request) -> Response:
    """Add a note; an empty one is no note."""
    form, id = await form_of(request), request.path_params["client_id"]
    text, key = form.get("text", "").strip(), form.get("key", "") or clock.new_id()
    if not text:
        return gone_to(asker, address(id), None)
    note = created_id(caller_of(request).actor, f"note:{key}")
    given = {"text": text, "priority": form.get("priority", "none")}

    async def act() -> Response:
        mentions = read(text, form.get("mentions", ""), known(asker))
        command = c.AddNote.model_validate({"note_id": note, "client_id": id, "mentions": mentions, **given})
        return gone_to(asker, address(id), await send(asker.engine, request, command, note, key))

    return await tried(act, lambda errors: _form(request, given, form.get("mentions", ""), errors, None))


def first(
    asker: Asker, request: Request, client: c.RegisterClient, fields: Mapping[str, str], key: str
) -> c.AddNote | None:
    """Return the first note of a client that is to be made, if one was typed. Whom it mentions is looked at before the
    client is there: the form is sent again as a whole. Raises Invalid."""
    if not fields["note"]:
        return None
    caller = caller_of(request)
    owner_id = client.owner_id or (None if caller.records == "all" else caller.actor)
    mentions = read(fields["note"], fields["mentions"], known(asker))
    for each in mentions:
        if not lets(asker.engine.known, each.employee_id, owner_id, "clients.read"):
            raise tells_nobody(known(asker).employees[each.employee_id].name, "note")
    return c.AddNote.model_validate(
        {
            "note_id": created_id(caller.actor, f"note:{key}"),
            "client_id": client.client_id,
            "text": fields["note"],
            "mentions": mentions,
            "priority": fields["priority"] or "none",
        }
    )


async def note_form(asker: Asker, request: Request) -> Response:
    """Show a note to be edited or removed, who is mentioned with their present names."""
    note = await _note(asker, request)
    text, mentions = _written(asker, note)
    return await _form(request, {"text": text, "priority": note.priority}, mentions, [], note)


async def edit_note(asker: Asker, request: Request) -> Response:
    """Save text and priority, remove the note, or restore it (P12)."""
    form, note, what = await form_of(request), await _note(asker, request), request.path_params["what"]
    key, of = form.get("key", "") or clock.new_id(), {"note_id": note.note_id}

    async def act() -> Response:
        commands: dict[str, Callable[[], list[Command]]] = {
            "save": lambda: [
                c.EditNote.model_validate({**of, **_text(asker, note, form)}),
                c.ChangeNotePriority.model_validate({**of, "priority": form.get("priority", "none")}),
            ],
            "remove": lambda: [c.RemoveNote.model_validate(of)],
            "restore": lambda: [c.RestoreNote.model_validate(of)],
        }
        if what not in commands:
            raise Invalid(f"{what!r} cannot be done to a note")
        effect = None
        for command in commands[what]():
            effect = await send(asker.engine, request, command, note.note_id, key)
        back = address(note.client_id) + (f"?removed={note.note_id}" if what == "remove" else "")
        return gone_to(asker, back, effect)

    text, mentions = _written(asker, note)
    given = {"text": form.get("text", text), "priority": form.get("priority", note.priority)}
    return await tried(act, lambda errors: _form(request, given, form.get("mentions", mentions), errors, note))


def _written(asker: Asker, note: Any) -> tuple[str, str]:
    """Return the note's text with present names, and whom its signs @ mean."""
    found = parts(note.text, note.mentions, names_of(asker))
    return plain(found), marks(found)


def _text(asker: Asker, note: Any, form: Mapping[str, str]) -> dict[str, Any]:
    """Return text and mentions as they shall be: what was not touched stays as it is, older names too."""
    text, said = form.get("text", "").strip(), form.get("mentions", "")
    before = _written(asker, note)
    if (_lines(text), said) == (_lines(before[0]), before[1]):
        kept = [Mention(employee_id=m.employee_id, start=m.start, length=m.length) for m in note.mentions]
        return {"text": note.text, "mentions": kept}
    return {"text": text, "mentions": read(text, said, known(asker))}


def _lines(text: str) -> str:
    """Return a text as it was before the form: browsers send all ends of lines as CR LF."""
    return text.replace("\r\n", "\n").strip()


async def _note(asker: Asker, request: Request) -> Any:
    async with asker.sitting(caller_of(request), _GROUPS) as sitting:
        return (await asker.ask(sitting, "/notes/{note_id}", note_id=request.path_params["note_id"])).item


async def _form(request: Request, given: Mapping[str, str], mentions: str, errors: Errors, note: Any) -> Response:
    look, caller = Look.of(request), caller_of(request)
    client = request.path_params.get("client_id") or note.client_id
    shown = [("text" if field == "mentions" else field, message) for field, message in errors]
    values = {
        "shell": menu.shell(catalogue(look.language), caller, menu.CLIENTS),
        "note": note,
        "given": given,
        "mentions": mentions,
        "errors": shown,
        "wrong": dict(shown),
        "key": clock.new_id(),
        "csrf": csrf(request),
        "client_id": client,
        "back": address(client),
    }
    return html(look, "clients/note.html", values, status=422 if errors else 200)
