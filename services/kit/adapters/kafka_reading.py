"""One group's reading of Kafka: opens the lanes it is given, finds its place by positions, polls (DESIGN 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.kit.adapters.kafka_ask import ask
from services.kit.adapters.kafka_clients import explain
from services.kit.adapters.kafka_lane import KafkaLane
from services.kit.adapters.kafka_member import Member, Restart, timely
from services.kit.adapters.kafka_settings import KafkaSettings
from services.kit.adapters.kafka_watch import Watch
from services.kit.documents import LaneState
from services.kit.ports import Batch, OpenLane
from services.kit.relay import Asked
from services.kit.telemetry import METRICS

log = structlog.get_logger(__name__)
_POLL = 100
"""Milliseconds of one poll: so long a wish may wait."""
_ALARM = 10.0
"""Seconds after which a gap is an alarm and the relay is asked (DESIGN 5)."""
_MARGINS = (60_000, 3_600_000)
"""Milliseconds: clocks may differ, so reading starts so much before; if that was too late, from further back."""


class Reading:
    """A member of a group. `recorded`: checks a lane's positions and tells when those events were recorded."""

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        log_id: str,
        open_lane: OpenLane,
        recorded: Callable[[LaneState], Awaitable[dict[str, int]]],
        watch: Watch,
    ) -> None:
        self.lanes: dict[int, KafkaLane] = {}
        """Lanes that are ours and opened."""
        self._settings = settings
        self._group = group
        self._log_id = log_id
        self._open_lane = open_lane
        self._recorded = recorded
        self._watch = watch
        self._member = Member(settings, group, self._given)
        self._wanted: dict[int, bool] = {}
        """Lanes to open → is to be made sure first that they are still ours."""
        self._opening = False
        self._closed = False
        self._tries: dict[int, int] = {}
        """How often a gap was not closed by reading the lane again."""
        self._moved = 0.0
        """When something was last read, or nothing was waited for."""

    # ------------------------------------------------------------ asked by the bus

    def ask_again(self, lane: int) -> None:
        """Open the lane again, if it is ours, before anything more of it is delivered."""
        if lane in (self._member.assigned or ()):
            self._wanted.setdefault(lane, True)

    def close(self) -> None:
        """Let `next` end."""
        self._closed = True

    @property
    def passed(self) -> int:
        """See Bus.passed."""
        progress = self._watch.progress
        if self._member.assigned is None or self._wanted or self._opening or progress is None:
            return -1
        if progress.log_id != self._log_id or any(lane.ready for lane in self.lanes.values()):
            return -1
        for (topic, number), last in progress.lasts.items():
            if number in self.lanes and self.lanes[number].last.get(topic, 0) < last:
                return -1
        return progress.position

    @property
    def owned(self) -> frozenset[int]:
        """See Bus.owned."""
        return self._member.assigned or frozenset()

    async def stop(self) -> None:
        """Leave the group, in bounded time."""
        self._closed = True
        await self._member.disconnect()

    async def next(self, most: int) -> Batch | None:
        """Wait for the next batch; None: closed. Raises what opening a lane raises."""
        loop = asyncio.get_running_loop()
        self._moved = loop.time()
        delay = 0.1
        while not self._closed:
            try:
                if not self._member.connected:
                    await self._member.connect()
                    delay, self._moved = 0.1, loop.time()
                elif self._wanted:
                    await self._open_wanted()
                    self._moved = loop.time()
                elif (batch := self._take(most)) is not None:
                    return batch
                else:
                    await self._poll(most)
            except (KafkaError, TimeoutError, OSError, Restart) as error:
                text = str(error) if isinstance(error, Restart) else explain(error, self._settings)
                METRICS.consumer_restarts.labels(self._group, type(error).__name__).inc()
                log.warning("reading Kafka begins again", group=self._group, why=text, seconds=delay)
                await self._member.disconnect()
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
        return None

    # ------------------------------------------------------------ opening lanes

    def _given(self, lanes: frozenset[int] | None) -> None:
        self.lanes.clear()
        self._wanted = dict.fromkeys(sorted(lanes or ()), False)

    async def _open_wanted(self) -> None:
        member, consumer, generation = self._member, self._member.consumer, self._member.generation
        wanted, self._wanted, self._opening = self._wanted, {}, True
        try:
            for number in wanted:
                consumer.pause(*member.places(number))
            for number, doubted in wanted.items():
                if doubted:
                    await member.still_ours(number)
                old = self.lanes.pop(number, None)
                state = await self._open_lane(number)
                offsets = await self._offsets(state)
                if generation != member.generation:
                    return  # given to another meanwhile
                for place, offset in offsets.items():
                    consumer.seek(place, offset)
                self.lanes[number] = KafkaLane(state, self._log_id, old.gaps if old is not None else None)
            for number in wanted:
                consumer.resume(*member.places(number))
        except IllegalStateError:
            if generation == member.generation:
                raise
            # Not ours any more: what we have now is wanted already.
        finally:
            self._opening = False

    async def _offsets(self, state: LaneState) -> dict[TopicPartition, int]:
        """Return from where to read: a little before the lane's last event of each topic, else from the beginning."""
        tries = self._tries.get(state.lane, 0)
        recorded = await self._recorded(state)
        offsets = dict.fromkeys(self._member.places(state.lane), 0)  # if that was deleted, the client goes to the first
        if recorded and tries < len(_MARGINS):
            moments = {
                TopicPartition(self._settings.topic(topic), state.lane): max(0, at - _MARGINS[tries])
                for topic, at in recorded.items()
            }
            found = await timely(self._member.consumer.offsets_for_times(moments))
            offsets |= {place: one.offset for place, one in found.items() if one is not None}
        return offsets

    # ------------------------------------------------------------ reading

    def _take(self, most: int) -> Batch | None:
        for number, lane in self.lanes.items():
            if lane.ready:
                events, offsets = lane.take(most)
                self._tries.pop(number, None)
                self.lanes[number] = self.lanes.pop(number)  # the others come first next time
                return Batch(number, events, partial(self._member.note_done, self._member.generation, offsets))
        return None

    async def _poll(self, most: int) -> None:
        member = self._member
        polling = member.consumer.getmany(timeout_ms=_POLL, max_records=max(most, 1000))
        found = await timely(polling, self._settings.stalled)  # while lanes are given out it waits for that, endlessly
        now = asyncio.get_running_loop().time()
        for place, records in found.items():
            lane = self.lanes.get(place.partition)
            if lane is not None:
                for record in records:
                    lane.offer(member.names[place.topic], record, now)
        if found:
            self._moved = now
        await member.commit_sometimes(now)
        for lane in list(self.lanes.values()):
            if lane.gaps and not lane.ready:
                await self._mind(lane, now)
        if now - self._moved > self._settings.stalled:
            if member.assigned is None or self._behind():
                raise Restart(f"nothing was read for {self._settings.stalled:.0f} s, although there is something")
            self._moved = now
            await member.check_whole()

    def _behind(self) -> bool:
        progress = self._watch.progress
        return progress is not None and any(
            topic not in lane.gaps and lane.last.get(topic, 0) < last
            for (topic, number), last in progress.lasts.items()
            if (lane := self.lanes.get(number)) is not None
        )

    async def _mind(self, lane: KafkaLane, now: float) -> None:
        """Look again from further back for what is lacking; after a while raise the alarm and ask the relay."""
        for topic, gap in lane.gaps.items():
            if now < gap.next_try:
                continue
            self._tries[lane.number] = max(gap.tries, self._tries.get(lane.number, 0))
            gap.tries += 1
            gap.next_try = now + min(_ALARM, 2.0**gap.tries)
            METRICS.gaps.labels(self._group).inc()
            self._wanted[lane.number] = True
            if now - gap.since >= _ALARM:
                after = lane.last.get(topic, 0)
                log.error("events are lacking in Kafka", group=self._group, topic=topic, lane=lane.number, after=after)
                METRICS.asked_again.labels(self._group).inc()
                await ask(self._settings, Asked((topic, lane.number), after), self._group)
