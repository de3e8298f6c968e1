"""Compares what the bundle tells of a subject with what is stored of it; what is missing becomes events (DESIGN 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from contracts.base import Command, Event
from contracts.clients.events import ClientErased, ClientStatusChanged
from contracts.envelope import NewEvent, RecordedEvent
from contracts.ids import derived_id, imported_event_id
from contracts.problem import Refusal
from services.importer.rows import digest
from services.importer.subject import CannotChange, Step, Subject
from services.kit.codec import Codec

_ROW = 16
"""A command hash is 16 digits of the subject's row and 16 of what the event's own row says."""
_NO_FACT = "0" * 16


class Rejected(Exception):
    """The subject is not imported; `column` may be empty."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


@dataclass(slots=True)
class Draft:
    """An event to be stored, not yet encoded."""

    event: Event
    id: str
    command_id: str
    command_hash: str

    def sealed(self, actor: str, data: bytes) -> NewEvent:
        """Return it with its data encoded."""
        event = self.event
        return NewEvent(
            id=self.id,
            type=event.type,
            key=event.key(),
            occurred_at=event.occurred_at,
            actor=actor,
            command_id=self.command_id,
            command_hash=self.command_hash,
            origin="import",
            imputed=event.imputed,
            data=data,
        )


@dataclass(slots=True)
class Plan:
    """What is to be appended to one stream of version `expected`."""

    stream: str
    expected: int
    drafts: list[Draft]


def actor(source: str) -> str:
    """Return who the events of a source are from."""
    return f"import:{source}"


@dataclass(slots=True)
class _Writer:
    """Gives events their ids: equal ones are counted."""

    subject: Subject
    command_id: str
    drafts: list[Draft] = field(default_factory=list)
    equal: dict[tuple[str, int | None, str], int] = field(default_factory=dict)

    def write(self, events: Iterable[Event], instant: int | None, label: str, command_id: str, fact: str) -> None:
        subject = self.subject
        for event in events:
            key = (event.type, instant, label)
            nth = self.equal.get(key, 0)
            self.equal[key] = nth + 1
            event_id = imported_event_id(
                subject.source, subject.table, subject.external_id, event.type, instant, label, nth
            )
            self.drafts.append(Draft(event, event_id, command_id, subject.digest + fact))


def begun(subject: Subject) -> Plan:
    """Return the whole history, for a stream that does not exist. Raises Rejected."""
    return Plan(subject.stream, 0, [draft for _, drafts in _told(subject) for draft in drafts])


def _told(subject: Subject) -> list[tuple[Step, list[Draft]]]:
    """Return the history step by step, each with its events."""
    writer = _Writer(subject, subject.command_id)
    told: list[tuple[Step, list[Draft]]] = []
    state = subject.decider.initial
    for step in _steps(subject):
        first = len(writer.drafts)
        events, state = _run(subject, step.command, state, step.at, imputed=step.imputed)
        writer.write(events, step.at if step.timed else None, step.label, writer.command_id, _fact(step))
        told.append((step, writer.drafts[first:]))
    return told


def _steps(subject: Subject) -> Iterable[Step]:
    try:
        yield from subject.steps()
    except ValidationError as error:
        first = error.errors()[0]
        raise Rejected(first["msg"], str(first["loc"][0]) if first["loc"] else "") from error


def _fact(step: Step) -> str:
    return digest(step.fact) if step.fact else _NO_FACT


def _run(subject: Subject, command: Command, state: Any, at: int, *, imputed: bool) -> tuple[list[Event], Any]:
    decider = subject.decider
    try:
        events = list(decider.decide(command, state))
        for event in events:
            # What Decider.run does, without a copy of each event: nobody else holds them yet.
            event.__dict__["occurred_at"] = at
            event.__dict__["imputed"] = imputed
            state = decider.evolve(state, event)
        return events, state
    except ValidationError as error:
        raise Rejected(error.errors()[0]["msg"]) from error
    except Refusal as refusal:
        raise Rejected(refusal.detail, refusal.field or "") from refusal


def continued(subject: Subject, stored: Sequence[RecordedEvent], codec: Codec, as_of: int) -> Plan | None:
    """Return what the bundle adds to a stored subject, None if that is nothing. Changes are dated `as_of` (UTC ms), or
    the last event if that is later. Raises Rejected."""
    by = actor(subject.source)
    mine = [event for event in stored if event.origin == "import" and event.actor == by]
    command_id = subject.command_id
    told = _told(subject)
    missing = [] if subject.reference else _missing(told, [e for e in mine if e.command_id == command_id])
    changed = bool(told) and (not mine or mine[-1].command_hash[:_ROW] != subject.digest)
    if not missing and not changed:
        return None
    return _Continuation(subject, stored, codec, as_of).plan(mine, told, missing, changed=changed)


def _missing(
    told: Sequence[tuple[Step, list[Draft]]], history: Sequence[RecordedEvent]
) -> list[tuple[Step, list[Draft]]]:
    """Return the steps behind those that are stored. Raises Rejected if the bundle's history begins in another way."""
    left = list(history)
    for place, (step, drafts) in enumerate(told):
        if not left and drafts:
            return list(told[place:])
        for draft in drafts:
            stored = left.pop(0) if left else None
            if stored is None or stored.id != draft.id or stored.command_hash[_ROW:] != _fact(step):
                raise Rejected("its history is another one than that imported before; history is never rewritten")
    if any(event.type != ClientStatusChanged.type for event in left):
        raise Rejected("its history is shorter than that imported before; history is never rewritten")
    return []


class _Continuation:
    """Runs new history and changes on the state as it is now, edits made here included."""

    def __init__(self, subject: Subject, stored: Sequence[RecordedEvent], codec: Codec, as_of: int) -> None:
        if any(event.type == ClientErased.type for event in stored):
            raise Rejected("the customer's personal data was erased; nothing more is stored about them")
        self.subject = subject
        self.version = len(stored)
        self.models = {event.id: codec.model(event) for event in stored}
        self.state = subject.decider.fold(self.models.values())
        self.last = stored[-1].occurred_at
        self.as_of = as_of
        self.writer = _Writer(subject, subject.command_id)

    def plan(
        self,
        mine: Sequence[RecordedEvent],
        told: Sequence[tuple[Step, list[Draft]]],
        missing: Sequence[tuple[Step, list[Draft]]],
        *,
        changed: bool,
    ) -> Plan | None:
        """Return the new events."""
        for step, drafts in missing:
            self._append(step, drafts)
        if changed:
            self._change(mine, told)
        drafts = self.writer.drafts
        return Plan(self.subject.stream, self.version, drafts) if drafts else None

    def _append(self, step: Step, drafts: list[Draft]) -> None:
        """Append one step of the history, if it is what it would have been without edits."""
        at = step.at
        if at < self.last:
            if not (step.soft or step.imputed):
                raise Rejected("its new event is older than its last change here (edited here, or by an import)")
            at = self.last
        events, self.state = _run(self.subject, step.command, self.state, at, imputed=step.imputed)
        if [event.type for event in events] != [draft.event.type for draft in drafts] and not step.soft:
            raise Rejected("it was edited here meanwhile, and its new event no longer follows")
        for event, draft in zip(events, drafts, strict=False):
            self.writer.drafts.append(Draft(event, draft.id, draft.command_id, draft.command_hash))
        self.last = at

    def _change(self, mine: Sequence[RecordedEvent], told: Sequence[tuple[Step, list[Draft]]]) -> None:
        """Append what makes the changed columns what the row says now; what was edited in others stays."""
        subject = self.subject
        old = subject.facts([self.models[event.id] for event in mine])
        new = subject.facts([draft.event for _, drafts in told for draft in drafts])
        at = max(self.as_of, self.last)
        command_id = derived_id("import-change", subject.source, subject.table, subject.external_id, subject.digest)
        for event in mine:
            if event.occurred_at == at:
                key = (event.type, at, "changed")
                self.writer.equal[key] = self.writer.equal.get(key, 0) + 1

        def run(command: Command) -> Any:
            events, self.state = _run(subject, command.model_copy(update={"at": at}), self.state, at, imputed=False)
            self.writer.write(events, at, "changed", command_id, _NO_FACT)
            return self.state

        try:
            subject.changes(old, new, self.state, run)
        except CannotChange as refusal:
            raise Rejected(str(refusal), refusal.column) from refusal
