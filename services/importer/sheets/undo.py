"""Takes an import back: what it made is put away, what it changed goes back, as far as nobody touched it since (#5).

Clients go into the archive: that can be taken back, erasing cannot. What was changed, used or spoken of since stays and
is told (ADR 0025)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.base import Command
from contracts.clients.commands import (
    ArchiveClient,
    AssignClient,
    ChangeClientDetails,
    ChangeClientStatus,
    ChangeClientTemperature,
    ChangeClientTerms,
    ChangeContact,
    ChangeNotePriority,
    RemoveContact,
    RemoveNote,
)
from contracts.clients.import_events import TableImportUndone, TakenThing
from contracts.ids import derived_id
from contracts.problem import NotFound, Refusal
from services.clients.domain import client as clients
from services.clients.domain import contact as contacts
from services.clients.domain import note as notes
from services.importer.sheets import record as records
from services.importer.sheets.record import Record
from services.importer.sheets.writing import DECIDERS, Stream, drafted, stream
from services.importer.sink import Sink
from services.importer.tables import Progress
from services.kit.codec import Codec
from services.kit.ports import EventStore

_ORDER = {"note": 0, "contact": 1, "client": 2}
_PAUSE = 20
"""Things between two breaths of the event loop: a server answers meanwhile."""
_TOLD = 200
_CHANGED = "it was changed since"
Used = Callable[[str, frozenset[str]], Awaitable[str]]
"""(client, ids that do not count) → what else there is of it that would be left alone (notes, deals, orders ...);
"" if nothing."""


@dataclass(frozen=True, slots=True)
class Left:
    """What could not be undone, and why. `name`: what people call it, None of an erased one."""

    thing: str
    id: str
    row: int
    name: str
    reason: str


@dataclass(slots=True)
class Undone:
    """What an undo did. `before`: it was done before, and nothing was done now."""

    undone: int = 0
    left: list[Left] = field(default_factory=list)
    before: bool = False


async def undo(
    import_id: str, store: EventStore, codec: Codec, used: Used, *, actor: str, now: int, progress: Progress
) -> Undone:
    """Undo an import; killed in between, it is completed by doing the same again. `now`: UTC ms. Raises NotFound,
    IllegalMove if another process is at the same import, Unavailable."""
    record = await records.load(store, codec, import_id)
    if not record.version:
        raise NotFound(f"there is no import {import_id}; take the id that the import told", field="import_id")
    if record.undone is not None:
        return Undone(record.undone.undone, before=True)
    work = _Undo(record, store, codec, used, actor, now)
    things = sorted(record.things.values(), key=lambda thing: (_ORDER[thing.thing], thing.row))
    for done, thing in enumerate(things):
        if done % _TOLD == 0:
            progress("undoing", done, len(things))
        if done % _PAUSE == 0:
            await asyncio.sleep(0)
        await work.take_back(thing)
    await work.sink.flush()
    progress("undoing", len(things), len(things))
    told = TableImportUndone(import_id=import_id, undone=work.result.undone, left=len(work.result.left))
    await records.note(store, codec, record, told, actor, now)
    return work.result


class _Undo:
    """One undo."""

    def __init__(self, record: Record, store: EventStore, codec: Codec, used: Used, actor: str, now: int) -> None:
        self.record = record
        self.store = store
        self.codec = codec
        self.used = used
        self.now = now
        self.sink = Sink(store, codec, actor)
        self.result = Undone()
        self.own = frozenset(id for _, id in record.things)

    async def take_back(self, thing: TakenThing) -> None:
        """Undo what the import did to one thing, or say why not."""
        at = await stream(self.store, self.codec, thing.thing, thing.id)
        mine = records.mine(at.events, self.record.commands(thing))
        if not mine:
            return
        command = derived_id("table-undo", self.record.import_id, thing.thing, thing.id)
        if any(event.command_id == command for event in at.events):
            self.result.undone += 1
            return
        first, last = mine[0].version, mine[-1].version
        reason = await self._hindrance(thing, at, first, last)
        asked: list[Command] = []
        if not reason:
            if first == 1:
                asked = _unmade(thing)
            else:
                decider = DECIDERS[thing.thing]
                before, after = decider.fold(at.models[: first - 1]), decider.fold(at.models[:last])
                asked, reason = _restored(thing.id, before, after, at.state)
        if reason:
            self.result.left.append(Left(thing.thing, thing.id, thing.row, _name(at.state), reason))
        if asked:
            await self._store(thing, at, asked, command, quiet=bool(reason))

    async def _hindrance(self, thing: TakenThing, at: Stream, first: int, last: int) -> str:
        """Return why nothing of it can be undone; "" if something may be."""
        match at.state:
            case clients.Erased():
                return "it was erased since"
            case contacts.Removed() | notes.Removed():
                return "it was removed since"
            case clients.Registered(archived=True):
                return "it was put into the archive since"
            case _:
                pass
        if first > 1:
            return ""
        if last < len(at.events):
            return _CHANGED
        return await self.used(thing.id, self.own) if thing.thing == "client" else ""

    async def _store(
        self, thing: TakenThing, at: Stream, asked: Sequence[Command], command: str, *, quiet: bool
    ) -> None:
        def failed(reason: str) -> None:
            self.result.left.append(Left(thing.thing, thing.id, thing.row, _name(at.state), reason))
            self.result.undone -= not quiet

        try:
            plan = drafted(thing.thing, at, lambda _: asked, command, self.now)
        except Refusal as refusal:
            self.result.left.append(Left(thing.thing, thing.id, thing.row, _name(at.state), refusal.detail))
            return
        self.result.undone += not quiet
        if plan.drafts:
            await self.sink.add(f"{thing.thing}s", plan, failed)


def _unmade(thing: TakenThing) -> list[Command]:
    match thing.thing:
        case "client":
            return [ArchiveClient(client_id=thing.id)]
        case "contact":
            return [RemoveContact(contact_id=thing.id)]
        case "note":
            return [RemoveNote(note_id=thing.id)]


def _restored(id: str, before: Any, after: Any, now: Any) -> tuple[list[Command], str]:
    """Return the commands that make the fields that the import changed what they were before, and which of them were
    changed again since: those stay."""
    old, new, present = _fields(before), _fields(after), _fields(now)
    changed = [name for name in new if old.get(name) != new[name]]
    back = {name: old[name] for name in changed if present[name] == new[name]}
    kept = [name for name in changed if name not in back and present[name] != old[name]]
    reason = f"changed again since: {', '.join(kept)}" if kept else ""
    return (_commands(id, {**present, **back}, now) if back else []), reason


def _fields(state: Any) -> dict[str, Any]:
    match state:
        case clients.Registered():
            own = ("discount", "currency", "language", "temperature", "status", "owner_id")
            return {**state.details, **{name: getattr(state, name) for name in own}}
        case contacts.Added():
            return dict(state.details)
        case notes.Shown():
            return {"priority": state.priority}
        case _:
            return {}


def _commands(id: str, wanted: dict[str, Any], now: Any) -> list[Command]:
    """Return the commands that make all fields what is wanted; those that change nothing cause no event."""
    match now:
        case clients.Registered():
            return [
                ChangeClientDetails(client_id=id, **{name: wanted[name] for name in now.details}),
                ChangeClientTerms(
                    client_id=id, **{name: wanted[name] for name in ("discount", "currency", "language")}
                ),
                ChangeClientTemperature(client_id=id, temperature=wanted["temperature"]),
                ChangeClientStatus(client_id=id, status=wanted["status"]),
                AssignClient(client_id=id, owner_id=wanted["owner_id"]),
            ]
        case contacts.Added():
            return [ChangeContact(contact_id=id, **wanted)]
        case _:
            return [ChangeNotePriority(note_id=id, priority=wanted["priority"])]


def _name(state: Any) -> str:
    match state:
        case clients.Registered() | contacts.Added():
            return str(state.details["name"])
        case notes.Shown(text=text):
            return text.split("\n")[0][:60]
        case _:
            return ""
