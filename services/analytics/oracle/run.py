"""Runs the SQL over exported events and hands out the numbers as text, as the files of `expected/` show them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Self

import duckdb

from services.analytics.oracle.difference import Report
from services.analytics.oracle.load import load
from services.analytics.oracle.products import fill_product_revenue

_BEFORE = ("entering", "reference", "visits", "facts")
_AFTER = ("products", "clients", "funnels", "orders", "summary", "contacts", "documents", "counters", "inside")
_MEMORY = "1GB"
"""What DuckDB may hold; the rest goes to the temporary folder."""
_SMALL = 64_000_000
"""Bytes of input up to which the tables are kept in memory: writing a database file would take longer than the rest."""
_FUNNEL_VIEWS = {"stages": "all_stages", "conversion": "all_conversions", "transitions": "all_moves"}


class Oracle:
    """All numbers of one export. Use as a context manager: the temporary database goes when it is closed."""

    def __init__(self, base: duckdb.DuckDBPyConnection, folder: TemporaryDirectory[str]) -> None:
        self._base = base
        self._closer = weakref.finalize(self, _close, base, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the temporary database."""
        self._closer()

    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Return every csv file by name, and `fulfilment` as a table of one row; empty ones are absent."""
        found = {name: self.table(name) for name in self._views("files")}
        return {name: rows for name, rows in found.items() if rows}

    def table(self, name: str) -> list[dict[str, str]]:
        """Return one of the tables; no rows when it would be absent. Raises KeyError for an unknown name."""
        if name not in self._views("files"):
            raise KeyError(name)
        return self._text(f"FROM files.{name}")

    def summary(self) -> dict[str, Any]:
        """Return summary.json: counts are numbers, everything else is text."""
        out: dict[str, Any] = {}
        for name in self._views("summary"):
            for row in self._rows(f"FROM summary.{name}"):
                out |= {name: row} if name == "without_customer" else row
        for name in self._views("named"):
            rows = {row.pop("name"): row for row in self._rows(f"FROM named.{name}")}
            if rows:
                out[name] = {key: row.get("n", row) for key, row in rows.items()}
        return out

    def report(self) -> Report:
        """Return tables and summary together, to be compared."""
        return Report(self.tables(), self.summary())

    def funnels(self, subject: Literal["deal", "order", "client"]) -> dict[str, list[dict[str, str]]]:
        """Return stages, conversion and transitions of all funnels with that subject; rows also name `funnel_id`."""
        return {name: self._text(f"FROM {view} WHERE subject = ?", subject) for name, view in _FUNNEL_VIEWS.items()}

    def contacts(self) -> dict[str, dict[str, str]]:
        """Return the eight fields of each contact person, by id (P3)."""
        return {row.pop("id"): row for row in self._text("FROM contacts")}

    def documents(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the last plain values of clients, contacts, notes, mentions, leads, deals, orders and payments, by
        id."""
        return {
            name: {row.pop("id"): row for row in self._rows(f"FROM documents.{name}")}
            for name in self._views("documents")
        }

    def counters(self) -> dict[str, list[dict[str, Any]]]:
        """Return every counter of the read models as rows of key columns and values, in minor units and ms.

        `products` has the revenue in millionths (`micro`); the cycles of `dist_values` name no rules."""
        return {name: self._rows(f"FROM counters.{name}") for name in self._views("counters")}

    def inside(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return what the read models keep per fact, visit, payment, client and part, and the rules, by id."""
        return {
            name: {row.pop("id"): row for row in self._rows(f"FROM inside.{name}")} for name in self._views("inside")
        }

    def _views(self, schema: str) -> list[str]:
        found = self._base.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = ? AND NOT internal ORDER BY view_oid", [schema]
        )
        return [name for (name,) in found.fetchall()]

    def _rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        return list(self._each(query, *values))

    def _text(self, query: str, *values: str) -> list[dict[str, str]]:
        return [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in self._each(query, *values)
        ]

    def _each(self, query: str, *values: str) -> Iterator[dict[str, Any]]:
        found = self._base.execute(query, list(values))
        names = [column[0] for column in found.description or ()]
        while rows := found.fetchmany(10_000):
            for row in rows:
                yield dict(zip(names, row, strict=True))


def recompute(events: Path | list[Path], *, as_of: int | None = None, as_of_shown: int | None = None) -> Oracle:
    """Recompute everything from exported events.

    `as_of` (UTC ms): only events that occurred up to then, under today's sales rules and stages (DESIGN 9).
    `as_of_shown` (UTC ms): the "now" of the files; None: `as_of`, else the time of the newest event.
    Raises duckdb.Error when a file is no JSON lines of CloudEvents."""
    folder = TemporaryDirectory(prefix="voronka-oracle-")
    inputs = events if isinstance(events, list) else [events]
    small = sum(file.stat().st_size for file in inputs) <= _SMALL
    base = duckdb.connect(":memory:" if small else str(Path(folder.name) / "oracle.duckdb"))
    oracle = Oracle(base, folder)
    try:
        base.execute(f"SET memory_limit = '{_MEMORY}'; SET preserve_insertion_order = false")
        base.execute(f"SET temp_directory = '{folder.name}'")
        base.execute(_script("macros"))
        load(base, inputs, as_of=as_of, now=as_of_shown)
        for name in _BEFORE:
            base.execute(_script(name))
        fill_product_revenue(base)
        for name in _AFTER:
            base.execute(_script(name))
    except BaseException:
        oracle.close()
        raise
    return oracle


def _script(name: str) -> str:
    return (files("services.analytics.oracle") / "sql" / f"{name}.sql").read_text("utf-8")


def _close(base: duckdb.DuckDBPyConnection, folder: TemporaryDirectory[str]) -> None:
    base.close()
    folder.cleanup()
