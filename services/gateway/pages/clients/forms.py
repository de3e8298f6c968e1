"""Creating and editing clients: plain forms, each done once (S3.10, #5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.clients import commands as c
from contracts.ids import created_id
from contracts.problem import Invalid, NotFound
from services.gateway.pages import menu
from services.gateway.pages.clients import fields as form_fields
from services.gateway.pages.clients import notes
from services.gateway.pages.clients.kept import the_client
from services.gateway.pages.clients.shown import address
from services.gateway.pages.clients.similar import Alike, known_already
from services.gateway.pages.conflict import Saving, opened_now, saved
from services.gateway.pages.doing import Errors, csrf, gone_to, tried
from services.gateway.pages.languages import LANGUAGES, catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.merging import answered
from services.gateway.pages.render import html
from services.kit import clock
from services.kit.rights import needs
from services.kit.web import Asker, PageRoute, caller_of
from services.kit.web.commands import send
from services.kit.web.forms import form_of

Handler = Callable[[Asker, Request], Awaitable[Response]]
_GROUPS = ("clients", "gateway")
_WRITE = needs("clients.write")


async def new_form(asker: Asker, request: Request) -> Response:
    """Show the form of a new client."""
    return await _form(asker, request, form_fields.blank(), [], clock.new_id())


async def new(asker: Asker, request: Request) -> Response:
    """Make the client, with its first note if there is one, and show it; unless somebody with this phone or email is
    known and that was not answered yet."""
    form = await form_of(request)
    fields, key = form_fields.typed(form), form.get("key", "") or clock.new_id()
    again = fields | {"mentions": form.get("mentions", "")}

    async def act() -> Response:
        actor = caller_of(request).actor
        id = created_id(actor, f"client:{key}")
        command = form_fields.registered(id, fields)
        note = notes.first(asker, request, command, again, key)
        found = await known_already(asker, request, command.phones, command.email, {id})
        if found and "anyway" not in form:
            return await _form(asker, request, again, [], key, similar=found)
        effect = await send(asker.engine, request, command, id, key)
        if note is not None:
            effect = await send(asker.engine, request, note, note.note_id, key)
        return gone_to(asker, f"{address(id)}?created=1", effect)

    return await tried(act, lambda errors: _form(asker, request, again, errors, key))


async def edit_form(asker: Asker, request: Request) -> Response:
    """Show the form of a client."""
    client = await the_client(asker, request)
    return await _form(asker, request, form_fields.shown(client), [], clock.new_id(), client)


async def edit(asker: Asker, request: Request) -> Response:
    """Save what was changed; what somebody else saved since the form was opened is kept, or asked about."""
    form, client = await form_of(request), await the_client(asker, request)
    fields, key = answered(form, form_fields.typed(form)), form.get("key", "") or clock.new_id()

    async def save(now: Any, typed: Mapping[str, str], key: str, version: int | None) -> Response:
        effect = None
        for command in form_fields.changed(now, typed):
            effect = await send(asker.engine, request, command, now.client_id, key, version)
            version = effect.version
        return gone_to(asker, address(now.client_id), effect)

    id = client.client_id
    of = Saving(
        save, lambda: the_client(asker, request), form_fields.shown, draft=f"client {id}", back=address(id),
        current=menu.CLIENTS, history=("/clients/{client_id}/history", {"client_id": id}),
    )  # fmt: skip
    return await tried(
        lambda: saved(asker, request, client, fields, key, of),
        lambda errors: _form(asker, request, fields, errors, key, client),
    )


async def mark(asker: Asker, request: Request) -> Response:
    """Put a client into the archive or take it back; mark it lost or returned."""
    id, what = request.path_params["client_id"], request.path_params["what"]
    made = {"archive": c.ArchiveClient, "restore": c.RestoreClient, "lost": c.MarkClientLost, "return": c.ReturnClient}
    if what not in made:
        raise Invalid(f"{what!r} cannot be done to a client")
    command = made[what].model_validate({"client_id": id})
    effect = await send(
        asker.engine, request, command, id, (await form_of(request)).get("key", "") or clock.new_id(), None
    )
    return gone_to(asker, address(id), effect)


async def _form(
    asker: Asker,
    request: Request,
    fields: Mapping[str, str],
    errors: Errors,
    key: str,
    client: Any = None,
    similar: Sequence[Alike] = (),
) -> Response:
    look, caller = Look.of(request), caller_of(request)
    opened = {} if client is None else await opened_now(request, client.version, form_fields.shown(client))
    async with asker.sitting(caller, _GROUPS) as sitting:
        settings = (await asker.ask(sitting, "/settings")).item
        people = (await asker.ask(sitting, "/employees", limit=200)).items if caller.may("staff.read") else []
    values = {
        "shell": menu.shell(catalogue(look.language), caller, menu.CLIENTS, settings.name),
        "client": client,
        "fields": {**form_fields.blank(), "mentions": "", **fields},
        "errors": errors,
        "wrong": dict(errors),
        "key": key,
        "csrf": csrf(request),
        "owners": [(each.employee_id, each.name) for each in people],
        "spoken": list(LANGUAGES.items()),
        "back": menu.CLIENTS if client is None else address(client.client_id),
        "similar": similar,
        **opened,
    }
    return html(look, "clients/form.html", values, status=422 if errors or similar else 200)


def there(handler: Handler) -> Handler:
    """Answer in words if what the form is about is not there, or not the caller's to see."""

    async def answer(asker: Asker, request: Request) -> Response:
        try:
            return await handler(asker, request)
        except NotFound:
            look = Look.of(request)
            shell = menu.shell(catalogue(look.language), caller_of(request), menu.CLIENTS)
            return html(look, "clients/nobody.html", {"shell": shell}, status=404)

    return answer


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/clients/new", new_form),
        ("POST", "/clients/new", new),
        ("GET", "/clients/{client_id}/edit", edit_form),
        ("POST", "/clients/{client_id}/edit", edit),
        ("POST", "/clients/{client_id}/mark/{what}", mark),
        ("POST", "/clients/{client_id}/notes", notes.add_note),
        ("GET", "/notes/{note_id}", notes.note_form),
        ("POST", "/notes/{note_id}/{what}", notes.edit_note),
    ]
    return tuple(PageRoute(path, there(handler), needs=_WRITE, method=method) for method, path, handler in table)
