"""What an act does to one record: the command, what became of it since, and what takes it back; `Kind` says it (#5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.gateway.bulk_events import BulkAction, NotDone, WhyNot
from contracts.ids import derived_id

Read = Callable[[Any], Any]
"""Returns what the data of an event say of the field that an act changes."""


class Kind(Protocol):
    """Records of one kind, to the engine of acts: it knows no other difference between clients and contact persons."""

    category: str
    """Of their streams."""
    erased: str
    """The type of the event in a record's stream after which nothing can be said or done; empty: it is not there."""

    def choose(self, bulk_id: str, ids: list[str]) -> Command:
        """Return the command that names records, at most 1,000."""
        ...

    def command(self, action: BulkAction, value: str | None, id: str, /) -> Command:
        """Return what the act asks of a record. Raises Invalid for an act on others, ValidationError for a value that
        makes no sense."""
        ...

    def reading(self, action: BulkAction, value: str | None, /) -> Mapping[str, Read]:
        """Return event type → what it says of the field that the act changes. Raises Invalid."""
        ...

    def back(self, action: BulkAction, value: str | None, id: str, before: Any, /) -> Command:
        """Return what makes a record again what it was before the act. Raises Invalid."""
        ...

    def not_done(self, id: str, why: WhyNot) -> NotDone:
        """Return how it is told that a record was left as it was."""
        ...


def command_id(bulk_id: str, id: str, *, undo: bool = False) -> str:
    """Return the id of the command to a record: the same however often the act is begun again."""
    return derived_id("bulk-undo" if undo else "bulk", bulk_id, id)


@dataclass(frozen=True, slots=True)
class Past:
    """What a record's stream says of an act: whether it `did` anything; what it changed was `before`, and is `still` as
    the act made it. `erased`: nothing can be said or done any more."""

    did: bool
    before: Any = None
    still: bool = False
    erased: bool = False


def past(
    kind: Kind, action: BulkAction, value: str | None, events: Iterable[tuple[RecordedEvent, Any]], command: str
) -> Past:
    """Read a record's stream for what the command of this id did. `events`: with their data. Raises Invalid."""
    read = kind.reading(action, value)
    did = False
    now: Any = None
    before: Any = None
    made: Any = None
    for event, data in events:
        if event.type == kind.erased:
            return Past(did=did, erased=True)
        was = now
        if event.type in read:
            now = read[event.type](data)
        if event.command_id == command:
            did, before, made = True, was, now
    return Past(did=did, before=before, still=did and now == made)
