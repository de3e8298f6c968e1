"""Changes of many records while they go on: begun, gone on with after a restart, taken back (#5, ADR 0032, 0036)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import structlog

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.gateway.bulk_commands import BeginBulk, UndoBulk
from contracts.gateway.bulk_events import BulkAction, BulkBegun, BulkFinished, BulkSubject, BulkUndoBegun, BulkUndone
from contracts.ids import derived_id
from contracts.problem import NotFound, Refusal, Unavailable
from services.gateway.bulk.doing import Act, carry_out
from services.gateway.bulk.kinds import KINDS
from services.gateway.domain.bulk import BULK, UNDO_MS, Begun
from services.gateway.known import GatewayKnown
from services.kit import clock
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.rights import Caller, caller_of

log = structlog.get_logger(__name__)
_TYPES = frozenset({BulkBegun.type, BulkFinished.type, BulkUndoBegun.type, BulkUndone.type})
_SLICE = 1_000
_LOOK = 0.2


class Acts:
    """One per process. The log holds who is meant and what for, so that acts go on where they were; each record is
    changed by a command of an id of its own, so none is changed twice. Lists tell of the last act of each kind."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._here: dict[str, Act] = {}
        self._latest: dict[tuple[str, BulkSubject], str] = {}
        engine.workers.spawn(self._recovered(), "bulk")

    # ------------------------------------------------------------ what pages ask

    async def begin(
        self,
        caller: Caller,
        bulk_id: str,
        subject: BulkSubject,
        action: BulkAction,
        value: str | None,
        ids: Sequence[str],
    ) -> None:
        """Write down what is to be done, then begin to do it; of an act that was begun before, nothing. Raises Invalid
        if nothing was chosen, or for an act on others; Unavailable."""
        if bulk_id in self._here or isinstance((await self._engine.handler.load(BULK, bulk_id)).state, Begun):
            return
        act = self._act(bulk_id, caller.actor, subject)
        act.progress = (0, len(ids))
        try:
            for place in range(0, len(ids), _SLICE):
                chosen = KINDS[subject].choose(bulk_id, list(ids[place : place + _SLICE]))
                await self._say(chosen, caller, str(place))
            await self._say(BeginBulk(bulk_id=bulk_id, action=action, value=value), caller, "begin")
        except BaseException:
            del self._here[bulk_id]
            raise
        self._go_on(act, caller)

    async def undo(self, caller: Caller, bulk_id: str) -> None:
        """Begin to take an act of the caller back. Raises NotFound, IllegalMove after ten minutes, Unavailable."""
        await self.look(caller, bulk_id)
        await self._say(UndoBulk(bulk_id=bulk_id), caller, "undo")
        await self.resume(caller, bulk_id)

    async def resume(self, caller: Caller, bulk_id: str) -> None:
        """Go on with an act of the caller that was interrupted, unless it is going on. Raises NotFound."""
        act = self._act(bulk_id, caller.actor, (await self.look(caller, bulk_id)).subject)
        act.closed = False
        if act.progress is None:
            act.progress = (0, 0)
            self._go_on(act, caller)

    async def look(self, caller: Caller, bulk_id: str) -> Begun:
        """Return an act of the caller as the log has it. Raises NotFound, also for somebody else's."""
        state = (await self._engine.handler.load(BULK, bulk_id)).state
        if isinstance(state, Begun):
            actor = self._here[bulk_id].actor if bulk_id in self._here else await self._actor(bulk_id)
            if actor == caller.actor:
                return state
        raise NotFound("there is no such change of many records, or somebody else made it")

    def progress(self, bulk_id: str) -> tuple[int, int] | None:
        """Return how many records were looked at, of how many; None if it is not going on in this process."""
        act = self._here.get(bulk_id)
        return None if act is None else act.progress

    async def over(self, bulk_id: str, seconds: float) -> bool:
        """Wait until what goes on is over, so long at most; tell whether it is."""
        act = self._here.get(bulk_id)
        if act is None or act.progress is None:
            return True
        try:
            async with asyncio.timeout(seconds):
                await act.over.wait()
        except TimeoutError:
            return False
        return True

    async def latest(self, caller: Caller, subject: BulkSubject) -> str:
        """Return the id of the caller's last act on such records if it goes on or can be undone, and was not put away;
        else ""."""
        act = self._here.get(self._latest.get((caller.actor, subject), ""))
        if act is None or act.closed or not self._engine.started:
            return ""
        state = (await self._engine.handler.load(BULK, act.bulk_id)).state
        if not isinstance(state, Begun) or (state.ended_at and clock.now() > state.ended_at + UNDO_MS):
            return ""
        return act.bulk_id

    def close(self, caller: Caller, bulk_id: str) -> None:
        """Put it away: lists do not speak of it any more."""
        act = self._here.get(bulk_id)
        if act is not None and act.actor == caller.actor:
            act.closed = True

    # ------------------------------------------------------------ doing it

    def _act(self, bulk_id: str, actor: str, subject: BulkSubject) -> Act:
        act = self._here.setdefault(bulk_id, Act(bulk_id, actor, subject))
        before = self._here.get(self._latest.get((actor, subject), ""))
        if before is not None and before is not act and before.progress is None:
            del self._here[before.bulk_id]
        self._latest[actor, subject] = bulk_id
        return act

    def _go_on(self, act: Act, caller: Caller | None) -> None:
        act.over = asyncio.Event()
        self._engine.workers.spawn(self._run(act, caller), f"bulk-{act.bulk_id}")

    async def _run(self, act: Act, caller: Caller | None) -> None:
        """Do what is not done yet. Stopped with the process, or without the log, it can go on."""
        try:
            await carry_out(self._engine, act, caller)
        except Refusal as refusal:
            log.warning("a change of many records was interrupted", bulk=act.bulk_id, why=refusal.detail)
        except Exception:
            log.exception("a change of many records was interrupted", bulk=act.bulk_id)
        finally:
            act.progress = None
            act.over.set()

    async def _say(self, command: Command, caller: Caller, what: str) -> None:
        id = derived_id("bulk", str(getattr(command, "bulk_id", "")), type(command).__name__, what)
        await self._engine.send(command, Meta(caller.actor, id, caller=caller))

    # ------------------------------------------------------------ after a restart

    async def _recovered(self) -> None:
        """Go on with what the last process left, as soon as this one takes commands."""
        while True:
            try:
                if self._engine.started:
                    return await self._look_back()
            except Unavailable:
                pass
            await asyncio.sleep(_LOOK)

    async def _look_back(self) -> None:
        last: dict[str, tuple[str, BulkSubject, str]] = {}
        after = 0
        while events := await self._engine.ports.store.read_types(_TYPES, after, _SLICE):
            for event in events:
                last[event.key] = (*(last[event.key][:2] if event.key in last else self._begun(event)), event.type)
            after = events[-1].position
        for bulk_id, (actor, subject, type) in last.items():
            if bulk_id in self._here:
                continue
            act = self._act(bulk_id, actor, subject)
            if type in (BulkBegun.type, BulkUndoBegun.type):
                act.progress = (0, 0)
                self._go_on(act, self._caller(actor))

    def _begun(self, event: RecordedEvent) -> tuple[str, BulkSubject]:
        """Return who began an act and on what: the first event that tells of it is its beginning."""
        return event.actor, cast(BulkBegun, self._engine.codec.decode(event)).subject

    def _caller(self, actor: str) -> Caller | None:
        """Return the maker of an act with what they may now; None if they may not come in any more."""
        account = cast(GatewayKnown, self._engine.known["gateway"]).active(actor)
        return None if account is None else caller_of(actor, account.role, account.rights)

    async def _actor(self, bulk_id: str) -> str:
        events = await self._engine.ports.store.read(BULK.stream(bulk_id))
        return events[0].actor if events else ""
