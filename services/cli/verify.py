"""`voronka verify`: everything recomputed from the log by other means, compared with what is served (X5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.analytics.export.board_tables import all_tables
from services.analytics.export.names import Names
from services.analytics.export.tables import Export, stage_tables
from services.analytics.oracle.difference import Difference, Report, compare
from services.analytics.oracle.run import Oracle, recompute
from services.analytics.projections.model import PARTS, ROWS
from services.analytics.queries.funnels import starts
from services.analytics.queries.numbers import Numbers
from services.cli.events import export_events
from services.cli.metrics import all_documents, names
from services.cli.recount import recounted
from services.kit.engine import Engine
from services.kit.ports import Reader

Progress = Callable[[str, int, int], None]
_EIGHT = ("sales_count", "sales_sum", "avg_check", "in_work_count", "in_work_sum", "refused_count", "refused_sum")
_PREFIXES = {"bought": "sales", "in_work": "in_work", "refused": "refused", "none": "none"}
_HIDDEN = ("subject", "funnel_id", "stage")
"""What the recomputation says of its own in the rows of a funnel."""
_DOCUMENTS = {
    "clients": ("clients", "client_id"),
    "contacts": ("clients", "contact_id"),
    "notes": ("clients", "note_id"),
    "mentions": ("clients", "id"),
    "leads": ("clients", "lead_id"),
    "deals": ("pipeline", "deal_id"),
    "orders": ("pipeline", "order_id"),
    "payments": ("pipeline", "payment_id"),
}
"""Documents that hold no sums: the group they are in and the name of their id."""


async def verify(engine: Engine, now: int, progress: Progress = lambda *_: None) -> list[Difference]:
    """Return every difference between the read models and an independent recomputation from the log.

    `now`: the moment shown, UTC ms. The engine must have settled; nothing may be written meanwhile."""
    with TemporaryDirectory(prefix="voronka-verify-") as folder:
        log = Path(folder) / "events.jsonl"
        await export_events(engine.ports.store, engine.codec, log, progress)
        progress("recomputing", 0, 1)
        with recompute(log, as_of_shown=now) as oracle:
            progress("recomputing", 1, 1)
            return await compared(engine, oracle, now)


async def compared(engine: Engine, oracle: Oracle, now: int) -> list[Difference]:
    """Return every difference between the read models and a recomputation that was made."""
    groups = await engine.served()
    async with engine.reading() as reader:
        numbers = await Numbers.open(reader, groups["analytics"], now)
        called = await names(reader, groups)
        export = Export(numbers, called, await numbers.seen())
        found = await recounted(numbers, oracle)
        found += await _contacts(export, oracle)
        found += await _documents(reader, groups, oracle)
        found += [difference async for difference in _parts(numbers)]
        try:
            found += await _files(export, oracle, called)
        except LookupError as error:
            found.append(Difference("files", (), "", str(error), ""))
    return found


async def _files(export: Export, oracle: Oracle, called: Names) -> list[Difference]:
    """Compare all that is exported, and the funnels of orders and clients. Raises LookupError if it cannot be made."""
    tables, files = await all_tables(export)
    if files["fulfilment"]:
        tables["fulfilment"] = [{k: "" if v is None else str(v) for k, v in files["fulfilment"].items()}]
    found = compare(Report(tables, files["summary"]), oracle.report())
    for subject in ("order", "client"):
        found += await _funnels(export, oracle, called, subject)
    return found


async def _funnels(export: Export, oracle: Oracle, called: Names, subject: Any) -> list[Difference]:
    """Compare stages, conversion and transitions of funnels that exported files do not cover, funnel by funnel."""
    found: list[Difference] = []
    wanted = oracle.funnels(subject)
    used = {row["funnel_id"] for row in wanted["stages"]}
    for funnel in called.funnels:
        if funnel.subject == subject and (funnel.funnel_id in used or await starts(export.numbers, funnel.funnel_id)):
            want = {
                name: [
                    {k: v for k, v in row.items() if k not in _HIDDEN}
                    for row in rows
                    if row["funnel_id"] == funnel.funnel_id
                ]
                for name, rows in wanted.items()
            }
            one, steps, moves, _ = await stage_tables(export, funnel)
            moves = [row | {"pipeline_id": funnel.shown} for row in moves]
            found += compare(Report({"stages": one, "conversion": steps, "transitions": moves}, {}), Report(want, {}))
    return found


async def _contacts(export: Export, oracle: Oracle) -> list[Difference]:
    found: list[Difference] = []
    for id, want in oracle.contacts().items():
        row = await export.numbers.row(id)
        got = export.six({} if row is None else {name: getattr(row, name) for name in _EIGHT})
        found += [
            Difference("contacts", (id,), name, got[name], want[name]) for name in _EIGHT if got[name] != want[name]
        ]
    return found


async def _documents(reader: Reader, groups: dict[str, str], oracle: Oracle) -> list[Difference]:
    found: list[Difference] = []
    wanted = oracle.documents()
    for kind, (group, key) in _DOCUMENTS.items():
        want = dict(wanted.get(kind, {}))
        async for document in all_documents(reader, groups[group], kind):
            id = getattr(document, key)
            row = want.pop(id, None)
            if row is None:
                found.append(Difference(kind, (id,), "", "there", None))
                continue
            for name, value in row.items():
                got = shown(document, name)
                if got != value and (got or value):
                    found.append(Difference(kind, (id,), name, str(got), str(value)))
        found += [Difference(kind, (id,), "", None, "there") for id in want]
    return found


def shown(document: Any, name: str) -> Any:
    """Return a document's value under the name the recomputation uses."""
    if name in ("removed", "reversed", "read"):
        return getattr(document, name + "_at") is not None
    if name == "stage":
        return document.stage_id
    return getattr(document, name)


async def _parts(numbers: Numbers) -> AsyncIterator[Difference]:
    """Yield rows that are not the sums of their parts; a contact may have a row in several lanes."""
    parts: dict[tuple[str, str], list[int]] = {}
    async for part in all_documents(numbers.reader, numbers.group, PARTS.name):
        if part.rules == numbers.rules.id:
            for column, value in ((f"{_PREFIXES[part.kind]}_count", 1), (f"{_PREFIXES[part.kind]}_sum", part.value)):
                parts.setdefault((part.row_id, column), [0, 0])[0] += value
    async for row in all_documents(numbers.reader, numbers.group, ROWS.name):
        if row.rules == numbers.rules.id:
            for prefix in _PREFIXES.values():
                for column in (f"{prefix}_count", f"{prefix}_sum"):
                    parts.setdefault((row.subject_id, column), [0, 0])[1] += getattr(row, column)
    for (subject, column), (added, shown) in parts.items():
        if added != shown:
            yield Difference("parts", (subject,), column, str(added), str(shown))
