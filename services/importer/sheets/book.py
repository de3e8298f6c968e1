"""What planning an import asks of the workspace: a small port, and the one that reads it from the read models (#5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.importer.sheets.cells import Surroundings
from services.importer.sheets.phones import region_of_zone
from services.importer.sheets.words import key
from services.kit.documents import Filter
from services.kit.ports import Reader

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Person:
    """A client or contact that is there. `client_id`: of a contact, else its own."""

    id: str
    client_id: str
    number: int
    name: str
    phones: Sequence[str] = ()
    email: str | None = None
    tax_id: str | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return f"#{self.number} {self.name}"


@dataclass(frozen=True, slots=True)
class Written:
    """A note that is there."""

    id: str
    client_id: str
    text: str


class Book(Protocol):
    """Who is there, without what is erased, archived or removed. Reads only."""

    @property
    def surroundings(self) -> Surroundings:
        """What cells are read by."""
        ...

    def clients(self) -> AsyncIterator[Person]:
        """Yield all clients."""
        ...

    def contacts(self) -> AsyncIterator[Person]:
        """Yield all contact persons."""
        ...

    def notes(self, clients: Sequence[str]) -> AsyncIterator[Written]:
        """Yield the notes of these clients."""
        ...


def surroundings(gateway: Any, now: int, country: str | None = None) -> Surroundings:
    """Return what a gateway's cache (services.gateway.known) tells. `now`: UTC ms. `country`: ISO 3166, instead of the
    time zone's."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for id, employee in gateway.employees.items():
        if not employee.left:
            for name in {key(employee.name), key(id)}:
                names[name].append(id)
    zone = gateway.settings.zone
    return Surroundings(country or region_of_zone(zone), names, zone, now)


class ReadModels:
    """The book as the clients service's read models (one snapshot, versioned group) have it."""

    def __init__(self, reader: Reader, group: str, surroundings: Surroundings) -> None:
        self._reader = reader
        self._group = group
        self.surroundings = surroundings

    async def clients(self) -> AsyncIterator[Person]:
        """Yield all clients."""
        async for each in self._all("clients", [Filter("archived_at", "null"), Filter("erased_at", "null")]):
            yield Person(each.client_id, each.client_id, each.number, each.name, each.phones, each.email, each.tax_id)

    async def contacts(self) -> AsyncIterator[Person]:
        """Yield all contact persons."""
        async for each in self._all("contacts", [Filter("removed_at", "null"), Filter("erased_at", "null")]):
            yield Person(each.contact_id, each.client_id, each.number, each.name, each.phones, each.email)

    async def notes(self, clients: Sequence[str]) -> AsyncIterator[Written]:
        """Yield the notes of these clients."""
        for client in clients:
            async for each in self._all("notes", [Filter("client_id", "=", client), Filter("removed_at", "null")]):
                yield Written(each.note_id, each.client_id, each.text)

    async def _all(self, collection: str, where: Sequence[Filter]) -> AsyncIterator[Any]:
        cursor = None
        while True:
            page = await self._reader.find(self._group, collection, where, cursor=cursor, limit=_PAGE)
            for row in page.rows:
                yield row.document
            cursor = page.next
            if cursor is None:
                return
