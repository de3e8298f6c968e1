"""Carries a plan out in batches; what was stored before an interruption is not stored again (#5, ADR 0025)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from pydantic import ValidationError

from contracts.base import Command
from contracts.clients.commands import ChooseMainContact
from contracts.clients.import_events import TableImportBegun, TableImportFinished, TableRowsTaken, TakenThing, Thing
from contracts.gateway.events import NumberKind
from contracts.problem import IllegalMove, Refusal
from services.clients.domain.client import Registered
from services.clients.domain.contact import Added
from services.clients.domain.note import Shown
from services.importer import workspace
from services.importer.sheets import record as records
from services.importer.sheets.asked import changed, created
from services.importer.sheets.cells import Problem
from services.importer.sheets.plan import Action, Plan, Target
from services.importer.sheets.record import Record
from services.importer.sheets.writing import Asked, Stream, drafted, fresh, stream
from services.importer.sink import Sink
from services.importer.tables import Progress
from services.kit.codec import Codec
from services.kit.ports import EventStore

_BATCH = 500
_PAUSE = 50
"""Records between two breaths of the event loop: a server answers meanwhile."""


@dataclass(slots=True)
class Report:
    """What an import did. `counts`: rows by what they came to; `events`: stored by this run; `problems`: of rows that
    were refused, those found while storing among them."""

    import_id: str
    counts: dict[Action, int]
    events: int = 0
    problems: list[Problem] = field(default_factory=list)
    before: bool = False
    """The file was imported before in the very same way: nothing was done."""


async def run(
    plan: Plan, record: Record, store: EventStore, codec: Codec, *, actor: str, now: int, progress: Progress
) -> Report:
    """Store what the plan says. `record`: of the import the plan was made for; `now`: UTC ms. Raises IllegalMove if
    another process imports the same file, Unavailable."""
    if plan.identity.options in record.finished:
        return Report(record.import_id, plan.counts, problems=plan.problems, before=True)
    work = _Run(plan, record, store, codec, actor, now)
    rows = len(plan.table.rows)
    begun = TableImportBegun(
        import_id=record.import_id,
        kind=plan.matching.kind,
        file=plan.table.file[-300:],
        options=plan.identity.options,
        rows=rows,
    )
    await work.note(begun)
    await work.number()
    targets = iter(plan.targets.values())
    done = 0
    try:
        while batch := list(islice(targets, _BATCH)):
            progress(f"storing {plan.matching.kind}", done, len(plan.targets))
            await work.store_batch(batch)
            done += len(batch)
        progress(f"storing {plan.matching.kind}", done, done)
    finally:
        await work.sink.abandon()
    counts = plan.counts
    await work.note(
        TableImportFinished(
            import_id=record.import_id,
            new=counts["new"],
            updated=counts["update"],
            skipped=counts["skip"],
            refused=counts["refuse"],
        )
    )
    return Report(record.import_id, counts, work.sink.events, plan.problems)


class _Run:
    """One run of an import."""

    def __init__(self, plan: Plan, record: Record, store: EventStore, codec: Codec, actor: str, now: int) -> None:
        self.plan = plan
        self.record = record
        self.store = store
        self.codec = codec
        self.actor = actor
        self.now = now
        self.sink = Sink(store, codec, actor)
        self.numbers: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        """Target → why it could not be stored."""

    async def note(self, event: TableImportBegun | TableRowsTaken | TableImportFinished) -> None:
        """Add to the import's own stream."""
        await records.note(self.store, self.codec, self.record, event, self.actor, self.now)

    async def number(self) -> None:
        """Take the short numbers that all new clients and contacts need, at once (P21)."""
        targets = self.plan.targets.values()
        clients = sum(each.thing == "client" and each.new and not each.stored for each in targets)
        contacts = sum(each.thing == "contact" and each.new and not each.stored for each in targets)
        contacts += sum(len(each.contacts) for each in targets)
        needed: dict[NumberKind, int] = {"client": clients, "contact": contacts}
        for kind, count in needed.items():
            if count:
                source = self.record.import_id
                self.numbers[kind] = await workspace.reserved(self.store, self.codec, kind, count, source, self.now)

    def next_number(self, thing: Thing) -> int:
        """Return the next of them; 0 for notes."""
        number = self.numbers.get(thing, 0)
        self.numbers[thing] = number + 1
        return number if thing != "note" else 0

    async def store_batch(self, batch: Sequence[Target]) -> None:
        """Say what is about to be written, then write the records, then what comes with those that were written."""
        identity = self.plan.identity
        things = [TakenThing(thing=each.thing, id=each.id, row=each.row) for each in batch]
        for each in batch:
            for row, _ in each.contacts:
                things.append(TakenThing(thing="contact", id=identity.subject("contact", row), row=row))
            for row, _ in each.notes:
                things.append(TakenThing(thing="note", id=identity.subject("note", row), row=row))
        await self.note(TableRowsTaken(import_id=self.record.import_id, options=identity.options, things=things))
        for place, each in enumerate(batch):
            if place % _PAUSE == 0:
                await asyncio.sleep(0)
            await self._store_record(each)
        await self.sink.flush()
        for place, each in enumerate(batch):
            if place % _PAUSE == 0:
                await asyncio.sleep(0)
            if each.id not in self.failed:
                await self._store_extras(each)
        await self.sink.flush()
        for each in batch:
            if each.id in self.failed:
                self._refuse(each)

    async def _store_record(self, target: Target) -> None:
        """Make or change the record itself."""
        if target.new and target.stored:
            return
        thing, id = target.thing, target.id
        number = self.next_number(thing) if target.new else 0
        mains = [self.plan.identity.subject("contact", row) for row, _ in target.contacts[:1]]

        def asked(state: Any) -> list[Command]:
            if target.new:
                commands: list[Command] = [created(thing, id, target.client_id, target.values, number)]
            elif isinstance(state, Registered | Added | Shown):
                commands = changed(id, state, target.values, self.plan.region)
            else:
                raise IllegalMove("it was erased or removed meanwhile; import the row again")
            if not (isinstance(state, Registered) and state.main_contact):
                commands += [ChooseMainContact(client_id=id, contact_id=contact) for contact in mains]
            return commands

        at = fresh(thing, id) if target.new else await stream(self.store, self.codec, thing, id)
        await self._add(target, thing, id, at, asked)

    async def _store_extras(self, target: Target) -> None:
        """Add the contact persons and notes that come with a client."""
        extras: list[tuple[Thing, int, dict[str, Any]]] = []
        for row, values in target.contacts:
            extras.append(("contact", row, values))
        for row, text in target.notes:
            extras.append(("note", row, {"text": text}))
        for thing, row, values in extras:
            id = self.plan.identity.subject(thing, row)
            asked = _always(created(thing, id, target.id, values, self.next_number(thing)))
            await self._add(target, thing, id, fresh(thing, id), asked)

    async def _add(self, target: Target, thing: Thing, id: str, at: Stream, asked: Asked) -> None:
        command = self.plan.identity.command(thing, id)
        try:
            plan = drafted(thing, at, asked, command, self.now, imputed=True)
        except Refusal as refusal:
            self.failed[target.id] = refusal.detail
        except ValidationError as error:
            self.failed[target.id] = error.errors()[0]["msg"]
        else:
            if plan.drafts:
                await self.sink.add(f"{thing}s", plan, partial(self.failed.__setitem__, target.id))

    def _refuse(self, target: Target) -> None:
        """Tell of all rows about a record that it could not be stored."""
        for outcome in self.plan.outcomes:
            if outcome.target == target.id:
                outcome.action = "refuse"
                outcome.problems.append(Problem(outcome.row.number, "", self.failed[target.id]))


def _always(command: Command) -> Asked:
    return lambda _: [command]
