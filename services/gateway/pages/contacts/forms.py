"""Creating, editing, removing and restoring contact persons, and choosing the main one: each done once (S3.13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from contracts.clients import commands as c
from contracts.ids import created_id
from contracts.problem import Invalid, NotFound
from services.gateway.pages import menu
from services.gateway.pages.asking import allowed
from services.gateway.pages.clients import shown as clients
from services.gateway.pages.clients.options import OPTIONS
from services.gateway.pages.clients.similar import Alike, known_already
from services.gateway.pages.conflict import Saving, opened_now, saved
from services.gateway.pages.contacts import fields as form_fields
from services.gateway.pages.contacts.page import nobody
from services.gateway.pages.contacts.shown import address
from services.gateway.pages.doing import Errors, csrf, gone_to, tried
from services.gateway.pages.languages import catalogue
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


async def new_form(asker: Asker, request: Request) -> Response:
    """Show the form of a new contact person; `?client=ID` names the company, whose first one is its main one."""
    id = request.query_params.get("client", "")
    client = await _client(asker, request, id)
    fields = form_fields.blank(id if client is not None else "")
    if client is not None and client.main_contact_id is None:
        fields["main"] = "1"
    return await _form(asker, request, fields, [], clock.new_id())


async def new(asker: Asker, request: Request) -> Response:
    """Make the contact person, unless somebody with this phone or email is known and that was not answered yet."""
    form = await form_of(request)
    fields, key = form_fields.typed(form), form.get("key", "") or clock.new_id()
    words = catalogue(Look.of(request).language)

    async def act() -> Response:
        if not fields["client_id"]:
            raise Invalid(words.gettext("Choose the company of the contact."), field="client_id")
        id = created_id(caller_of(request).actor, f"contact:{key}")
        command = form_fields.added(id, fields)
        found = await known_already(asker, request, command.phones, command.email, {id, command.client_id})
        if found and "anyway" not in form:
            return await _form(asker, request, fields, [], key, similar=found)
        effect = await send(asker.engine, request, command, id, key)
        if fields["main"]:
            effect = await send(asker.engine, request, _main(command.client_id, id), command.client_id, key)
        back = f"{clients.address(command.client_id)}?tab=contacts" if form.get("back") == "client" else address(id)
        return gone_to(asker, back, effect)

    return await tried(act, lambda errors: _form(asker, request, fields, errors, key))


async def edit_form(asker: Asker, request: Request) -> Response:
    """Show the form of a contact person."""
    contact = await _contact(asker, request)
    return await _form(asker, request, form_fields.shown(contact), [], clock.new_id(), contact)


async def edit(asker: Asker, request: Request) -> Response:
    """Save what was changed; what somebody else saved since the form was opened is kept, or asked about."""
    form, contact = await form_of(request), await _contact(asker, request)
    fields = answered(form, form_fields.typed(form)) | {"client_id": contact.client_id}
    key, id = form.get("key", "") or clock.new_id(), contact.contact_id

    async def save(_: Any, typed: Mapping[str, str], key: str, version: int | None) -> Response:
        command = form_fields.changed(id, typed)
        effect = await send(asker.engine, request, command, id, key, version)
        if typed["main"]:
            effect = await send(asker.engine, request, _main(contact.client_id, id), contact.client_id, key)
        return gone_to(asker, address(id), effect)

    of = Saving(
        save, lambda: _contact(asker, request), form_fields.kept, draft=f"contact {id}", back=address(id),
        current=menu.CONTACTS, history=("/contacts/{contact_id}/history", {"contact_id": id}),
    )  # fmt: skip
    return await tried(
        lambda: saved(asker, request, contact, fields, key, of),
        lambda errors: _form(asker, request, fields, errors, key, contact),
    )


async def mark(asker: Asker, request: Request) -> Response:
    """Make a person the main one of the client, remove or restore them; deals and orders that name them keep them."""
    form, what = await form_of(request), request.path_params["what"]
    contact = await _contact(asker, request, removed=what == "restore")
    key, id, at = form.get("key", "") or clock.new_id(), contact.contact_id, clients.address(contact.client_id)
    tab = f"{at}?tab=contacts"
    back = tab if form.get("back") == "client" else address(id)
    match what:
        case "main":
            effect = await send(asker.engine, request, _main(contact.client_id, id), contact.client_id, key)
        case "remove":
            effect = await send(asker.engine, request, c.RemoveContact(contact_id=id), id, key)
            back = f"{tab}&{urlencode({'gone': id})}"
        case "restore":
            effect = await send(asker.engine, request, c.RestoreContact(contact_id=id), id, key)
        case _:
            raise Invalid(f"{what!r} cannot be done to a contact")
    return gone_to(asker, back, effect)


def _main(client_id: str, contact_id: str) -> c.ChooseMainContact:
    return c.ChooseMainContact(client_id=client_id, contact_id=contact_id)


async def _client(asker: Asker, request: Request, id: str) -> Any:
    """Return a client; None for one that is not there, or not the caller's to see."""
    if not id:
        return None
    async with asker.sitting(caller_of(request), _GROUPS) as sitting:
        try:
            found = await allowed(asker, sitting, "/clients/{client_id}", client_id=id)
        except Invalid:
            return None
    return None if found is None or found.item.erased else found.item


async def _contact(asker: Asker, request: Request, *, removed: bool = False) -> Any:
    """Return the contact person. Raises NotFound, also for an erased one, and for a removed one unless `removed`."""
    id = request.path_params["contact_id"]
    async with asker.sitting(caller_of(request), _GROUPS) as sitting:
        found = (await asker.ask(sitting, "/contacts/{contact_id}", contact_id=id)).item
    if (found.removed_at is not None and not removed) or found.erased_at is not None:
        raise NotFound(f"there is no contact {id}")
    return found


async def _form(
    asker: Asker,
    request: Request,
    fields: Mapping[str, str],
    errors: Errors,
    key: str,
    contact: Any = None,
    similar: Sequence[Alike] = (),
) -> Response:
    look, caller = Look.of(request), caller_of(request)
    client = await _client(asker, request, fields["client_id"])
    opened = {} if contact is None else await opened_now(request, contact.version, form_fields.kept(contact))
    of_field = [(name.partition(".")[0], message) for name, message in errors]
    from_client = "client" in request.query_params or (await _back(request)) == "client"
    values = {
        "shell": menu.shell(catalogue(look.language), caller, menu.CONTACTS),
        "contact": contact,
        "client": client,
        "is_main": contact is not None and client is not None and client.main_contact_id == contact.contact_id,
        "fields": fields,
        "errors": of_field,
        "wrong": dict(of_field),
        "key": key,
        "csrf": csrf(request),
        "similar": similar,
        "options": OPTIONS,
        "from_client": from_client,
        "back": _cancelled(contact, client, from_client=from_client),
        **opened,
    }
    return html(look, "contacts/form.html", values, status=422 if errors or similar else 200)


async def _back(request: Request) -> str:
    return (await form_of(request)).get("back", "") if request.method == "POST" else ""


def _cancelled(contact: Any, client: Any, *, from_client: bool) -> str:
    """Return where one goes who saves nothing."""
    if contact is not None:
        return address(contact.contact_id)
    return f"{clients.address(client.client_id)}?tab=contacts" if from_client and client is not None else menu.CONTACTS


def _there(handler: Handler) -> Handler:
    """Answer in words if the person is not there, or not the caller's to see."""

    async def answer(asker: Asker, request: Request) -> Response:
        try:
            return await handler(asker, request)
        except NotFound:
            return nobody(request)

    return answer


def routes() -> tuple[PageRoute, ...]:
    """Return the routes."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/contacts/new", new_form),
        ("POST", "/contacts/new", new),
        ("GET", "/contacts/{contact_id}/edit", edit_form),
        ("POST", "/contacts/{contact_id}/edit", edit),
        ("POST", "/contacts/{contact_id}/mark/{what}", mark),
    ]
    write = needs("clients.write")
    return tuple(PageRoute(path, _there(handler), needs=write, method=method) for method, path, handler in table)
