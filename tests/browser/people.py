"""Contact persons for the served workspace: short, long, in several scripts, with and without what one may have."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.base import Command
from contracts.clients.commands import AddContact, ChooseMainContact
from contracts.ids import command_id
from contracts.pipeline.commands import ChangeDealContacts
from services.kit.engine import Engine
from services.kit.handle import Meta

_EACH = 3
"""Persons of each client: more than a page of the list in all."""
_PHONES = ["+380 44 555 01 23", "(067) 555-01-44"]
_LONG = "zakupivli.viddil-materialno-tekhnichnoho@elektrotekhnichni-systemy.example"
_NAMES: Sequence[tuple[str, str, list[str], str, str]] = (
    ("Ґалина Їжакевич", "Головна бухгалтерка", _PHONES, "halyna@zorya.example", "@halyna"),
    ("Anna Lindqvist", "", ["+46 8 555 0142"], "", "https://t.me/anna_lindqvist"),
    ("Олександра Науково-Виробнича", "Заступниця з постачання", ["+380 57 555 01 09"], _LONG, ""),
    ("نور الهاشمي", "مدير", [], "noor@alnoor.example", "+971 4 555 0188"),
    ("Иван Петров", "", [], "", ""),
)


async def meet(running: Engine) -> None:
    """Add them; the first one of each client is its main one, and takes part in its deals."""
    assert await running.settle(60)
    names, _ = await running.horizon.groups(("clients", "pipeline"))
    async with running.reading() as reader:
        clients = (await reader.find(names["clients"], "clients", sort=[("number", False)], limit=40)).rows
        deals = (await reader.find(names["pipeline"], "deals", sort=[("number", False)], limit=200)).rows
    for place, client in enumerate(clients):
        for nth in range(_EACH):
            name, position, phones, email, telegram = _NAMES[(place + nth) % len(_NAMES)]
            details = {"position": position or None, "email": email or None, "telegram": telegram or None}
            given = {"contact_id": f"person-{place}-{nth}", "client_id": client.id, "name": name, "phones": phones}
            await _done(running, AddContact.model_validate({**given, **details}))
        await _done(running, ChooseMainContact(client_id=client.id, contact_id=f"person-{place}-0"))
    main = {client.id: f"person-{place}-0" for place, client in enumerate(clients)}
    for deal in deals:
        if person := main.get(deal.document.client_id or ""):
            await _done(running, ChangeDealContacts(deal_id=deal.id, contact_ids=[person]))
    assert await running.settle(60)


async def _done(running: Engine, command: Command) -> None:
    meta = Meta("system", command_id("people", repr(command)), origin="system")
    await running.send(command, meta)
