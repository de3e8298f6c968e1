"""Moments as people type them."""

from __future__ import annotations

from datetime import datetime

import typer


def moment(text: str) -> datetime:
    """Read an ISO 8601 time with zone. Raises BadParameter with an example."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write it like 2026-05-31T12:00:00Z") from error
    if found.tzinfo is None:
        raise typer.BadParameter(f"{text!r} names no time zone; write it like 2026-05-31T12:00:00Z")
    return found
