"""One field of a client set from its page, without the whole form: what was seen there is compared first, so that
nobody's change is lost unseen; the message about it offers to undo it (#5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.problem import Refusal, VersionConflict
from services.gateway.pages.asking import employees
from services.gateway.pages.clients import fields as form_fields
from services.gateway.pages.clients.kept import client_since, the_client
from services.gateway.pages.clients.shown import address
from services.gateway.pages.clients.story import field_labels, written
from services.gateway.pages.doing import csrf, gone_to
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.refusals import said
from services.gateway.pages.render import html
from services.kit import clock
from services.kit.handle import Effect
from services.kit.rights import Denied
from services.kit.web import Asker, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of
from services.kit.web.problems import Fields

MARKS = ("status", "temperature")
"""What is chosen beside the name (S3.16, S3.17)."""
_ATTEMPTS = 5


class Overtaken(Refusal):
    """Somebody else set the same field first."""

    code = "overtaken"


async def set_mark(asker: Asker, request: Request) -> Response:
    """Set status or temperature; the answer is what stands beside the name, with a message. 422 if it is refused."""
    form, field = await form_of(request), request.path_params["field"]
    try:
        client, effect = await kept(asker, request, field, form)
    except (Refusal, ValidationError) as refusal:
        if isinstance(refusal, Denied):
            raise
        return await _marks(asker, request, None, {"kind": "bad", "text": plain(request, refusal)})
    if "hx-request" not in request.headers:
        return gone_to(asker, address(client.client_id), effect)
    after = None if effect is None else str(asker.engine.token(effect))
    return await _marks(asker, request, after, told(request, await named(asker, request), client, field, form))


async def kept(asker: Asker, request: Request, field: str, form: Mapping[str, str]) -> tuple[Any, Effect | None]:
    """Set a field to the form's `value`, if it still is what was seen, `was`; return the client as it was before, and
    the effect; none if it has that value already. Raises Overtaken, and what the command refuses."""
    key, was, value = form.get("key", "") or clock.new_id(), _lines(form.get("was", "")), form.get("value", "").strip()
    client = await the_client(asker, request)
    for attempt in range(_ATTEMPTS):
        fields = form_fields.shown(client)
        command = form_fields.changing(client, fields | {field: value}, field)
        if command == form_fields.changing(client, fields, field):
            return client, None
        if fields[field] != was:
            raise Overtaken(fields[field], field=field)
        try:
            return client, await send(asker.engine, request, command, client.client_id, key, client.version)
        except VersionConflict as conflict:
            if attempt == _ATTEMPTS - 1:
                raise
            client = await client_since(asker, request, conflict)
    raise AssertionError("unreachable")


def _lines(text: str) -> str:
    """Return a text as it was before the form: browsers send all ends of lines as CR LF."""
    return text.replace("\r\n", "\n")


def plain(request: Request, refusal: Refusal | ValidationError) -> str:
    """Say in words of the page why a field was not set."""
    words = catalogue(Look.of(request).language)
    if isinstance(refusal, Overtaken | VersionConflict):
        return words.gettext(
            "Somebody else changed this meanwhile; now you see what they saved. Nothing of it was lost."
        )
    if isinstance(refusal, ValidationError):
        refusal = Fields.of(refusal)
    texts = [each.message for each in refusal.errors] if isinstance(refusal, Fields) else [refusal.detail]
    return "; ".join(said(words, text) for text in texts)


async def named(asker: Asker, request: Request) -> dict[str, str]:
    """Return the names of all employees by id."""
    async with asker.sitting(caller_of(request), ("gateway",)) as sitting:
        return await employees(asker, sitting)


def told(
    request: Request, names: Mapping[str, str], before: Any, field: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Return the message about what was set: its words, and what undoes it; nothing undoes an undoing."""
    words, after = catalogue(Look.of(request).language), form.get("value", "").strip()
    shown = written(words, names, field, after.replace("\n", ", ") or None)
    said = {"kind": "good", "text": f"{field_labels(words)[field]}: {shown}"}
    undo = {"field": field, "was": form_fields.as_kept(before, field, after), "value": form_fields.shown(before)[field]}
    return said if "undo" in form or undo["was"] == undo["value"] else {**said, "undo": undo}


async def _marks(asker: Asker, request: Request, after: str | None, said: dict[str, Any]) -> Response:
    client = await the_client(asker, request, after)
    values = {
        "client": client,
        "at": address(client.client_id),
        "csrf": csrf(request),
        "key": clock.new_id(),
        "said": said,
        "set_now": request.path_params["field"],
    }
    return html(Look.of(request), "clients/marks.html", values, status=422 if said["kind"] == "bad" else 200)
