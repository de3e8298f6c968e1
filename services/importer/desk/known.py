"""Imports as the log knows them: also those of the command line, and those whose files are long gone."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.clients.import_events import TableImportBegun, TableImportFinished, TableImportUndone
from services.gateway.pages.imports.port import Choices, Counts, Job
from services.kit.codec import Codec
from services.kit.ports import EventStore

_TYPES = frozenset({TableImportBegun.type, TableImportFinished.type, TableImportUndone.type})
_SLICE = 1_000


async def imports(store: EventStore, codec: Codec) -> dict[str, Job]:
    """Return import id → what came of it, in the order in which they were begun; cheap, for these events are few."""
    found: dict[str, Job] = {}
    after = 0
    while events := await store.read_types(_TYPES, after, _SLICE):
        for event in events:
            _take(found, codec.model(event), event.recorded_at, event.actor)
        after = events[-1].position
    return found


def _take(found: dict[str, Job], event: object, at: int, actor: str) -> None:
    match event:
        case TableImportBegun(import_id=id, kind=kind, file=file):
            before = found.pop(id, None)
            found[id] = Job(
                job_id=id,
                import_id=id,
                at=at,
                changed_at=at,
                actor=actor,
                file=file,
                state="taking",
                choices=Choices(kind=kind),
                counts=None if before is None else before.counts,
                kept=False,
            )
        case TableImportFinished(import_id=id):
            counts = Counts(new=event.new, updated=event.updated, skipped=event.skipped, refused=event.refused)
            found[id] = _changed(found[id], at, state="taken", counts=counts)
        case TableImportUndone(import_id=id):
            found[id] = _changed(found[id], at, state="undone", undone=event.undone, left_count=event.left)
        case _:
            pass


def _changed(job: Job, at: int, **fields: object) -> Job:
    return replace(job, changed_at=at, **fields)
