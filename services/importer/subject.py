"""What a row stands for: one subject with the history the bundle tells of it, as commands with times (DESIGN 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from contracts.base import Command, Event
from contracts.gateway.events import NumberKind
from contracts.ids import derived_id, imported_id
from services.kit.decider import Decider

imported = lru_cache(maxsize=20_000)(imported_id)
"""The id of a subject that others refer to, once for all references."""
Facts = dict[str, Any]
"""What a bundle can say of a subject and may change later: column → value."""
Run = Callable[[Command], Any]
"""Runs a change command; returns the state after it."""


@dataclass(slots=True)
class Step:
    """One command of a history, at its time (UTC ms)."""

    command: Command
    at: int
    imputed: bool = False
    label: str = ""
    """The stage entered, for the event id."""
    timed: bool = True
    """The source has a time for it, which is part of the event id."""
    fact: str = ""
    """What the row says besides its time and stage: history is rewritten if that changes."""
    soft: bool = False
    """It follows from other rows: it may come later than its time, have no effect, or be missing in another file."""


@dataclass(slots=True)
class Change:
    """A column whose value in the bundle is another one than before."""

    column: str
    old: Any
    new: Facts
    """All columns as the bundle has them now."""
    state: Any
    """The subject as it is here."""

    @property
    def value(self) -> Any:
        """The column's new value."""
        return self.new[self.column]


class CannotChange(Exception):
    """A column changed that no command can change once it is stored."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} was imported with another value, and that cannot be changed any more")
        self.column = column


class Subject:
    """One stream of an import. Subclasses say which commands its rows are."""

    table: ClassVar[str]
    """Name of the table in ids, for ever."""
    file: ClassVar[str]
    decider: ClassVar[Decider[Any, Any, Any]]
    reference: ClassVar[bool] = False
    """It has no history of its own: all that is new in the row is a change."""
    numbered: ClassVar[NumberKind | None] = None

    def __init__(self, source: str, external_id: str, line: int, digest: str) -> None:
        self.source = source
        self.external_id = external_id
        self.line = line
        self.digest = digest
        """16 hex digits of what the row says."""
        self.id = imported_id(source, self.table, external_id)
        self.number = 0
        """The short number it gets if it is new (P21)."""

    @property
    def stream(self) -> str:
        """The stream's name."""
        return self.decider.stream(self.id)

    @property
    def command_id(self) -> str:
        """The command id of its history."""
        return derived_id("import", self.source, self.table, self.external_id)

    def owner(self) -> str | None:
        """Return the client it belongs to, if it is not a client itself."""
        return None

    def steps(self) -> Iterable[Step]:
        """Return the whole history the bundle tells."""
        raise NotImplementedError

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return what imported events said of the changeable columns, by column, the last word counting."""
        raise NotImplementedError

    def change(self, change: Change) -> Command:
        """Return the command that makes the column what the bundle says. Raises CannotChange."""
        raise CannotChange(change.column)

    def changes(self, old: Facts, new: Facts, state: Any, run: Run) -> None:
        """Run the commands for all columns that differ. Raises CannotChange."""
        for column, value in new.items():
            if old.get(column) != value:
                state = run(self.change(Change(column, old.get(column), new, state)))
