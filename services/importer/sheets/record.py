"""What the log knows of an import: a stream of its own, written before and after what the import writes (ADR 0025)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.base import Event
from contracts.clients.import_events import (
    TableImportBegun,
    TableImportFinished,
    TableImportUndone,
    TableRowsTaken,
    TakenThing,
)
from contracts.envelope import RecordedEvent
from contracts.ids import derived_id, event_id
from contracts.problem import IllegalMove, VersionConflict
from services.importer.history import Draft
from services.importer.sheets.fields import Kind
from services.importer.sheets.identity import command_of, import_id
from services.importer.sheets.table import Table
from services.kit.codec import Codec
from services.kit.decider import stamped
from services.kit.ports import EventStore


def stream_of(import_id: str) -> str:
    """Return the stream of an import."""
    return f"table-import-{import_id}"


@dataclass(slots=True)
class Record:
    """An import as far as it came; `version` 0: it was not begun. `things`: all it meant to write, in order."""

    import_id: str
    version: int = 0
    at: int = 0
    options: set[str] = field(default_factory=set)
    """Of all the times it was run."""
    things: dict[tuple[str, str], TakenThing] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    """Options under which it came to its end."""
    running: str = ""
    """Options of the run that was begun last."""
    undone: TableImportUndone | None = None

    def take(self, event: Event) -> None:
        """Take in one event of the stream."""
        match event:
            case TableImportBegun(options=options):
                self.options.add(options)
                self.running = options
            case TableRowsTaken(things=things):
                self.things |= {(each.thing, each.id): each for each in things}
            case TableImportFinished():
                self.finished.add(self.running)
            case TableImportUndone():
                self.undone = event
            case _:
                pass
        self.version += 1
        self.at = max(self.at, event.occurred_at)

    def commands(self, thing: TakenThing) -> set[str]:
        """Return the ids of the commands by which the import may have written to a thing's stream."""
        return {command_of(self.import_id, options, thing.thing, thing.id) for options in self.options}


async def load(store: EventStore, codec: Codec, import_id: str) -> Record:
    """Return what the log knows of an import."""
    record = Record(import_id)
    for event in await store.read(stream_of(import_id)):
        record.take(codec.model(event))
    return record


async def current(store: EventStore, codec: Codec, table: Table, kind: Kind) -> Record:
    """Return the import of this file that was not undone; a new one if all were."""
    attempt = 1
    while True:
        record = await load(store, codec, import_id(table, kind, attempt))
        if record.undone is None:
            return record
        attempt += 1


async def note(store: EventStore, codec: Codec, record: Record, event: Event, actor: str, now: int) -> None:
    """Store the next event of an import, durably. Raises IllegalMove if another process is at it too."""
    at = max(now, record.at)
    command = derived_id("table-record", record.import_id, record.running, event.type, str(record.version), str(now))
    draft = Draft(stamped(event, at, False), event_id(command, 0), command, hash_of(command))
    try:
        await store.append(
            stream_of(record.import_id), [draft.sealed(actor, await codec.encode(draft.event))], record.version
        )
    except VersionConflict as conflict:
        raise IllegalMove(
            "this file is being imported, or undone, by somebody else; try again when they are done"
        ) from (conflict)
    record.take(draft.event)


def hash_of(command: str) -> str:
    """Return 32 hex digits for a command whose id says all: what it holds is personal and leaves no trace here."""
    return command.replace("-", "")


def mine(events: Sequence[RecordedEvent], commands: set[str]) -> list[RecordedEvent]:
    """Return the events that these commands caused."""
    return [event for event in events if event.command_id in commands]
