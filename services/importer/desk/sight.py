"""What the pages show of a plan: columns, first rows, problems at the cells they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.gateway.pages.imports.port import Cell, Choices, Counts, RowSight, Sight
from services.importer.sheets.fields import FIELDS
from services.importer.sheets.matching import supposed
from services.importer.sheets.plan import PREVIEW, Action, Outcome, Plan
from services.importer.sheets.table import Table

_SIGNS = 120


def by_hand(choices: Choices, columns: Sequence[str]) -> dict[str, str]:
    """Return column → field id as somebody said; empty if nobody did, or said it of other columns."""
    if choices.fields is None or len(choices.fields) != len(columns):
        return {}
    return dict(zip(columns, choices.fields, strict=True))


def counts_of(counts: Mapping[Action, int]) -> Counts:
    """Return counts as the pages name them."""
    return Counts(new=counts["new"], updated=counts["update"], skipped=counts["skip"], refused=counts["refuse"])


def unmatched(table: Table, choices: Choices, region: str | None, wrong: str) -> Sight:
    """Return what is shown while the columns are no match."""
    fields = supposed(choices.kind, table.columns, by_hand(choices, table.columns))
    return _sight(table, choices, fields, region, wrong)


def sight(plan: Plan, choices: Choices) -> Sight:
    """Return what is shown of a plan."""
    table = plan.table
    fields = [each.id if (each := plan.matching.fields.get(place)) else "" for place in range(len(table.columns))]
    first = plan.preview()
    below = [outcome for outcome in plan.outcomes[PREVIEW:] if outcome.action == "refuse"][:PREVIEW]
    seen = _sight(table, choices, fields, plan.region, "")
    return Sight(
        seen.columns,
        seen.fields,
        seen.region,
        total=len(table.rows),
        counts=counts_of(plan.counts),
        rows=[_row(table, outcome) for outcome in first],
        more=[_row(table, outcome) for outcome in below],
    )


def _sight(table: Table, choices: Choices, fields: Sequence[str], region: str | None, wrong: str) -> Sight:
    columns = list(zip(table.columns, fields, strict=True))
    return Sight(columns, [each.id for each in FIELDS[choices.kind]], region or "", wrong, len(table.rows))


def _row(table: Table, outcome: Outcome) -> RowSight:
    wrong: dict[str, list[str]] = {}
    for problem in outcome.problems:
        wrong.setdefault(problem.column, []).append(problem.reason)
    cells = [
        Cell(_short(text), "\n".join(wrong.get(column, ())))
        for column, text in zip(table.columns, outcome.row.cells, strict=True)
    ]
    return RowSight(outcome.row.number, outcome.action, outcome.matches, cells, wrong.get("", ()))


def _short(text: str) -> str:
    return text if len(text) <= _SIGNS else f"{text[: _SIGNS - 1]}…"
