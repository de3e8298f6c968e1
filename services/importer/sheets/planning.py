"""Makes the plan of an import: rows are read, their clients found, their duplicates told (#5)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from contracts.clients.import_events import Thing
from services.importer.sheets.asked import created, united
from services.importer.sheets.book import Book, Person
from services.importer.sheets.cells import Said, said
from services.importer.sheets.duplicates import Index, Mark, Ref, marks
from services.importer.sheets.fields import Kind
from services.importer.sheets.identity import Duplicates, Identity
from services.importer.sheets.matching import Matching
from services.importer.sheets.plan import Outcome, Plan, Target
from services.importer.sheets.table import Table
from services.importer.sheets.words import key

_PAUSE = 50
"""Rows between two breaths of the event loop: a server answers meanwhile."""
THINGS: dict[Kind, Thing] = {"clients": "client", "contacts": "contact", "notes": "note"}
_EXTRAS = ("note", "contact", "contact_position")
"""What a client's row says of others than the client."""


async def planned(table: Table, matching: Matching, duplicates: Duplicates, book: Book, identity: Identity) -> Plan:
    """Return what the import would do. Reads only."""
    planner = _Planner(table, matching, duplicates, book, identity)
    await planner.learn()
    outcomes: list[Outcome] = []
    for row in table.rows:
        outcomes.append(planner.outcome(said(row, matching, table, book.surroundings)))
        if len(outcomes) % _PAUSE == 0:
            await asyncio.sleep(0)
    plan = Plan(table, matching, identity, book.surroundings.region, outcomes, planner.targets)
    await _without_repeats(plan, book)
    return plan


class _Planner:
    """Takes the rows in order; each knows those before it."""

    def __init__(
        self, table: Table, matching: Matching, duplicates: Duplicates, book: Book, identity: Identity
    ) -> None:
        self.thing: Thing = THINGS[matching.kind]
        self.table = table
        self.duplicates = duplicates
        self.book = book
        self.region = book.surroundings.region
        self.identity = identity
        self.targets: dict[str, Target] = {}
        self.index = Index()
        self.stored: dict[str, Ref] = {}
        """Records of the kind that are there, by id."""
        self.clients: defaultdict[str, dict[str, Ref]] = defaultdict(dict)
        """By what a cell may call a client."""

    async def learn(self) -> None:
        """Take in who is there."""
        if self.thing == "client":
            async for person in self.book.clients():
                self._know(person)
            return
        async for person in self.book.clients():
            names = [key(person.name), f"#{person.number}", *self._client_marks(person)]
            for name in names:
                self.clients[name][person.id] = Ref(person.id, person.label)
        if self.thing == "contact":
            async for person in self.book.contacts():
                self._know(person)
            return
        wanted = {id for row in self.table.rows for cell in row.cells for id in self.clients.get(key(cell), {})}
        wanted |= {id for row in self.table.rows for cell in row.cells for id in self._called(cell)}
        async for note in self.book.notes(sorted(wanted)):
            self.stored[note.id] = ref = Ref(note.id, "a note of the same text")
            self.index.add([("text", f"{note.client_id} {note.text.strip()}")], ref)

    def _know(self, person: Person) -> None:
        self.stored[person.id] = ref = Ref(person.id, person.label)
        values = {"name": person.name, "phones": person.phones, "email": person.email, "tax_id": person.tax_id}
        self.index.add(self._marks(values, person.client_id), ref)

    def _client_marks(self, person: Person) -> Iterable[str]:
        values = {"phones": person.phones, "email": person.email, "tax_id": person.tax_id}
        return (value for _, value in marks(values, self.region))

    def _marks(self, values: dict[str, Any], client: str) -> list[Mark]:
        if self.thing == "note":
            return [("text", f"{client} {values['text'].strip()}")]
        if self.thing == "contact":
            return [*marks(values, self.region, client), ("name", f"{client} {key(values['name'])}")]
        return marks(values, self.region)

    def outcome(self, row: Said) -> Outcome:
        """Decide what becomes of a row. A row with a problem is refused whole."""
        client = ""
        if self.thing != "client" and not any(each.column == row.columns.get("client") for each in row.problems):
            client = self._client(row)
        self._check(row, client)
        values = dict(row.values)
        if row.problems:
            return Outcome(row.row, "refuse", problems=row.problems, values=values)
        id = self.identity.subject(self.thing, row.row.number)
        found = self._found(id, values, client)
        if not found:
            self._target(Target(self.thing, id, row.row.number, True, id in self.stored, {}, client), row)
            self.index.add(self._marks(values, client), Ref(id, f"row {row.row.number}", row.row.number))
            return Outcome(row.row, "new", values=values, target=id)
        matches = [(what, ref.label) for what, ref in found]
        why = ", ".join(f"{what} of {label}" for what, label in matches)
        if self.duplicates != "update":
            return Outcome(row.row, "skip", why, values=values, matches=matches)
        if len(found) > 1:
            row.wrong("", f"matches several records ({why}); leave what belongs to one of them")
            return Outcome(row.row, "refuse", why, row.problems, values, matches=matches)
        ((_, ref),) = found
        known = self.targets.get(ref.id) or Target(self.thing, ref.id, row.row.number, False, True, {}, client)
        self._target(known, row)
        self.index.add(self._marks({"name": "", **values}, client), ref)
        return Outcome(row.row, "update", why, values=values, target=ref.id, matches=matches)

    def _found(self, id: str, values: dict[str, Any], client: str) -> list[tuple[str, Ref]]:
        """Return whom the row matches, and by what. A row that this import stored before it was interrupted is new."""
        if id in self.stored:
            return [] if self.identity.resumed else [("an earlier import", self.stored[id])]
        return [] if self.duplicates == "create" else self.index.find(self._marks(values, client))

    def _target(self, target: Target, row: Said) -> None:
        """Let the target say what the row says, over what rows before said."""
        values = {name: value for name, value in row.values.items() if name not in (*_EXTRAS, "client")}
        for name, value in values.items():
            old = target.values.get(name)
            target.values[name] = united(name, value, old, self.region) if old and isinstance(value, list) else value
        if "note" in row.values:
            target.notes.append((row.row.number, row.values["note"]))
        if "contact" in row.values:
            contact = {"name": row.values["contact"], "position": row.values.get("contact_position")}
            target.contacts.append((row.row.number, contact))
        self.targets[target.id] = target

    def _client(self, row: Said) -> str:
        """Return the client that a contact or note belongs to; "" if that is not one."""
        name = str(row.values.get("client", ""))
        if not name:
            row.wrong("client", "the client is missing; write the name, #number, phone, e-mail or tax number of one")
            return ""
        found = self._called(name)
        if not found:
            row.wrong("client", f"there is no client {name}; import the clients first, or correct the name")
        elif len(found) > 1:
            names = ", ".join(sorted((ref.label for ref in found.values()), key=lambda label: (len(label), label))[:5])
            row.wrong("client", f"there are {len(found)} clients called {name} ({names}); write the #number of one")
        return next(iter(found)) if len(found) == 1 else ""

    def _called(self, name: str) -> dict[str, Ref]:
        """Return the clients that a cell may mean: by number, name, e-mail or tax number, phone."""
        name = name.strip()
        ways = [name, key(name)] if name.startswith("#") else [key(name), f" {name.casefold()}", f" {key(name)}"]
        if not name.startswith("#") and sum(sign.isdigit() for sign in name) > 6:
            ways += [value for _, value in marks({"phones": [name]}, self.region)]
        return next((found for way in ways if way.strip() and (found := self.clients.get(way))), {})

    def _check(self, row: Said, client: str) -> None:
        """Refuse what the commands would refuse: a missing name or text, or what no contract takes."""
        required = "text" if self.thing == "note" else "name"
        if required not in row.values:
            if not any(problem.column == row.columns.get(required) for problem in row.problems):
                row.wrong(required, f"the {required} is missing; fill it in, or delete the row")
            return
        values = {name: value for name, value in row.values.items() if name not in (*_EXTRAS, "client")}
        asked: list[tuple[Thing, dict[str, Any]]] = [(self.thing, values)]
        if "contact" in row.values:
            asked.append(("contact", {"name": row.values["contact"], "position": row.values.get("contact_position")}))
        if "note" in row.values:
            asked.append(("note", {"text": row.values["note"]}))
        for thing, fields in asked:
            try:
                created(thing, "x", client or "x", fields)
            except ValidationError as error:
                for each in error.errors():
                    name = str(each["loc"][0]) if each["loc"] else ""
                    known = name if name in row.columns else "note" if thing == "note" else "contact"
                    row.wrong(known, f"{name} {each['msg'].removeprefix('Value error, ').lower()}; correct it")


async def _without_repeats(plan: Plan, book: Book) -> None:
    """Drop notes and contact persons of clients' rows that these clients have already, so that a list that is taken in
    every month does not repeat them."""
    changed = [target for target in plan.targets.values() if not target.new and target.thing == "client"]
    noted = [target for target in changed if target.notes]
    if noted:
        texts = {(note.client_id, note.text.strip()) async for note in book.notes([target.id for target in noted])}
        for target in noted:
            target.notes = [note for note in target.notes if (target.id, note[1].strip()) not in texts]
    with_contacts = {target.id: target for target in changed if target.contacts}
    if with_contacts:
        names = {(each.client_id, key(each.name)) async for each in book.contacts() if each.client_id in with_contacts}
        for target in with_contacts.values():
            target.contacts = [each for each in target.contacts if (target.id, key(each[1]["name"])) not in names]
