"""The list of refused rows: the file's own columns and why, to be repaired and taken in again (#5)."""

from __future__ import annotations

import csv
from pathlib import Path

from services.importer.sheets.plan import Plan
from services.kit.cells import harmless


def write(plan: Plan, path: Path) -> int:
    """Write CSV in UTF-8 with a mark, so that spreadsheet programs know it; return how many rows."""
    refused = [outcome for outcome in plan.outcomes if outcome.action == "refuse"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*map(harmless, plan.table.columns), "Row", "Reason"])
        for outcome in refused:
            reasons = "; ".join(
                f"{each.column}: {each.reason}" if each.column else each.reason for each in outcome.problems
            )
            writer.writerow([*map(harmless, outcome.row.cells), outcome.row.number, harmless(reasons)])
    return len(refused)
