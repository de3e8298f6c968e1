"""What an import would do, row by row: nothing is written here (#5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.clients.import_events import Thing
from services.importer.sheets.cells import Problem
from services.importer.sheets.identity import Identity
from services.importer.sheets.matching import Matching
from services.importer.sheets.table import Row, Table

Action = Literal["new", "update", "skip", "refuse"]
PREVIEW = 20


@dataclass(slots=True)
class Target:
    """What is made or changed: one record, by all rows that are about it. `client_id`: of a contact or note.

    `stored`: it is there already; if it is also `new`, this very import made it before it was interrupted."""

    thing: Thing
    id: str
    row: int
    new: bool
    stored: bool
    values: dict[str, Any]
    client_id: str = ""
    notes: list[tuple[int, str]] = field(default_factory=list)
    """(row, text) of notes that come with a client (S3.15)."""
    contacts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """(row, values) of contact persons that come with a client (S3.13)."""


@dataclass(slots=True)
class Outcome:
    """What becomes of a row. `why`: whom it matched and by what; `values`: what it says, field by field."""

    row: Row
    action: Action
    why: str = ""
    problems: list[Problem] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    target: str = ""
    """Id of its Target."""
    matches: Sequence[tuple[str, str]] = ()
    """What `why` says: what is alike, and what its owner is called."""


@dataclass(slots=True)
class Plan:
    """The whole: an outcome for each row, a target for each record, in the order of the file."""

    table: Table
    matching: Matching
    identity: Identity
    region: str | None
    outcomes: list[Outcome]
    targets: dict[str, Target]

    @property
    def counts(self) -> dict[Action, int]:
        """How many rows come to what."""
        counted = Counter(outcome.action for outcome in self.outcomes)
        return {action: counted[action] for action in ("new", "update", "skip", "refuse")}

    @property
    def problems(self) -> list[Problem]:
        """All that is wrong with rows."""
        return [problem for outcome in self.outcomes for problem in outcome.problems]

    def preview(self, most: int = PREVIEW) -> list[Outcome]:
        """Return what becomes of the first rows."""
        return self.outcomes[:most]
