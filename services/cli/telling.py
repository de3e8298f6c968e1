"""What commands say of their results, the same in both profiles, and their exit codes: 0 done, 1 done with findings."""

from __future__ import annotations

from pathlib import Path

import typer

from services.analytics.oracle.difference import Difference
from services.importer.errors import remove_stale, write_errors
from services.importer.run import Report
from services.kit.compared import Compared

FINDINGS = 1


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


def told_differences(found: list[Difference], marks: list[str], most: int) -> int:
    """Say what `verify` found; `most`: differences shown; return the exit code."""
    for difference in found[:most]:
        key = " ".join(map(str, difference.key))
        typer.echo(f"{difference.table} {key} {difference.column}: served {difference.got}, log {difference.want}")
    for mark in marks:
        typer.echo(mark)
    typer.echo(counted(len(found), "difference"))
    return FINDINGS if found or marks else 0


def told_rebuilt(name: str, group: str, found: Compared) -> None:
    """Say what a rebuild made, and what is otherwise than in what served before."""
    typer.echo(f"{name}: built anew as {group}")
    if not found.lanes:
        typer.echo("  not compared: nothing of this version, or nothing that stands at the same events, served before")
        return
    moved = "" if found.lanes == found.of else f" ({found.lanes} of {found.of} lanes; the others moved on meanwhile)"
    if not found.different:
        typer.echo(f"  compared with what served: all {counted(found.rows, 'row')} the same{moved}")
        return
    typer.echo(f"  compared with what served: {found.different:,} of {counted(found.rows, 'row')} different{moved}:")
    for example in found.examples:
        typer.echo(f"    {example}")


def told_findings(found: list[str]) -> int:
    """Say what `doctor` found; return the exit code."""
    for finding in found:
        typer.echo(finding)
    typer.echo(counted(len(found), "finding") if found else "all is well")
    return FINDINGS if found else 0


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
