"""Taking a spreadsheet into a running workspace: read, planned, stored, undone; what commands and pages call (#5)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.importer.sheets import record as records
from services.importer.sheets import run as running
from services.importer.sheets import undo as undoing
from services.importer.sheets.book import ReadModels, surroundings
from services.importer.sheets.fields import Kind
from services.importer.sheets.identity import Duplicates, Identity, options_of
from services.importer.sheets.matching import known, matched
from services.importer.sheets.plan import Plan
from services.importer.sheets.planning import planned
from services.importer.sheets.reading import load
from services.importer.sheets.record import Record
from services.importer.sheets.run import Report
from services.importer.sheets.table import Table
from services.importer.sheets.undo import Undone
from services.importer.sheets.uses import Uses
from services.importer.tables import Progress
from services.kit.engine import Engine


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be taken in and how. `by_hand`: column → field id, "" to leave it out; `country`: ISO 3166 code of
    phones without one, None: that of the workspace's time zone; `sheet`: None: the first that is not empty."""

    file: Path
    kind: Kind = "clients"
    by_hand: Mapping[str, str] = field(default_factory=dict)
    duplicates: Duplicates = "skip"
    country: str | None = None
    sheet: str | None = None


async def plan(engine: Engine, order: Order, now: int) -> tuple[Plan, Record]:
    """Return what an import would do, and what the log knows of it. The read models must be up to date. `now`: UTC ms.
    Raises Invalid for a file or a match that is no good, OSError."""
    table = await asyncio.to_thread(load, order.file, known(order.kind), order.sheet)
    return await plan_of(engine, table, order, now)


async def plan_of(engine: Engine, table: Table, order: Order, now: int) -> tuple[Plan, Record]:
    """As `plan`, of a file that was read already."""
    matching = matched(order.kind, table.columns, order.by_hand)
    gateway: Any = engine.known["gateway"]
    around = surroundings(gateway, now, order.country)
    record = await records.current(engine.ports.store, engine.codec, table, order.kind)
    fields = {place: each.id for place, each in matching.fields.items()}
    options = options_of(fields, order.duplicates, around.region)
    identity = Identity(record.import_id, options, resumed=options in record.options)
    group = (await engine.served())["clients"]
    async with engine.reading() as reader:
        book = ReadModels(reader, group, around)
        return await planned(table, matching, order.duplicates, book, identity), record


async def take(engine: Engine, made: Plan, record: Record, *, actor: str, now: int, progress: Progress) -> Report:
    """Carry a plan out; see run.run."""
    store, codec = engine.ports.store, engine.codec
    try:
        return await running.run(made, record, store, codec, actor=actor, now=now, progress=progress)
    finally:
        engine.handler.forget_all()


async def undo(engine: Engine, import_id: str, *, actor: str, now: int, progress: Progress) -> Undone:
    """Undo an import; see undo.undo. The read models must be up to date."""
    used = Uses(engine, await engine.served())
    store, codec = engine.ports.store, engine.codec
    try:
        return await undoing.undo(import_id, store, codec, used, actor=actor, now=now, progress=progress)
    finally:
        engine.handler.forget_all()
