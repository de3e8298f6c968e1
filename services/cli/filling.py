"""Bringing events into a running workspace: an import, or the demo; numbers show all of it when it returns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contracts.analytics.commands import SetSalesRules
from contracts.ids import command_id
from contracts.problem import Invalid, Unavailable
from services.analytics.domain.sales_rules import SALES_RULES
from services.cli import progress
from services.cli.demo import least_events, persons, write_bundle
from services.cli.workspace import SERVICES, engine, ports
from services.importer.run import Report, import_bundle
from services.kit import clock
from services.kit.codec import Codec
from services.kit.engine import Engine, Ports
from services.kit.handle import Handler, Meta
from services.kit.rebuild import rebuild


class Demo(NamedTuple):
    """What a demo is made from: the same values make the same workspace. `until`: its last day, ISO 8601."""

    clients: int
    events: int
    seed: int
    until: str


def today() -> str:
    """Return the present UTC day."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=clock.now())).date().isoformat()


def begun(data: Path) -> Demo | None:
    """Return the demo that was begun in this folder and not finished (the process was killed), if any."""
    mark = data / "demo.json"
    return Demo(*json.loads(mark.read_text("utf-8"))) if mark.exists() else None


async def is_empty(data: Path) -> bool:
    """Tell whether the workspace holds no event."""
    async with ports(data) as opened:
        return await opened.store.head() == 0


async def bring(data: Path, folder: Path, *, strict: bool, source: str | None) -> Report:
    """Import a bundle into the workspace; when it returns all numbers show it.

    Into an empty workspace the read models are built at once from the finished log, which is quicker than to fold each
    event as it comes."""
    with progress.shown() as shown:
        async with ports(data) as opened:
            if await opened.store.head() == 0:
                report = await _import(opened, Codec(opened.keyring), folder, strict, source, shown)
                await build_all(opened, shown)
                return report
        async with engine(data) as running:
            report = await _import(running.ports, running.codec, folder, strict, source, shown)
            await settle(running, shown)
            return report


async def _import(
    to: Ports, codec: Codec, folder: Path, strict: bool, source: str | None, shown: progress.Report
) -> Report:
    return await import_bundle(
        folder, to.store, to.keyring, codec, source=source, strict=strict, now=clock.now(), progress=shown
    )


async def build_all(opened: Ports, shown: progress.Report) -> None:
    """Build all read models from the log."""
    codec = Codec(opened.keyring)
    for each in (projection for service in SERVICES for projection in service.projections):
        await rebuild(each, opened.store, codec, opened.documents, opened.bus.lanes, shown)


async def settle(running: Engine, shown: progress.Report) -> None:
    """Wait until every number shows what the log holds, however long it takes while there is progress."""
    last = -1
    while not await running.settle(5.0):
        folded = sum(max(r.passed, 0) for r in running.runners.values())
        if running.failure is not None:
            raise Unavailable(f"the read models cannot be brought up to date: {running.failure}")
        shown("folding (events by group)", folded, 0)
        if folded == last and all(not runner.working for runner in running.runners.values()):
            break
        last = folded


async def fill(data: Path, demo: Demo) -> None:
    """Import the generated demo through the ordinary importer, and let deals and orders both count. Killed in between,
    it is completed by doing the same again."""
    mark = data / "demo.json"
    with progress.shown() as shown:
        async with ports(data) as opened:
            mark.write_text(json.dumps(demo), "utf-8")
            await pour(opened, Codec(opened.keyring), demo, shown)
            await build_all(opened, shown)
            mark.unlink()


async def pour(to: Ports, codec: Codec, demo: Demo, shown: progress.Report) -> Report:
    """Store the demo's events; nothing is folded here. Raises Invalid if the log holds what contradicts it."""
    with TemporaryDirectory(prefix="voronka-demo-") as folder:
        until = date.fromisoformat(demo.until)
        events = max(demo.events - persons.events_of(demo.clients), least_events(demo.clients))
        write_bundle(Path(folder), clients=demo.clients, events=events, seed=demo.seed, until=until)
        report = await _import(to, codec, Path(folder), True, persons.SOURCE, shown)
        if report.errors:
            raise Invalid(f"the demo cannot be imported: {report.errors[0]}")
        handler = Handler(to.store, codec, clock.now)
        await persons.store(handler, Path(folder), demo.seed, f"{until.replace(day=1)}T00:00:00Z")
    rules = (await handler.load(SALES_RULES, "sales")).state.present
    both = SetSalesRules(sources=["deals", "orders", "clients"], classes=rules.classes)
    meta = Meta("demo", command_id("demo", f"rules-{demo.seed}"), origin="system")
    await handler.handle(SALES_RULES, "sales", both, meta)
    return report
