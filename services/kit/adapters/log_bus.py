"""The log as bus: every group reads the event store by itself, woken in process by each append (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from random import Random

from contracts.envelope import RecordedEvent
from contracts.registry import EVENTS, REFERENCE_TYPES, TOPICS
from services.kit.adapters.log_lane import Lane, ShuffledLane
from services.kit.documents import LaneState
from services.kit.errors import OtherLog
from services.kit.lanes import lane_of
from services.kit.ports import Batch, EventStore, OpenLane

_LOOK = 1_000
"""With several lanes: events of other lanes that are looked through at a start before they are simply read again."""
_TYPES = {topic: frozenset(name for name, event in EVENTS.items() if event.topic() == topic) for topic in TOPICS}


class LogBus:
    """The port Bus over the port EventStore. With `shuffle_seed` (tests) topics come at random against each other."""

    def __init__(self, store: EventStore, lanes: int = 1, shuffle_seed: int | None = None) -> None:
        self._store = store
        self._lanes = lanes
        self._chance = None if shuffle_seed is None else Random(shuffle_seed)  # noqa: S311 - tests repeat it by its seed
        self._readings: defaultdict[str, set[_Reading]] = defaultdict(set)

    @property
    def system(self) -> str:
        """Name of the log's technology."""
        return self._store.system

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return self._lanes

    async def deliveries(self, group: str, open_lane: OpenLane, most: int = 1000) -> AsyncIterator[Batch]:
        """Yield batches of at most `most` events of one lane, at once when there are any; ends when the store closes.

        Raises OtherLog if a lane's positions are not of this log."""
        reading = _Reading(self._store, set(range(self._lanes)))
        lanes = reading.lanes
        self._readings[group].add(reading)
        try:
            while True:
                if reading.reopen:
                    numbers, reading.reopen, reading.opening = sorted(reading.reopen), set(), True
                    opened = {number: await self._open(open_lane, number) for number in numbers}
                    lanes |= opened
                    await reading.restart(min(lane.start for lane in opened.values()))
                    reading.opening = False
                    continue  # `resend` may have been asked for meanwhile.
                ready = [lane for lane in lanes.values() if lane.ready]
                if ready and not self._read_first(reading):
                    lane = self._chance.choice(ready) if self._chance else ready[0]
                    yield Batch(lane.number, lane.take(most), _nothing)
                elif (events := await reading.next()) is None:
                    return
                else:
                    self._offer(lanes, events)
        finally:
            self._readings[group].discard(reading)
            await reading.stop()

    def owned(self, group: str) -> frozenset[int]:
        """Return all lanes, if there is a reader: nobody else reads this log."""
        return frozenset(range(self._lanes)) if self._readings[group] else frozenset()

    async def resend(self, group: str, lane: int) -> None:
        """Open the lane again in all that read for the group, and deliver from where it is."""
        for reading in self._readings[group]:
            reading.ask_again(lane)

    def passed(self, group: str) -> int:
        """Return the position up to which all was delivered to the group's readers; -1 if more is at hand, or none."""
        readings = self._readings[group]
        if not readings or any(
            r.reopen or r.opening or r.has_more or any(lane.ready for lane in r.lanes.values()) for r in readings
        ):
            return -1
        return min(reading.seen for reading in readings)

    def _offer(self, lanes: dict[int, Lane], events: list[RecordedEvent]) -> None:
        for event in events:
            topic = event.topic
            if event.type in REFERENCE_TYPES:
                for lane in lanes.values():
                    lane.offer(topic, event)
            else:
                lanes[lane_of(event.key, self._lanes)].offer(topic, event)

    def _read_first(self, reading: _Reading) -> bool:
        # In log order what was read is delivered first. Shuffled, more is read at times, to have more to shuffle.
        return self._chance is not None and reading.has_more and self._chance.random() < 0.5

    async def _open(self, open_lane: OpenLane, number: int) -> Lane:
        state = await open_lane(number)
        await self._check(state)
        start = await self._start(state)
        return ShuffledLane(state, start, self._chance) if self._chance else Lane(state, start)

    async def _start(self, state: LaneState) -> int:
        """Return up to where the group has all events of the lane.

        Mostly that is its highest position, though a rare topic's own one is old: reading from there would be reading
        the whole log at every start. But it may lack an event before it (lost on the way, or held back when shuffled),
        and then `prev` of that topic's next event is only right if the log is read from there. (A type that this code
        does not know stops its lane, so nothing behind it is stored.)"""
        start = max((position for position, _ in state.positions.values()), default=0)
        for topic, types in _TYPES.items():
            after, _ = state.positions.get(topic, (0, ""))
            if after >= start:
                continue
            events = await self._store.read_types(types, after, 1 if self._lanes == 1 else _LOOK)
            own = next((event.position for event in events if self._belongs(event, state.lane)), None)
            if own is not None:
                start = min(start, own - 1)
            elif len(events) == _LOOK:
                start = min(start, events[-1].position)
        return start

    def _belongs(self, event: RecordedEvent, lane: int) -> bool:
        return event.type in REFERENCE_TYPES or lane_of(event.key, self._lanes) == lane

    async def _check(self, state: LaneState) -> None:
        if state.log_id and state.log_id != self._store.log_id:
            raise OtherLog(f"Lane {state.lane} belongs to the log {state.log_id}, this one is {self._store.log_id}.")
        for topic, (position, event_id) in state.positions.items():
            found = await self._store.read_all(position - 1, 1)
            if [(event.position, event.id) for event in found] != [(position, event_id)]:
                raise OtherLog(
                    f"Lane {state.lane} ended {topic} with the event {event_id} at {position}, not so this log."
                )


class _Reading:
    """One group's reading of the log, with its wishes to have lanes opened again."""

    def __init__(self, store: EventStore, reopen: set[int]) -> None:
        self.reopen = reopen
        self.opening = False
        """Lanes are being opened: what is to be delivered is not known yet."""
        self.lanes: dict[int, Lane] = {}
        self._store = store
        self._seen: int | None = None
        """Everything up to here was offered to all lanes."""
        self._arrived: asyncio.Queue[list[RecordedEvent] | Exception | None] = asyncio.Queue(1)
        self._task: asyncio.Task[None] | None = None

    @property
    def seen(self) -> int:
        """Everything up to here was offered to all lanes."""
        return -1 if self._seen is None else self._seen

    @property
    def has_more(self) -> bool:
        return not self._arrived.empty()

    def ask_again(self, lane: int) -> None:
        """Note the wish and wake the reader."""
        self.reopen.add(lane)
        if self._arrived.empty():
            self._arrived.put_nowait([])

    async def restart(self, after: int) -> None:
        """Read from behind this position, but leave nothing out for the other lanes."""
        await self.stop()
        self._seen = after if self._seen is None else min(self._seen, after)
        self._arrived = asyncio.Queue(1)
        self._task = asyncio.create_task(self._follow(self._seen, self._arrived))

    async def next(self) -> list[RecordedEvent] | None:
        """Wait for the next events ([]: only a wish); None: the store was closed. Raises what reading raised."""
        arrived = await self._arrived.get()
        if isinstance(arrived, Exception):
            raise arrived
        if arrived:
            self._seen = arrived[-1].position
        return arrived

    async def stop(self) -> None:
        """Read no further."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _follow(self, after: int, arrived: asyncio.Queue[list[RecordedEvent] | Exception | None]) -> None:
        # A task of its own, so that a wish can be heard while no event comes; and it reads ahead by one slice.
        batches = self._store.follow(after)
        try:
            async for events in batches:
                await arrived.put(events)
            await arrived.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where the deliveries are
            await arrived.put(error)
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()


async def _nothing() -> None:
    """The position is stored with the documents; the log keeps no account of its readers."""
