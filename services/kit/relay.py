"""The relay: log → topics, in order, each event with its position and that of the one before it (DESIGN 5, 10).

It never trusts what it cannot prove. `Progress` is a place in the log up to which all was acknowledged; from there all
is sent, and sent again after any doubt: an error, a crash, topics that hold less than they should. Readers drop what
they have. So two relays at once, or one that begins at a place too early, change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from contracts.envelope import RecordedEvent
from contracts.problem import Unavailable
from contracts.registry import REFERENCE_TYPES
from services.kit.ahead import Ahead, together
from services.kit.errors import Unusable
from services.kit.lanes import lane_of
from services.kit.ports import EventStore
from services.kit.telemetry import METRICS
from services.kit.tracing.events import relaying

log = structlog.get_logger(__name__)
Place = tuple[str, int]
"""(topic, lane)."""
_SLICE = 2_000


@dataclass(slots=True)
class Outgoing:
    """An event for one lane of its topic; `prev`: position of the event before it there, 0: none."""

    event: RecordedEvent
    lane: int
    prev: int


@dataclass(slots=True)
class Progress:
    """All events up to `position` were acknowledged; `lasts`: the last one's position in each place."""

    log_id: str
    position: int = 0
    lasts: dict[Place, int] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A reader lacks something behind position `after` in a place."""

    place: Place
    after: int


class Topics(Protocol):
    """Where the relay sends to. Everything raises Unavailable, saying what is wrong; then `open` is called again."""

    async def open(self) -> None:
        """Connect anew, forgetting what was not acknowledged; create topics that are missing."""
        ...

    async def send(self, messages: Sequence[Outgoing], log_id: str) -> None:
        """Send in this order; return when all are acknowledged. Of messages that failed any may be there."""
        ...

    async def progress(self) -> Progress | None:
        """Return what was noted last."""
        ...

    async def note(self, progress: Progress) -> None:
        """Keep the progress where the topics are, so that it is lost with them."""
        ...

    async def tails(self) -> dict[Place, tuple[int, str]]:
        """Return position and log id of the last event in each place that has one."""
        ...

    async def shrunk(self) -> bool:
        """Tell whether something that was acknowledged to this relay is not there any more; cheap."""
        ...

    async def asked(self) -> list[Asked]:
        """Return what readers asked for since the last time."""
        ...

    async def close(self) -> None: ...


class Relay:
    """Relays for ever. Times are seconds. `from_position`: send all behind it again, whatever the topics hold."""

    def __init__(
        self,
        store: EventStore,
        topics: Topics,
        lanes: int,
        *,
        from_position: int | None = None,
        check_every: float = 10.0,
        note_every: float = 0.05,
    ) -> None:
        self._store = store
        self._topics = topics
        self._lanes = lanes
        self._from = from_position
        self._check_every = check_every
        self._note_every = note_every
        self._proven = Progress("", -1)
        self._sent: dict[Place, int] = {}
        """Last position in each place; behind the proven ones only while something is sent."""
        self._noted = -1

    @property
    def position(self) -> int:
        """All events up to here were acknowledged; -1 before the first look."""
        return self._proven.position

    async def run(self) -> None:
        """Relay until the log is closed; cancel to stop. Raises Unusable if the topics hold another log."""
        delay = 0.1
        try:
            while True:
                try:
                    await self._topics.open()
                    start = await self._resume()
                    delay = 0.1
                    while (again := await self._follow(start)) is not None:
                        start = again
                    return
                except Unavailable as error:
                    METRICS.relay_failures.inc()
                    log.warning("the relay was interrupted and begins again", why=error.detail, seconds=delay)
                    await self._topics.close()
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
        finally:
            await self._topics.close()

    # ------------------------------------------------------------ where to begin

    async def _resume(self) -> int:
        """Find out what the topics hold; return the position behind which events are to be sent."""
        log_id = self._store.log_id
        noted, tails = await self._topics.progress(), await self._topics.tails()
        held = {log_id for _, log_id in tails.values()} | ({noted.log_id} if noted is not None else set())
        if others := held - {log_id}:
            raise Unusable(
                f"The topics hold events of the log {', '.join(sorted(others))}, this one is {log_id}. Delete the "
                "topics and start the relay again (it fills them), or give this workspace a prefix of its own."
            )
        if self._from is not None:
            proven, self._from = Progress(log_id, self._from, await self._chain(self._from)), None
        else:
            proven = self._proven if self._proven.log_id else noted or Progress(log_id)
        ends = {place: tails[place][0] if place in tails else 0 for place in proven.lasts}
        lacking = {place: end for place, end in ends.items() if end < proven.lasts[place]}
        self._sent = proven.lasts | lacking
        start = min([proven.position, *lacking.values()])
        if lacking:
            METRICS.relay_refills.inc()
            log.warning("topics hold less than was sent: filling them", places=len(lacking), after=start)
        self._proven = Progress(log_id, start, dict(self._sent))
        self._noted = -1
        return start

    async def _chain(self, position: int) -> dict[Place, int]:
        """Return the last position of each place among the events up to `position`."""
        lasts: dict[Place, int] = {}
        after = 0
        while after < position and (events := await self._store.read_all(after, _SLICE)):
            for event in events:
                if event.position <= position:
                    lasts |= dict.fromkeys(self._places(event), event.position)
            after = events[-1].position
        return lasts

    def _places(self, event: RecordedEvent) -> list[Place]:
        topic = event.topic
        if event.type in REFERENCE_TYPES:
            return [(topic, lane) for lane in range(self._lanes)]
        return [(topic, lane_of(event.key, self._lanes))]

    # ------------------------------------------------------------ going on

    async def _follow(self, start: int) -> int | None:
        """Send what comes; return where to begin again if the topics lost something, None if the log was closed."""
        loop = asyncio.get_running_loop()
        check_at = loop.time() + self._check_every
        note_at = 0.0
        async with Ahead(self._store.follow(start)) as ahead:
            while True:
                due = min(check_at, max(note_at, loop.time()) if self._noted != self.position else check_at)
                arrived = await ahead.take(max(0.0, due - loop.time()))
                if arrived is None:
                    await self._note()
                    return None
                now = loop.time()
                noting = self._noted != self.position and now >= note_at
                if noting:
                    note_at = now + self._note_every
                # What is proven is noted while more is sent: neither waits for the other's acknowledgement.
                await together(*([self._note()] if noting else []), *([self._send(arrived)] if arrived else []))
                if now >= check_at:
                    check_at = now + self._check_every
                    if await self._topics.shrunk():
                        return await self._resume()
                    await self._note()
                    await self._answer()
                    METRICS.relay_lag.set(max(0, await self._store.head() - self.position))

    async def _send(self, events: Sequence[RecordedEvent]) -> None:
        """Send events of the log to their places; they are proven when all are acknowledged."""
        proven = self._proven
        messages: list[Outgoing] = []
        for event in events:
            for place in self._places(event):
                last = self._sent.get(place, 0)
                if event.position > last:
                    messages.append(Outgoing(event, place[1], last))
                    self._sent[place] = event.position
        with relaying(events, [message.lane for message in messages]):
            await self._topics.send(messages, proven.log_id)
        proven.position = events[-1].position
        proven.lasts = dict(self._sent)
        METRICS.relayed.inc(len(messages))
        METRICS.relay_position.set(proven.position)

    async def _note(self) -> None:
        proven = replace(self._proven)  # more may be proven meanwhile
        await self._topics.note(proven)
        self._noted = proven.position

    async def _answer(self) -> None:
        """Send again what readers lack, up to what is proven."""
        proven = self._proven
        for asked in await self._topics.asked():
            log.warning("sent again, as a reader lacks it", place=asked.place, after=asked.after)
            after, last = asked.after, asked.after
            while after < proven.position and (events := await self._store.read_all(after, _SLICE)):
                messages = []
                for event in events:
                    if event.position <= proven.position and asked.place in self._places(event):
                        messages.append(Outgoing(event, asked.place[1], last))
                        last = event.position
                await self._topics.send(messages, proven.log_id)
                after = events[-1].position
