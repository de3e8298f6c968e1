"""Runs commands on streams for an import or its undo: what was stored before under the same command id is not again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.base import Command
from contracts.clients.import_events import Thing
from contracts.envelope import RecordedEvent
from contracts.ids import event_id
from services.clients.domain.client import CLIENT
from services.clients.domain.contact import CONTACT
from services.clients.domain.note import NOTE
from services.importer.history import Draft, Plan
from services.importer.sheets.record import hash_of
from services.kit.codec import Codec
from services.kit.decider import Decider
from services.kit.ports import EventStore

DECIDERS: dict[Thing, Decider[Any, Any, Any]] = {"client": CLIENT, "contact": CONTACT, "note": NOTE}
Asked = Callable[[Any], Sequence[Command]]
"""The state of a stream → what is to be done to it."""


@dataclass(slots=True)
class Stream:
    """A stream as stored: its events, what they make, and the time of the last one (UTC ms)."""

    name: str
    events: list[RecordedEvent]
    models: list[Any]
    state: Any
    at: int


async def stream(store: EventStore, codec: Codec, thing: Thing, id: str) -> Stream:
    """Read a stream."""
    decider = DECIDERS[thing]
    name = decider.stream(id)
    events = await store.read(name)
    async with codec.holding(events):
        models = [codec.model(event) for event in events]
    return Stream(name, events, models, decider.fold(models), events[-1].occurred_at if events else 0)


def drafted(thing: Thing, stored: Stream, asked: Asked, command_id: str, now: int, *, imputed: bool = False) -> Plan:
    """Return what is to be appended to a stream under one command id; empty if that was done before, or is nothing.
    `now`: UTC ms, for commands without a time. Raises refusals and pydantic's ValidationError."""
    decider = DECIDERS[thing]
    plan = Plan(stored.name, len(stored.events), [])
    if any(event.command_id == command_id for event in stored.events):
        return plan
    state = stored.state
    for command in asked(state):
        at = max(now if command.at is None else command.at, stored.at)
        events, state = decider.run(command, state, at=at, imputed=imputed and command.at is None)
        for event in events:
            id = event_id(command_id, len(plan.drafts))
            plan.drafts.append(Draft(event, id, command_id, hash_of(command_id)))
    return plan


def fresh(thing: Thing, id: str) -> Stream:
    """Return a stream that is not there yet."""
    decider = DECIDERS[thing]
    return Stream(decider.stream(id), [], [], decider.initial, 0)
