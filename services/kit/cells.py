"""Cells of spreadsheets that people will open."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula; a phone such as +380441234567 stays."""
    if cell.startswith(_FORMULA) and not cell[1:].replace(" ", "").isdigit():
        return f"'{cell}"
    return cell
