"""What the commands do; each returns its exit code (0 done, 1 done with findings)."""

from __future__ import annotations

from pathlib import Path

import typer

from services.analytics.oracle.difference import Difference
from services.cli import progress
from services.cli.events import export_events as write_events
from services.cli.filling import Demo, bring, fill, settle, today
from services.cli.metrics import present_tables, write
from services.cli.past import tables_as_of
from services.cli.verify import verify as differences
from services.cli.workspace import SERVICES, engine, ports
from services.importer.errors import check_place, remove_stale, write_errors
from services.importer.run import Report
from services.kit import clock
from services.kit.codec import Codec
from services.kit.projection import Projection
from services.kit.rebuild import rebuild as build_anew
from services.kit.standing import standing

FINDINGS = 1


async def import_(folder: Path, data: Path, *, strict: bool, source: str | None, errors: Path) -> int:
    """Import a bundle and fold it; bad rows are listed in the file `errors`."""
    check_place(errors, data)
    return told_import(await bring(data, folder, strict=strict, source=source), errors, data)


def told_import(report: Report, errors: Path, data: Path | None) -> int:
    """Say what an import did, list its findings in the file `errors`; return the exit code."""
    stored = counted(report.events, "event") + " stored" if report.events else "nothing new to store"
    typer.echo(f"{stored} from source {report.source!r}" if report.source else "nothing was stored")
    for table, count in report.subjects.items():
        typer.echo(f"  {table}: {count}")
    if not report.errors:
        remove_stale(errors)
        return 0
    write_errors(report.errors, errors, data)
    found = counted(len(report.errors), "finding")
    typer.echo(f"{found}, all listed in {errors}; repair the bundle and import it again:", err=True)
    for error in report.errors[:5]:
        where = f"{error.file}:{error.line}" if error.line else error.file
        typer.echo(f"  {where} {error.column}: {error.reason}", err=True)
    return FINDINGS


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


async def export_metrics(data: Path, out: Path, when: int | None) -> int:
    """Write the files of DEFINITIONS part 2."""
    past = False
    with progress.shown() as shown:
        if when is not None:
            async with ports(data) as opened:
                past = when < await opened.store.newest()
                if past:
                    tables, files = await tables_as_of(opened, Codec(opened.keyring), when, shown)
                    write(out, tables, files)
        if not past:
            async with engine(data) as running:
                await settle(running, shown)
                tables, files = await present_tables(running, clock.now() if when is None else when)
                write(out, tables, files)
    typer.echo(f"metrics written to {out}")
    return 0


async def export_events(data: Path, out: Path) -> int:
    """Write all events as JSON lines."""
    async with ports(data) as opened:
        with progress.shown() as shown:
            count = await write_events(opened.store, Codec(opened.keyring), out, shown)
    typer.echo(f"{count} events written to {out}")
    return 0


async def verify(data: Path, most: int) -> int:
    """Compare all read models with an independent recomputation."""
    async with engine(data) as running:
        with progress.shown() as shown:
            await settle(running, shown)
            found = await differences(running, clock.now(), shown)
        marks = [m.finding for name in running.runners for m in await standing(running, name) if m.finding]
    told_differences(found, marks, most)
    return FINDINGS if found or marks else 0


def told_differences(found: list[Difference], marks: list[str], most: int) -> None:
    """Say what `verify` found; `most`: differences shown."""
    for difference in found[:most]:
        key = " ".join(map(str, difference.key))
        typer.echo(f"{difference.table} {key} {difference.column}: served {difference.got}, log {difference.want}")
    for mark in marks:
        typer.echo(mark)
    typer.echo(counted(len(found), "difference"))


def chosen(projection: str | None) -> list[Projection]:
    """Return the projection of this name, or all."""
    known = [p for service in SERVICES for p in service.projections]
    found = [p for p in known if projection in (None, p.name)]
    if not found:
        names = ", ".join(p.name for p in known)
        raise typer.BadParameter(f"there is no group {projection!r}; choose one of {names}", param_hint="--projection")
    return found


async def rebuild(data: Path, projection: str | None) -> int:
    """Build read models anew from the log."""
    async with ports(data) as opened:
        with progress.shown() as shown:
            for each in chosen(projection):
                codec = Codec(opened.keyring)
                group = await build_anew(each, opened.store, codec, opened.documents, opened.bus.lanes, shown)
                typer.echo(f"{each.name}: built anew as {group}")
    return 0


async def skip(data: Path, projection: str | None, *, yes: bool) -> int:
    """Show where groups stand; with `yes` go on behind the event."""
    async with engine(data) as running:
        await running.settle(60.0)
        stops = [
            (name, lane)
            for name, runner in running.runners.items()
            if projection in (None, name)
            for lane in runner.lanes.values()
            if lane.stop is not None
        ]
        for name, lane in stops:
            assert lane.stop is not None  # noqa: S101 - chosen above
            event = lane.stop.event
            typer.echo(f"{name} lane {lane.number} stands at position {event.position}: {event.type} {event.id}")
            typer.echo(f"  {lane.stop.reason}")
            if yes:
                await running.runners[name].skip(lane.number)
                typer.echo("  skipped; the group is incomplete until `voronka rebuild`")
    if not stops:
        typer.echo("nothing stands")
        return 0
    return 0 if yes else FINDINGS


async def demo(data: Path, clients: int, events: int, seed: int) -> int:
    """Fill a workspace with the demo."""
    await fill(data, Demo(clients, events, seed, today()))
    typer.echo(f"demo workspace in {data}")
    return 0


async def doctor(data: Path) -> int:
    """Check the machine and the data folder."""
    from services.cli.health import findings

    found = await findings(data)
    for finding in found:
        typer.echo(finding)
    typer.echo(counted(len(found), "finding") if found else "all is well")
    return FINDINGS if found else 0
