"""Things to work with, made over HTTP: `{client}` in a path or body stands for the id of a new client, and so on."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.gateway.account_commands import ChangePassword, NoteSignIn
from contracts.ids import command_id
from services.kit import clock
from services.kit.handle import Meta
from tests.support.app import App
from tests.support.door import PASSWORD, cheap

STAGES = [
    {"stage_id": "lead", "name": "Lead", "kind": "in_work", "probability": "0.2"},
    {"stage_id": "talks", "name": "Talks", "kind": "in_work", "probability": "0.5"},
    {"stage_id": "won", "name": "Won", "kind": "bought"},
    {"stage_id": "lost", "name": "Lost", "kind": "refused"},
]
_WORD = re.compile(r"\{(\w+)\}")
MAKERS: dict[str, tuple[str, dict[str, Any]]] = {
    "employee": ("/employees", {"name": "Maria"}),
    "account": ("/accounts/{employee}", {"login": "{employee}", "role": "manager"}),
    "closed_account": ("/accounts/{account}/close", {}),
    "client": ("/clients", {"name": "Acme"}),
    "view": ("/views", {"name": "View", "query": ["status=current"]}),
    "removed_view": ("/views/{view}/remove", {}),
    "tagged_client": ("/clients", {"name": "Tagged", "tags": ["late", "net 30"]}),
    "lost_client": ("/clients/{client}/lost", {}),
    "archived_client": ("/clients/{client}/archive", {}),
    "contact": ("/contacts", {"client_id": "{client}", "name": "Ann", "phones": ["+380 44 123-45-67"]}),
    "removed_contact": ("/contacts/{contact}/remove", {}),
    "note": ("/notes", {"client_id": "{client}", "text": "call back", "priority": "high"}),
    "removed_note": ("/notes/{note}/remove", {}),
    "mention": (
        "/notes",
        {
            "client_id": "{client}",
            "text": "@Local, look",
            "mentions": [{"employee_id": "{my_account}", "start": 0, "length": 6}],
        },
    ),
    "read_mention": ("/mentions/{mention}/read", {}),
    "lead": ("/leads", {"name": "Ivanov", "phone": "5550100"}),
    "deal_funnel": ("/funnels", {"name": "Sales", "subject": "deal", "stages": STAGES}),
    "client_funnel": ("/funnels", {"name": "Repeat purchases", "subject": "client", "stages": STAGES}),
    "deal": ("/deals", {"client_id": "{client}", "funnel_id": "{deal_funnel}", "value": 10_000}),
    "product": ("/products", {"names": {"": "Coffee", "uk": "Кава"}}),
    "priced": ("/products/{product}/price", {"price": "12.50", "currency": "EUR", "valid_from": 0}),
    "order": (
        "/orders",
        {"client_id": "{client}", "lines": [{"product_id": "{product}", "quantity": "2", "unit_price": "12.50"}]},
    ),
    "payment": ("/payments", {"client_id": "{client}", "order_id": "{order}", "amount": 500, "currency": "EUR"}),
}
ME = "local"
"""Who asks, unless a test says otherwise."""


async def _sent(app: App, command: Any) -> None:
    await app.engine.send(command, Meta("system", command_id("system", clock.new_id())))


async def _account(app: App) -> str:
    known: Any = app.engine.known["gateway"]
    if ME not in known.accounts:
        await app.done("/employees", {"employee_id": ME, "name": "Local"})
        await app.done(f"/accounts/{ME}", {"login": ME, "role": "administrator"})
        await _sent(app, ChangePassword(account_id=ME, hash=await cheap().hashed(PASSWORD, ME)))
    return PASSWORD


async def _session(app: App) -> str:
    await _account(app)
    command = NoteSignIn(account_id=ME, session_id=clock.new_id())
    await _sent(app, command)
    return command.session_id


async def _token(app: App) -> str:
    body = {"scopes": ["read"], "expires_at": clock.now() + 3_600_000, "present": await _account(app)}
    id: str = (await app.done("/me/tokens", body))["id"]
    return id


async def _me(app: App) -> str:
    await _account(app)
    return ME


OWN: dict[str, Callable[[App], Awaitable[str]]] = {
    "my_account": _me,
    "own_password": _account,
    "own_session": _session,
    "own_token": _token,
}
"""What belongs to the account of who asks."""


@dataclass
class World:
    """Remembers what was made, so that `{client}` is the same client everywhere in one world."""

    app: App
    ids: dict[str, str] = field(default_factory=dict)

    async def filled(self, value: Any) -> Any:
        """Return the value with the words in braces replaced by ids."""
        if isinstance(value, dict):
            return {name: await self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [await self.filled(each) for each in value]
        if isinstance(value, str):
            for word in _WORD.findall(value):
                value = value.replace("{" + word + "}", await self.make(word))
        return value

    async def make(self, word: str) -> str:
        """Return the id of the thing, made if it is not there yet."""
        if word in OWN:
            return await OWN[word](self.app)
        if word not in self.ids:
            path, body = MAKERS[word]
            done = await self.app.done(await self.filled(path), await self.filled(body))
            self.ids[word] = done["id"]
        return self.ids[word]
