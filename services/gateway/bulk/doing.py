"""Carries an act out, record by record, and takes it back; done again, it does what is not done yet (#5, ADR 0032)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from contracts.base import Command
from contracts.gateway.bulk_commands import FinishBulk, FinishBulkUndo
from contracts.gateway.bulk_events import BulkSubject, NotDone, WhyNot
from contracts.ids import derived_id
from contracts.problem import NotFound, Refusal, Unavailable, VersionConflict
from services.gateway.bulk import change
from services.gateway.bulk.kinds import KINDS
from services.gateway.domain.bulk import BULK, Begun
from services.kit.engine import Engine
from services.kit.handle import Effect, Meta
from services.kit.rights import Caller, Denied
from services.kit.token import Token

TOLD = 200
"""What was not done is kept one by one up to here; the rest is counted."""
_TOGETHER = 25
"""Records changed at once: their events are stored by few writes."""
_SHOWN = 10.0
"""Seconds that the end of an act waits until lists show what it did."""
_GROUPS = ("clients", "analytics")
_ATTEMPTS = 3


@dataclass
class Act:
    """What is known here of an act. `progress`: records looked at, of how many; None: it is not going on here."""

    bulk_id: str
    actor: str
    subject: BulkSubject
    closed: bool = False
    progress: tuple[int, int] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Tally:
    """What an act or its undo came to so far. `places`: where in the log that is."""

    done: int = 0
    not_done: list[NotDone] = field(default_factory=list)
    places: dict[tuple[str, int], int] = field(default_factory=dict)


_One = Callable[[str, _Tally], Awaitable[WhyNot | None]]
"""Does it to a record; returns why not, None if it is done."""


async def carry_out(engine: Engine, act: Act, caller: Caller | None) -> None:
    """Do what of the act, or of its undo, is not done yet. `caller`: its maker; None: somebody who may nothing any
    more. Raises Unavailable: then it can go on later."""
    loaded = await engine.handler.load(BULK, act.bulk_id)
    state = loaded.state
    assert isinstance(state, Begun)  # noqa: S101 - only such acts are known
    if state.stage == "running":
        await _change(engine, act, state, caller, loaded.position)
    elif state.stage == "undoing":
        await _take_back(engine, act, state)


async def _change(engine: Engine, act: Act, state: Begun, caller: Caller | None, begun: int) -> None:
    kind = KINDS[state.subject]

    async def one(id: str, tally: _Tally) -> WhyNot | None:
        if caller is None:
            return "no-right"
        wanted = kind.command(state.action, state.value, id)
        meta = Meta(act.actor, change.command_id(act.bulk_id, id), caller=caller)
        try:
            effect = await engine.send(wanted, meta)
        except Refusal as refusal:
            return _why(refusal)
        _note(engine, effect, tally)
        elsewhere = effect.places is not None and effect.position > begun
        return None if effect.repeated or effect.events or elsewhere else "same"

    tally = await _each(act, state, one)
    skipped, told = len(tally.not_done), tally.not_done[:TOLD]
    ended = FinishBulk(bulk_id=act.bulk_id, changed=tally.done, skipped=skipped, not_done=told)
    await _ended(engine, act, ended, tally)


async def _take_back(engine: Engine, act: Act, state: Begun) -> None:
    """Send back what was before wherever it is still what the act made of it. The act was by right, so its undo is,
    also for a record that the act took out of its maker's reach."""

    kind = KINDS[state.subject]

    async def one(id: str, tally: _Tally) -> WhyNot | None:
        done, undone = (change.command_id(act.bulk_id, id, undo=undo) for undo in (False, True))
        for _ in range(_ATTEMPTS):
            events = await engine.past(f"{kind.category}-{id}")
            if any(event.command_id == undone for event, _ in events):
                return None
            found = change.past(kind, state.action, state.value, events, done)
            if not found.did:
                return "same"
            if found.erased or not found.still:
                return "erased" if found.erased else "changed"
            back = kind.back(state.action, state.value, id, found.before)
            try:
                effect = await engine.send(back, Meta(act.actor, undone, expected=events[-1][0].version))
            except VersionConflict:
                continue  # somebody changed it at this very moment: look again
            except Refusal as refusal:
                return _why(refusal)
            _note(engine, effect, tally)
            return None
        return "changed"

    tally = await _each(act, state, one)
    left = [each for each in tally.not_done if each.why != "same"]
    ended = FinishBulkUndo(bulk_id=act.bulk_id, undone=tally.done, left=len(left), not_done=left[:TOLD])
    await _ended(engine, act, ended, tally)


async def _each(act: Act, state: Begun, one: _One) -> _Tally:
    ids, kind, tally = state.ids, KINDS[state.subject], _Tally()
    for place in range(0, len(ids), _TOGETHER):
        act.progress = (place, len(ids))
        some = ids[place : place + _TOGETHER]
        for id, why in zip(some, await asyncio.gather(*(one(id, tally) for id in some)), strict=True):
            if why is None:
                tally.done += 1
            else:
                tally.not_done.append(kind.not_done(id, why))
    act.progress = (len(ids), len(ids))
    return tally


def _why(refusal: Refusal) -> WhyNot:
    """Say why a record was left as it was. Raises Unavailable: that is no answer."""
    match refusal:
        case Unavailable():
            raise refusal
        case NotFound():
            return "gone"
        case Denied():
            return "no-right"
        case _:
            return "erased" if refusal.code == "erased" else "refused"


def _note(engine: Engine, effect: Effect, tally: _Tally) -> None:
    for topic, lane, at in engine.places(effect):
        tally.places[topic, lane] = max(at, tally.places.get((topic, lane), 0))


async def _ended(engine: Engine, act: Act, told: Command, tally: _Tally) -> None:
    """Write down what it came to, and wait until lists show it."""
    await engine.send(told, Meta(act.actor, derived_id("bulk", act.bulk_id, type(told).__name__)))
    places = [(topic, lane, at) for (topic, lane), at in tally.places.items()]
    await engine.wait(Token(engine.ports.store.log_id, places), _GROUPS, _SHOWN)
