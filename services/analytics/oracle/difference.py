"""Compares two reports, value by value and as text; both sides state the same rounding, so nothing is tolerated."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

KEYS: dict[str, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "orders": ("order_id",),
    "deals": ("deal_id",),
    "stages": ("pipeline_id", "stage_id"),
    "conversion": ("pipeline_id", "from_stage", "to_stage"),
    "transitions": ("from_stage", "to_stage"),
    "top_sellers": ("owner_id",),
    "sellers_by_month": ("month", "owner_id"),
    "popular_products": ("product_id",),
    "by_country": ("country",),
    "by_segment": ("segment",),
    "shipments_by_customer_month": ("month", "customer_id"),
    "receipts_by_owner_month": ("month", "owner_id"),
    "customers_by_currency": ("customer_id", "currency"),
    "fulfilment": (),
}
"""Columns that name a row; any other table: month."""
_NOT_COMPARED = frozenset({"dataset", "time_zone"})

Rows = Sequence[Mapping[str, str]]


class Report(NamedTuple):
    """The files of one export: csv tables (and `fulfilment`) by name, and summary.json."""

    tables: Mapping[str, Rows]
    summary: Mapping[str, Any]


class Difference(NamedTuple):
    """One value that differs. A whole row that one side lacks: column "", and None on that side."""

    table: str
    key: tuple[str, ...]
    column: str
    got: str | None
    want: str | None


def compare(got: Report, want: Report) -> list[Difference]:
    """Return every difference; columns that only `got` has are ignored, rows that only it has are not.

    A summary field is a row named by its path; rows with the same key are told apart by their order."""
    out: list[Difference] = []
    for name in sorted({*got.tables, *want.tables}):
        out += _table(name, _keyed(name, got.tables.get(name, ())), _keyed(name, want.tables.get(name, ())))
    flat_got, flat_want = _flat(got.summary), _flat(want.summary)
    for path in sorted({*flat_got, *flat_want}):
        if flat_got.get(path) != flat_want.get(path):
            column = path.rsplit(".", 1)[-1]
            out.append(Difference("summary", (path,), column, flat_got.get(path), flat_want.get(path)))
    return out


def read_report(folder: Path) -> Report:
    """Read the files of an exported (or `expected/`) folder."""
    tables: dict[str, list[dict[str, str]]] = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            tables[file.stem] = list(csv.DictReader(lines))
    fulfilment, summary = folder / "fulfilment.json", folder / "summary.json"
    if fulfilment.exists():
        tables["fulfilment"] = [_flat(json.loads(fulfilment.read_text("utf-8")))]
    return Report(tables, json.loads(summary.read_text("utf-8")) if summary.exists() else {})


def _table(
    name: str, got: dict[tuple[str, ...], Mapping[str, str]], want: dict[tuple[str, ...], Mapping[str, str]]
) -> list[Difference]:
    out = [Difference(name, key, "", "row", None) for key in got if key not in want]
    for key, row in want.items():
        if key not in got:
            out.append(Difference(name, key, "", None, "row"))
            continue
        mine = got[key]
        out += [Difference(name, key, c, mine.get(c), v) for c, v in row.items() if (mine.get(c) or "") != (v or "")]
    return out


def _keyed(name: str, rows: Rows) -> dict[tuple[str, ...], Mapping[str, str]]:
    out: dict[tuple[str, ...], Mapping[str, str]] = {}
    for row in rows:
        key = plain = tuple(row.get(column, "") for column in KEYS.get(name, ("month",)))
        nth = 1
        while key in out:
            nth += 1
            key = (*plain, f"#{nth}")
        out[key] = row
    return out


def _flat(value: Mapping[str, Any], path: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, inner in value.items():
        name = f"{path}.{key}" if path else key
        if isinstance(inner, Mapping):
            out |= _flat(inner, name)
        elif name not in _NOT_COMPARED:
            out[name] = "" if inner is None else str(inner)
    return out
