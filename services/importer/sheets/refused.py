"""The list of refused rows: the file's own columns and why, to be repaired and taken in again (#5)."""

from __future__ import annotations

import csv
from pathlib import Path

from services.importer.sheets.plan import Plan

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(plan: Plan, path: Path) -> int:
    """Write CSV in UTF-8 with a mark, so that spreadsheet programs know it; return how many rows."""
    refused = [outcome for outcome in plan.outcomes if outcome.action == "refuse"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*map(plain, plan.table.columns), "Row", "Reason"])
        for outcome in refused:
            reasons = "; ".join(
                f"{each.column}: {each.reason}" if each.column else each.reason for each in outcome.problems
            )
            writer.writerow([*map(plain, outcome.row.cells), outcome.row.number, plain(reasons)])
    return len(refused)


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula; a phone such as +380441234567 stays."""
    if cell.startswith(_FORMULA) and not cell[1:].replace(" ", "").isdigit():
        return f"'{cell}"
    return cell
