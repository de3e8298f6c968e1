"""What the pages ask of whoever takes spreadsheets in: the importer, which stands above the services (ADR 0026)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import msgspec

from contracts.clients.import_events import TableKind, Thing

Duplicates = Literal["skip", "update", "create"]
State = Literal["ready", "taking", "taken", "undoing", "undone"]
"""`ready`: being matched. `taking`, `undoing`: begun, and interrupted if nothing is going on."""
Action = Literal["new", "update", "skip", "refuse"]


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is to be taken. `fields`: a field's id for each column, "" to leave it out; None: by their names.
    `country`: ISO 3166 of phones without a code, "": the workspace's. `sheet`: "": the first that is not empty."""

    kind: TableKind = "clients"
    fields: tuple[str, ...] | None = None
    duplicates: Duplicates = "skip"
    country: str = ""
    sheet: str = ""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo left as it is, and why; without its name, which is personal."""

    thing: Thing
    id: str
    row: int
    reason: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by what they came to."""

    new: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0


NO_ROWS = Counts()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A file on its way in. `at`, `changed_at`: UTC ms. `actor`: an employee's id. `error`: why the last run ended.
    `before`: the file had been imported in the very same way. `listed`: refused rows in the list that is kept."""

    job_id: str
    at: int
    changed_at: int
    actor: str
    file: str
    state: State = "ready"
    choices: Choices = Choices()
    sheets: tuple[str, ...] = ()
    import_id: str = ""
    error: str = ""
    counts: Counts | None = None
    before: bool = False
    listed: int = 0
    undone: int = 0
    left: tuple[Left, ...] = ()
    """The first of them."""
    left_count: int = 0
    kept: bool = True
    """Whether its file is here, so that an import that was interrupted can go on."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, cut if it is long, and what is wrong with it."""

    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RowSight:
    """A row of the preview. `matches`: what is alike, and whose it is; `problems`: of the row as a whole."""

    number: int
    action: Action
    matches: Sequence[tuple[str, str]]
    cells: Sequence[Cell]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sight:
    """What an import would do. `columns`: name, field id; `fields`: ids to choose from. `wrong`: why the columns are no
    match; there are no rows then. `more`: refused rows below the first ones. `region`: country of phones, "": none."""

    columns: Sequence[tuple[str, str]]
    fields: Sequence[str]
    region: str
    wrong: str = ""
    total: int = 0
    counts: Counts = NO_ROWS
    rows: Sequence[RowSight] = ()
    more: Sequence[RowSight] = ()


class Imports(Protocol):
    """Files on their way in, one import at a time. All raise Unavailable."""

    async def receive(self, actor: str, name: str, file: BinaryIO, kind: TableKind) -> Job:
        """Keep a file and look at it. Raises Invalid, of the field `file`, for what is no table."""
        ...

    async def find(self, job_id: str) -> Job:
        """Return a file on its way, or an import that the log knows by this id. Raises NotFound."""
        ...

    async def past(self) -> Sequence[Job]:
        """Return what is on its way and what was imported, the newest first."""
        ...

    def choose(self, job: Job, choices: Choices) -> Job:
        """Keep how a file is to be taken. Raises IllegalMove if it is taken already."""
        ...

    async def sight(self, job: Job) -> Sight:
        """Return what an import would do. Raises Invalid of the field `sheet` or `file`."""
        ...

    async def take(self, job: Job, actor: str) -> None:
        """Begin to import it, or go on. Raises Invalid if the columns are no match, IllegalMove while another import is
        going on."""
        ...

    async def undo(self, job: Job, actor: str) -> None:
        """Begin to undo it, or go on. Raises IllegalMove."""
        ...

    def drop(self, job: Job) -> None:
        """Throw a file away that was not taken. Raises IllegalMove."""
        ...

    def going(self) -> str:
        """Return the id of what is going on now; "" for nothing."""
        ...

    def progress(self) -> tuple[int, int]:
        """Return how much of it is done, of how much; (0, 0) while that is not known."""
        ...

    def refused(self, job: Job) -> Path | None:
        """Return the list of refused rows (CSV), if it is still kept."""
        ...
