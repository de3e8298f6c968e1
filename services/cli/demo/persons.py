"""The people whom the demo company knows at its clients (P23): a bundle has no table for them, so they are commands."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random

from contracts.clients.commands import AddContact, ChooseMainContact
from contracts.gateway.commands import ReserveNumbers
from contracts.ids import command_id, imported_id
from services.cli.demo.naming import Naming
from services.cli.demo.words import POSITIONS
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.gateway.domain.numbers import NUMBERS
from services.kit.handle import Handler, Meta

SOURCE = "demo"
_EVERY = 3
"""One client in so many is known by its people."""
_TWO = 4
"""One of those in so many by two of them."""
_AT_ONCE = 64
"""Commands under way together: they share the log's writes."""


def count_of(clients: int) -> int:
    """Return how many people a demo of so many clients has."""
    chosen = clients // _EVERY
    return chosen + chosen // _TWO


def events_of(clients: int) -> int:
    """Return how many events they make: each person one, each main person one more, their numbers one."""
    return count_of(clients) + clients // _EVERY + 1 if count_of(clients) else 0


def known(folder: Path, seed: int, begun: str) -> Iterator[list[AddContact]]:
    """Yield the people of each client, the main one first; the same for the same bundle and seed. `begun`: since when
    they are known whose client has no such time (ISO 8601)."""
    rng = Random(f"{seed}/persons")
    naming = Naming(rng)
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        for place, row in enumerate(csv.DictReader(file)):
            if place % _EVERY != _EVERY - 1:
                continue
            people = 2 if place // _EVERY % _TWO == _TWO - 1 else 1
            since = row["created_at"] or begun
            yield [_person(naming, rng, row, n, since) for n in range(people)]


async def store(handler: Handler, folder: Path, seed: int, begun: str) -> None:
    """Add the people of the bundle's clients. Done again after an interruption, it goes on."""
    found = list(known(folder, seed, begun))
    people = [person for each in found for person in each]
    if not people:
        return
    number = await _numbered(handler, len(people))
    for start in range(0, len(people), _AT_ONCE):
        chunk = enumerate(people[start : start + _AT_ONCE], number + start)
        await asyncio.gather(*(_add(handler, person, nth) for nth, person in chunk))
    for start in range(0, len(found), _AT_ONCE):
        await asyncio.gather(*(_choose(handler, each[0]) for each in found[start : start + _AT_ONCE]))


async def _numbered(handler: Handler, count: int) -> int:
    """Take a short number for each (P21); return the first of them."""
    meta = _meta("numbers")
    await handler.handle(NUMBERS, "contact", ReserveNumbers(kind="contact", count=count), meta)
    stored = await handler.store.read(NUMBERS.stream("contact"))
    return int(next(handler.codec.decode(event).first for event in stored if event.command_id == meta.command_id))


async def _add(handler: Handler, person: AddContact, number: int) -> None:
    numbered = person.model_copy(update={"number": number})
    await handler.handle(CONTACT, person.contact_id, numbered, _meta(f"add/{person.contact_id}"))


async def _choose(handler: Handler, person: AddContact) -> None:
    command = ChooseMainContact(client_id=person.client_id, contact_id=person.contact_id)
    await handler.handle(CLIENT, person.client_id, command, _meta(f"main/{person.client_id}"))


def _meta(what: str) -> Meta:
    return Meta(SOURCE, command_id(SOURCE, f"persons/{what}"), origin="system")


def _person(naming: Naming, rng: Random, row: dict[str, str], n: int, since: str) -> AddContact:
    language = naming.language(row["country"])
    name = naming.person(language, row["country"])
    email = naming.email(name, rng.randrange(10_000))
    values = {
        "contact_id": imported_id(SOURCE, "contacts", f"{row['customer_id']}/{n}"),
        "client_id": imported_id(SOURCE, "customers", row["customer_id"]),
        "name": name,
        "position": rng.choice(POSITIONS[language]),
        "phones": [naming.phone(row["country"])],
        "email": email if rng.random() < 0.8 else None,
        "telegram": f"@{email.partition('@')[0].replace('.', '_')}" if rng.random() < 0.4 else None,
        "at": since,
    }
    return AddContact.model_validate(values)
