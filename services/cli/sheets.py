"""The verbs `import-table` and `undo-import`: what they say, and how their options are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from contracts.problem import Invalid
from services.cli import progress
from services.cli.telling import FINDINGS, counted
from services.importer.errors import check_place
from services.importer.sheets import refused, taking
from services.importer.sheets.phones import region_of
from services.importer.sheets.plan import Outcome, Plan
from services.importer.sheets.run import Report
from services.importer.sheets.undo import Undone
from services.kit import clock
from services.kit.engine import Engine

_ACTOR = "local"
_SHOWN = 20
"""Problems and records told one by one; the rest is counted."""
_SIGNS = 60


class TableOrder(NamedTuple):
    """What is to be taken in, whether it is only shown, and where refused rows are listed."""

    order: taking.Order
    dry: bool
    refused: Path


def by_hand(options: Sequence[str]) -> dict[str, str]:
    """Return what `--map "Column=field"` says, column → field. Raises Invalid."""
    found: dict[str, str] = {}
    for option in options:
        column, sign, name = option.rpartition("=")
        if not sign or not column.strip():
            raise Invalid(
                f'{option!r} names no column; write "Column=field", or "Column=" to leave it out', field="map"
            )
        found[column.strip()] = name.strip()
    return found


def country_of(name: str | None) -> str | None:
    """Return the ISO 3166 code of the country whose phones have no code. Raises Invalid."""
    code = None if name is None else region_of(name)
    if name is not None and code is None:
        raise Invalid(f"{name!r} is no country; write a code such as UA, or its name", field="country")
    return code


async def import_table(engine: Engine, wanted: TableOrder, data: Path | None, where: str) -> int:
    """Take a spreadsheet in and say what came of it; return the exit code. `data`: folder that no list goes into;
    `where`: the words by which a command finds this workspace."""
    check_place(wanted.refused, data)
    plan, record = await taking.plan(engine, wanted.order, clock.now())
    _told_matching(plan)
    if wanted.dry:
        for outcome in plan.preview():
            typer.echo(_told_row(outcome))
        _told_counts(plan)
        typer.echo("nothing was stored (--dry-run)")
        return FINDINGS if plan.problems else 0
    with progress.shown() as shown:
        report = await taking.take(engine, plan, record, actor=_ACTOR, now=clock.now(), progress=shown)
    return _told_report(report, plan, wanted.refused, where)


async def undo_import(engine: Engine, import_id: str) -> int:
    """Undo an import and say what came of it; return the exit code."""
    with progress.shown() as shown:
        done = await taking.undo(engine, import_id, actor=_ACTOR, now=clock.now(), progress=shown)
    return _told_undone(done)


def _told_matching(plan: Plan) -> None:
    for place, field in plan.matching.fields.items():
        typer.echo(f"  {plan.table.columns[place]} -> {field.id}")
    if plan.matching.left_out:
        typer.echo(f'  left out: {", ".join(plan.matching.left_out)} (match one with --map "Column=field")')


def _told_row(outcome: Outcome) -> str:
    said = ", ".join(f"{name}: {_short(value)}" for name, value in outcome.values.items())
    reasons = "".join(f"\n    {each.column}: {each.reason}" for each in outcome.problems)
    why = f" ({outcome.why})" if outcome.why else ""
    return f"row {outcome.row.number}: {outcome.action}{why}: {said}{reasons}"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _SIGNS else f"{line[: _SIGNS - 1]}…"


def _told_counts(plan: Plan) -> None:
    counts = plan.counts
    typer.echo(
        f"{counted(len(plan.table.rows), 'row')}: {counts['new']:,} new, {counts['update']:,} updating, "
        f"{counts['skip']:,} skipped, {counts['refuse']:,} refused"
    )


def _told_report(report: Report, plan: Plan, path: Path, where: str) -> int:
    if report.before:
        typer.echo("this file was imported before in the same way; nothing new to store")
    skipped = [outcome for outcome in plan.outcomes if outcome.action == "skip"]
    for outcome in skipped[:_SHOWN]:
        typer.echo(f"row {outcome.row.number}: skip ({outcome.why})")
    _told_counts(plan)
    typer.echo(f"{counted(report.events, 'event')} stored by import {report.import_id}")
    typer.echo(f"to take it back: voronka undo-import {report.import_id}{where}")
    if not report.problems:
        return 0
    count = refused.write(plan, path)
    typer.echo(f"{counted(count, 'row')} refused, listed in {path}; repair and import that file:", err=True)
    for each in report.problems[:_SHOWN]:
        typer.echo(f"  row {each.row}{f', {each.column}' if each.column else ''}: {each.reason}", err=True)
    return FINDINGS


def _told_undone(done: Undone) -> int:
    if done.before:
        typer.echo("this import was undone before; nothing was done")
        return 0
    typer.echo(f"{counted(done.undone, 'record')} undone")
    if not done.left:
        return 0
    typer.echo(f"{counted(len(done.left), 'record')} left as they are, or in part:", err=True)
    for each in done.left[:_SHOWN]:
        typer.echo(f"  row {each.row}, {each.thing} {each.name}: {each.reason}", err=True)
    if len(done.left) > _SHOWN:
        typer.echo(f"  and {len(done.left) - _SHOWN:,} more", err=True)
    return FINDINGS
