"""Reads `meta.json`: without it nothing of a bundle means anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.importer import cells
from services.importer.errors import BundleError, RowError
from services.importer.rows import Meta

FILE = "meta.json"


def read_meta(folder: Path, now: int) -> Meta:
    """Return what the bundle says of itself; times up to now (UTC ms). Raises BundleError."""
    if not folder.is_dir():
        raise BundleError(RowError(folder.name, 0, "", f"{folder} is not a folder"))
    path = folder / FILE
    if not path.is_file():
        raise BundleError(RowError(FILE, 0, "", "the file is missing: the folder is no canonical bundle"))
    try:
        told = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BundleError(RowError(FILE, line, "", "is not valid UTF-8")) from error
    except ValueError as error:
        raise BundleError(RowError(FILE, getattr(error, "lineno", 0), "", f"is no JSON: {error}")) from error
    if not isinstance(told, dict):
        raise BundleError(RowError(FILE, 1, "", "must be a JSON object"))
    return Meta(
        dataset=_value(told, "dataset", cells.line),
        sales_source=_required(told, "sales_source", cells.one_of("deals", "orders")),
        as_of=_required(told, "as_of", cells.past(now)),
        base_currency=_value(told, "base_currency", cells.currency),
    )


def _value(told: dict[str, Any], name: str, parse: Callable[[str], Any]) -> Any:
    value = told.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BundleError(RowError(FILE, 0, name, "must be a text"))
    try:
        if "\x00" in value:
            raise ValueError("holds a NUL character")
        return parse(value)
    except ValueError as error:
        raise BundleError(RowError(FILE, 0, name, str(error))) from error


def _required(told: dict[str, Any], name: str, parse: Callable[[str], Any]) -> Any:
    value = _value(told, name, parse)
    if value is None:
        raise BundleError(RowError(FILE, 0, name, f"{name} is missing"))
    return value
