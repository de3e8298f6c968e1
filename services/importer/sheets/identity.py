"""What an import and all that it stores are called: the same file, taken in again, makes the same ids (ADR 0025)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from contracts.clients.import_events import Thing
from contracts.ids import derived_id
from services.importer.sheets.fields import Kind
from services.importer.sheets.table import Table

Duplicates = Literal["skip", "update", "create"]


def import_id(table: Table, kind: Kind, attempt: int) -> str:
    """Return the id of the n-th import (from 1) of a file: there is another one only after the last was undone."""
    return derived_id("table-import", table.digest, kind, str(attempt))


def options_of(fields: Mapping[int, str], duplicates: Duplicates, region: str | None) -> str:
    """Return 32 hex digits of how a file was to be taken: its columns by place, its duplicates, its country."""
    said = json.dumps([sorted(fields.items()), duplicates, region], ensure_ascii=False)
    return sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Identity:
    """An import under way. `resumed`: it was begun before with the same options, so what it did is not done again."""

    import_id: str
    options: str
    resumed: bool = False

    def subject(self, thing: Thing, row: int) -> str:
        """Return the id of what a row makes."""
        return derived_id("table-row", self.import_id, thing, str(row))

    def command(self, thing: Thing, subject: str) -> str:
        """Return the command id under which the import writes to a subject's stream."""
        return command_of(self.import_id, self.options, thing, subject)


def command_of(import_id: str, options: str, thing: Thing, subject: str) -> str:
    """Return the command id under which an import with these options writes to a subject's stream."""
    return derived_id("table-command", import_id, options, thing, subject)
