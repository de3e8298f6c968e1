"""Bringing events into a running workspace: an import, or the demo; numbers show all of it when it returns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, cast

from contracts.analytics.commands import SetSalesRules
from contracts.ids import command_id
from contracts.problem import Invalid, Unavailable
from services.analytics.known import AnalyticsKnown
from services.cli import progress
from services.cli.demo import write_bundle
from services.importer.run import Report, import_bundle
from services.kit import clock
from services.kit.engine import Engine
from services.kit.handle import Meta


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


async def import_folder(running: Engine, folder: Path, *, strict: bool, source: str | None) -> Report:
    with progress.shown() as shown:
        report = await import_bundle(
            folder,
            running.ports.store,
            running.ports.keyring,
            running.codec,
            source=source,
            strict=strict,
            now=clock.now(),
            progress=shown,
        )
        running.handler.forget_all()
        await running.learn()
        await settle(running, shown)
    return report


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


async def fill(running: Engine, data: Path, demo: Demo) -> None:
    """Import the generated demo through the ordinary importer, and let deals and orders both count. Killed in between,
    it is completed by doing the same again."""
    mark = data / "demo.json"
    mark.write_text(json.dumps(demo), "utf-8")
    with TemporaryDirectory(prefix="voronka-demo-") as folder:
        until = date.fromisoformat(demo.until)
        write_bundle(Path(folder), clients=demo.clients, events=demo.events, seed=demo.seed, until=until)
        report = await import_folder(running, Path(folder), strict=True, source="demo")
    if report.errors:
        raise Invalid(f"the demo cannot be imported: {report.errors[0]}")
    known = cast(AnalyticsKnown, running.known["analytics"])
    classes = [{"funnel_id": f, "stage_id": s, "kind": kind} for (f, s), kind in known.classes.items()]
    command = SetSalesRules.model_validate({"sources": ["deals", "orders", "clients"], "classes": classes})
    await running.send(command, Meta("demo", command_id("demo", f"rules-{demo.seed}"), origin="system"))
    await running.settle(600)
    mark.unlink()
