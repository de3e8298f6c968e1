"""Runs reactions: live events in, commands out; what fails is parked and the rest goes on (DESIGN 4, 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from contracts.base import Command
from contracts.envelope import RecordedEvent
from contracts.ids import reaction_id
from contracts.problem import Refusal, Unavailable
from services.kit.codec import Codec
from services.kit.documents import Collection, LaneState, Put, Write
from services.kit.follower import Acted, Follower
from services.kit.handle import Effect, Meta
from services.kit.ports import Bus, Documents
from services.kit.reaction import Reaction
from services.kit.service import Known
from services.kit.telemetry import METRICS
from services.kit.tracing.events import processing

log = structlog.get_logger(__name__)
Send = Callable[[Command, Meta], Awaitable[Effect]]
Learned = Callable[[int], Awaitable[None]]


class Begun(msgspec.Struct, frozen=True):
    """From which position of the log a reaction acts: the head when it was first seen (P18)."""

    position: int


class Parked(msgspec.Struct, frozen=True):
    """A dead letter: an event whose command was refused or failed."""

    reaction: str
    event_id: str
    type: str
    position: int
    reason: str


BEGUN = Collection("begun", Begun)
PARKED = Collection("parked", Parked, columns={"reaction": "text", "position": "int"}, indexes=(("position",),))


class Reactor:
    """Runs the reactions of one service in the group `<service>-reactions.1`."""

    def __init__(
        self,
        name: str,
        reactions: Sequence[Reaction],
        bus: Bus,
        documents: Documents,
        codec: Codec,
        send: Send,
        known: Mapping[str, Known],
        head: int,
        log_id: str,
        learned: Learned | None = None,
    ) -> None:
        self._follower = Follower(f"{name}-reactions.1", bus, documents, log_id, self._act, self._begin)
        self._bus = bus
        self._documents = documents
        self._codec = codec
        self._send = send
        self._known = known
        self._learned = learned
        """Where others write too: makes sure that all before an event is known."""
        self._head = head
        """Head of the log before this process took its first command."""
        self._by_type: dict[str, list[Reaction]] = {}
        for reaction in reactions:
            for event in reaction.events:
                self._by_type.setdefault(event.type, []).append(reaction)
        self._reactions = reactions
        self._begun: dict[str, int] = {}

    @property
    def group(self) -> str:
        """The group in which it follows the log."""
        return self._follower.group

    @property
    def passed(self) -> int:
        """The position up to which everything was reacted to; -1 while something is under way."""
        return self._follower.passed

    async def run(self) -> None:
        """React for ever; cancel to stop."""
        await self._follower.run((BEGUN, PARKED))

    async def _begin(self, state: LaneState) -> None:
        """Note the head of the log for each reaction that was never seen before."""
        if self._begun:
            return
        names = [reaction.name for reaction in self._reactions]
        async with self._documents.snapshot() as reader:
            rows = await reader.get_many(self.group, BEGUN.name, names)
        begun: dict[str, int] = {}
        for row in rows:  # of several lanes, if workers began at the same moment
            begun[row.id] = min(begun.get(row.id, row.document.position), row.document.position)
        new = [name for name in names if name not in begun]
        if new:
            writes: list[Write] = [Put(BEGUN.name, name, Begun(self._head)) for name in new]
            await self._documents.commit(self.group, state.lane, state.rev, {}, writes)
        self._begun = begun | dict.fromkeys(new, self._head)

    async def _act(self, lane: int, events: list[RecordedEvent]) -> Acted:
        acted = Acted()
        for event in events:
            for reaction in self._by_type.get(event.type, ()):
                if event.origin != "import" and event.position > self._begun[reaction.name]:
                    acted.writes += await self._react(reaction, event, lane)
        return acted

    async def _react(self, reaction: Reaction, event: RecordedEvent, lane: int) -> list[Write]:
        """Send the reaction's commands; return the dead letters of those that failed."""
        try:
            async with self._codec.holding((event,)):
                data: Any = self._codec.decode(event)
            if reaction.known is not None and self._learned is not None:
                await self._learned(event.position)
            more = () if reaction.known is None else (self._known[reaction.known],)
            if commands := reaction.react(data, event, *more):
                with processing("react", reaction.name, self.group, self._bus, lane, (event,), self._by_type):
                    await self._send_all(reaction, event, commands)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a reaction never stops the others (DESIGN 5)
            reason = error.detail if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
            METRICS.parked.labels(reaction.name).inc()
            log.error("reaction parked", reaction=reaction.name, event_id=event.id, type=event.type, reason=reason)
            letter = Parked(reaction.name, event.id, event.type, event.position, reason)
            return [Put(PARKED.name, f"{event.id}:{reaction.name}", letter)]
        return []

    async def _send_all(self, reaction: Reaction, event: RecordedEvent, commands: Sequence[Command]) -> None:
        for ordinal, command in enumerate(commands):
            target = type(command).__name__
            meta = Meta(
                actor="system:" + reaction.name,
                command_id=reaction_id(event.id, reaction.name, target, ordinal),
                correlation=event.correlation,
                origin="system",
            )
            await self._send(command, meta)
